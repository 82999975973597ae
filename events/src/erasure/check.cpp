#include "erasure/check.h"

#include <algorithm>

#include "events/erasure/decider.h"
#include "session/fields.h"

namespace hansard::events {
namespace {

using core::Ok;
using core::Status;

Status check(const ErasureRequested& event) {
  if (auto status = check_erasure_word(event.erasure_id, "erasure_id"); !status) return status;
  const bool of_message = event.scope == ErasureScope::message;
  if (of_message != event.message_id.has_value()) {
    return bad_field("message_id",
                     of_message ? "the field is required" : "goes with scope message only");
  }
  if (event.message_id && event.message_id->empty()) {
    return bad_field("message_id", "must not be empty");
  }
  if (event.origin && !of_message) return bad_field("origin", "goes with scope message only");
  if (event.rule.has_value() != (event.scope == ErasureScope::retention)) {
    return bad_field("rule", event.rule ? "goes with scope retention only" : "is required");
  }
  if (event.rule) {
    if (auto status = check_erasure_word(*event.rule, "rule"); !status) return status;
  }
  return check_erasure_word(event.reason, "reason");
}

Status check(const ContentErased& event) {
  return check_erasure_word(event.erasure_id, "erasure_id");
}

template <class Hold>
Status check_hold(const Hold& event) {
  if (auto status = check_erasure_word(event.hold, "hold"); !status) return status;
  return check_erasure_word(event.reason, "reason");
}
Status check(const LegalHoldPlaced& event) { return check_hold(event); }
Status check(const LegalHoldReleased& event) { return check_hold(event); }

Status check(const Unrecognised&) { return Ok{}; }

}  // namespace

Status check_event(const ErasureEvent& event) {
  return std::visit([](const auto& each) { return check(each); }, event);
}

Status check_erasure_word(std::string_view text, std::string_view field) {
  const bool fine =
      !text.empty() && text.size() <= kMaxIdentifierBytes &&
      std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
      });
  if (fine) return Ok{};
  return bad_field(field, "expected 1 to 64 of a-z 0-9 _ . -");
}

}  // namespace hansard::events
