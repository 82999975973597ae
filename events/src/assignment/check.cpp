#include "assignment/check.h"

#include <cmath>

#include "events/json.h"
#include "session/fields.h"

namespace hansard::events {
namespace {

using core::Ok;
using core::Status;

/// Values are kept in millionths as whole numbers of 64 bits.
constexpr double kValueMax = 9.0e12;

Status check(const VariantAssigned& event) {
  if (event.bucket && *event.bucket >= kSharesWhole) {
    return bad_field("bucket", "is at most " + std::to_string(kSharesWhole - 1));
  }
  return Ok{};
}

Status check_value(const Json& value) {
  if (value.is_boolean()) return Ok{};
  if (value.is_number()) {
    const auto number = value.as_double("value");
    if (!number) return number.error();
    if (std::fabs(*number) <= kValueMax) return Ok{};
    return bad_field("value", "is beyond 9e12");
  }
  const std::string* category = value.if_string();
  if (category == nullptr) {
    return bad_field("value", "expected a number, true or false, or a category as text");
  }
  if (!category->empty() && category->size() <= kMaxIdentifierBytes) return Ok{};
  return bad_field("value", "a category has 1 to " + std::to_string(kMaxIdentifierBytes) +
                                " bytes; longer words go to text");
}

Status check(const OutcomeRecorded& event) {
  if (event.revision == 0) return bad_field("revision", "counts from 1");
  if (!event.value && !event.text) return bad_field("value", "the field is required, or text");
  return event.value ? check_value(*event.value) : Status(Ok{});
}

Status check(const Unrecognised&) { return Ok{}; }

}  // namespace

Status check_event(const AssignmentEvent& event) {
  return std::visit([](const auto& each) { return check(each); }, event);
}

}  // namespace hansard::events
