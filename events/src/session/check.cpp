#include "check.h"

#include <algorithm>
#include <limits>

namespace hansard::events {
namespace {

using core::Ok;
using core::Status;

/// Collects the first complaint.
class Complaints {
 public:
  Complaints& unless(bool fine, std::string_view field, std::string_view what) {
    if (!fine && !error_) error_ = bad_field(field, what);
    return *this;
  }
  Complaints& id(const std::string& text, std::string_view field) {
    unless(!text.empty(), field, "must not be empty");
    return unless(text.size() <= kMaxFactTextBytes, field,
                  "is longer than " + std::to_string(kMaxFactTextBytes) + " bytes");
  }
  Complaints& id(const std::optional<std::string>& text, std::string_view field) {
    return text ? id(*text, field) : *this;
  }
  /// `[a-z0-9_.-]{1,64}`: free text would end up in facts, which cannot be erased.
  Complaints& identifier(const std::string& text, std::string_view field) {
    const bool fine = !text.empty() && text.size() <= kMaxIdentifierBytes &&
                      std::all_of(text.begin(), text.end(), [](char c) {
                        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
                               c == '.' || c == '-';
                      });
    return unless(fine, field, "expected 1 to 64 of a-z 0-9 _ . -");
  }
  Complaints& identifier(const std::optional<std::string>& text, std::string_view field) {
    return text ? identifier(*text, field) : *this;
  }
  Complaints& parts(const Parts& parts, std::string_view field) {
    for (std::size_t i = 0; i < parts.size() && !error_; ++i) {
      if (auto status = check_part(parts[i].json, join_path(field, i)); !status) {
        error_ = std::move(status.error());
      }
    }
    return *this;
  }
  Complaints& parts(const std::optional<Parts>& list, std::string_view field) {
    return list ? parts(*list, field) : *this;
  }
  Complaints& object(const std::optional<Json>& json, std::string_view field) {
    return unless(!json || json->is_object(), field, "expected an object");
  }
  [[nodiscard]] Status result() {
    if (error_) return *std::move(error_);
    return Ok{};
  }

 private:
  std::optional<core::Error> error_;
};

constexpr std::uint32_t kHighest = std::numeric_limits<std::uint32_t>::max();

template <class T>
Complaints tool_outcome(const T& event) {
  Complaints complaints;
  complaints.id(event.tool_call_id, "tool_call_id")
      .id(event.message_id, "message_id")
      .id(event.result_id, "result_id")
      .unless(event.message_id.has_value() == event.index.has_value(), "index",
              "message_id and index go together")
      .unless(!event.index || *event.index != kHighest, "index", "is too large");
  return complaints;
}

}  // namespace

Status check(const SessionCreated& event) {
  Complaints complaints;
  complaints.unless(event.tags.size() <= kMaxTags, "tags",
                    "more than " + std::to_string(kMaxTags) + " tags");
  for (const auto& [key, value] : event.tags) {
    complaints.unless(!key.empty() && key.size() <= kMaxIdentifierBytes, "tags",
                      "a key is empty or longer than 64 bytes");
  }
  if (event.parent) complaints.id(event.parent->session, "parent.session");
  return complaints.result();
}

Status check(const SessionConfigured& event) {
  return Complaints()
      .unless(!event.tools || event.tools->is_array(), "tools", "expected an array")
      .result();
}

Status check(const MessageSent& event) {
  return Complaints().id(event.message_id, "message_id").parts(event.parts, "parts").result();
}

Status check(const ResponseRequested& event) {
  Complaints complaints;
  complaints.id(event.call_id, "call_id")
      .unless(event.attempt > 0, "attempt", "attempts are counted from 1");
  if (event.window) {
    complaints.unless(event.window->message_ids.size() <= kMaxListedIds, "window.message_ids",
                      "too many message ids");
  }
  return complaints.object(event.parameters, "parameters").result();
}

Status check(const ResponseReceived& event) {
  return Complaints()
      .id(event.call_id, "call_id")
      .id(event.message_id, "message_id")
      .unless(event.choice == 0 || !event.usage, "usage",
              "usage of a call is recorded with its choice 0 only")
      .unless(event.choice == 0 || !event.raw_usage, "raw_usage",
              "usage of a call is recorded with its choice 0 only")
      .object(event.raw_usage, "raw_usage")
      .parts(event.parts, "parts")
      .result();
}

Status check(const ResponseFailed& event) {
  return Complaints()
      .id(event.call_id, "call_id")
      .unless(event.attempt > 0, "attempt", "attempts are counted from 1")
      .object(event.raw_usage, "raw_usage")
      .parts(event.parts, "parts")
      .result();
}

Status check(const ToolCalled& event) {
  return Complaints()
      .id(event.tool_call_id, "tool_call_id")
      .id(event.message_id, "message_id")
      .id(event.tool, "tool")
      .unless(event.index != kHighest, "index", "is too large")
      .result();
}

Status check(const ToolCompleted& event) { return tool_outcome(event).result(); }
Status check(const ToolFailed& event) { return tool_outcome(event).result(); }

Status check(const ContextOptimized& event) {
  return Complaints()
      .identifier(event.strategy, "strategy")
      .identifier(event.reason, "reason")
      .unless(event.removed.size() <= kMaxListedIds, "removed", "too many message ids")
      .unless(event.summarised.size() <= kMaxListedIds, "summarised", "too many message ids")
      .parts(event.summary, "summary")
      .result();
}

Status check(const SessionForked& event) { return Complaints().id(event.child, "child").result(); }

Status check(const ScoreRecorded& event) {
  const bool scalar = event.value.is_number() || event.value.is_boolean() ||
                      (event.value.is_string() && !event.value.if_string()->empty() &&
                       event.value.if_string()->size() <= kMaxIdentifierBytes * 4);
  const bool of_session = event.target_kind == TargetKind::session;
  return Complaints()
      .id(event.score_id, "score_id")
      .id(event.name, "name")
      .unless(scalar, "value", "expected a number, true, false, or a category of 1 to 256 bytes")
      .unless(of_session || event.target_id, "target_id", "the field is required")
      .unless(!of_session || !event.target_id, "target_id", "a session needs no target_id")
      .result();
}

Status check(const RecordAttached& event) {
  return Complaints()
      .id(event.attachment_id, "attachment_id")
      .identifier(event.kind, "kind")
      .result();
}

Status check(const SessionEnded& event) {
  return Complaints().identifier(event.reason, "reason").result();
}

Status check(const SessionReopened& event) {
  return Complaints().identifier(event.reason, "reason").result();
}

namespace {

/// What a filter says that it removed.
template <class E>
Status check_filtered(const E& event) {
  if constexpr (requires { event.filtered; }) {
    if (!event.filtered) return Ok{};
    const auto* counts = event.filtered->if_object();
    if (counts == nullptr) return bad_field("filtered", "expected an object of counts");
    for (const auto& [rule, count] : *counts) {
      if (!count.as_uint("")) return bad_field(join_path("filtered", rule), "expected a count");
    }
  }
  return Ok{};
}

}  // namespace

Status check_event(const SessionEvent& event) {
  return std::visit(
      [](const auto& each) {
        auto status = check(each);
        return status ? check_filtered(each) : status;
      },
      event);
}

}  // namespace hansard::events
