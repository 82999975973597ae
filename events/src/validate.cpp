#include "events/validate.h"

#include <optional>

#include "events/assignment/facts.h"
#include "events/erasure/facts.h"
#include "events/experiment/facts.h"
#include "events/keys/facts.h"
#include "events/prompt/facts.h"
#include "events/system/events.h"
#include "session/fields.h"

namespace hansard::events {
namespace {

core::Error under(std::string_view path, core::Error error) {
  error.field = join_path(path, error.field);
  error.message = std::string(path) + ": " + error.message;
  return error;
}

core::Status check_object(std::string_view text, std::string_view name) {
  auto object = fields::object_in(text, name);
  if (object) return core::Ok{};
  return std::move(object.error());
}

/// Judges an event of the stream type `category`; nothing when its type is of another one.
template <class Variant>
std::optional<core::Status> of_kind(std::string_view category, const Codec<Variant>& codec,
                                    const core::NewEvent& event) {
  if (!Codec<Variant>::is_event(event.type)) return {};
  if (event.stream.category() != category) {
    return bad_field("stream", event.type + " does not belong on " + event.stream.text());
  }
  auto decoded = codec.decode_strict(event.type, event.schema, event.facts, event.content);
  return decoded ? core::Status(core::Ok{}) : core::Status(std::move(decoded.error()));
}

core::Status judge(const core::NewEvent& event, const SessionCodec& codec) {
  if (!core::is_event_type(event.type)) {
    return bad_field("type", "expected a name like MessageSent");
  }
  if (is_erasure_event(event.type)) {
    return bad_field("type", event.type + " is written by erasures and holds themselves");
  }
  const auto category = event.stream.category();
  if (is_session_event(event.type)) {
    const bool placed = category == "session" || (category == "calls" && is_call_event(event.type));
    if (!placed) {
      return bad_field("stream", event.type + " does not belong on " + event.stream.text());
    }
    auto decoded = codec.decode_strict(event.type, event.schema, event.facts, event.content);
    if (!decoded) return std::move(decoded.error());
    return core::Ok{};
  }
  if (auto placed = of_kind("prompt", prompt_codec(), event)) return *placed;
  if (auto placed = of_kind("experiment", experiment_codec(), event)) return *placed;
  if (auto placed = of_kind("assignment", assignment_codec(), event)) return *placed;
  if (auto placed = of_kind("keys", key_codec(), event)) return *placed;
  if (is_system_event(event.type)) {
    if (category != "system") {
      return bad_field("stream", event.type + " does not belong on " + event.stream.text());
    }
    auto decoded = decode_system(event.type, event.schema, event.facts, event.content);
    if (!decoded) return std::move(decoded.error());
    return core::Ok{};
  }
  if (category != "custom") {
    return bad_field("type", event.type + " is not in the vocabulary; other types are kept on " +
                                 "custom-* streams only, not on " + event.stream.text());
  }
  if (auto status = check_object(event.facts, "facts"); !status) return status;
  return check_object(event.content, "content");
}

}  // namespace

bool needs_admin(const core::ProjectId& project, const core::NewEvent& event) {
  const std::string_view category = event.stream.category();
  return category == "system" || category == "keys" || project.text() == "_log";
}

core::Status validate_append(const core::NewEvent& event, const SessionCodec& codec,
                             std::string_view path) {
  auto status = judge(event, codec);
  if (status) return status;
  return under(path, std::move(status.error()));
}

}  // namespace hansard::events
