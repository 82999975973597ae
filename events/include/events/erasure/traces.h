#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/event.h"
#include "events/json.h"

namespace hansard::events {

/// Which events hold the content of one message, or may repeat it. Told rather too often than too
/// seldom: what is told is erased with the message.
///  - the message or answer itself, its tool calls, their results, scores of it, and what else is
///    on record of its call;
///  - later events that hold what others sent as it was (`extra`, parameters and variables of
///    requests, attached records) or sum up the past (`ContextOptimized`);
///  - later events in which a text of it stands again: a text of 12 bytes or more anywhere within
///    another, a shorter one as a whole text.
/// Feed the message's own stream from its first event, then, `in_fork`, the streams of forks that
/// inherit it. Confined to one thread.
class MessageTraces {
 public:
  explicit MessageTraces(std::string message_id) : message_id_(std::move(message_id)) {}

  /// The events that come next are of a fork: all of them are later than the message.
  void in_fork() { own_stream_ = false; }
  /// True when `event` is concerned. Errors: corruption (payloads are not what was written).
  core::Result<bool> concerns(const core::RecordedEvent& event);
  /// Where the message stood; nothing: it has not come.
  [[nodiscard]] std::optional<core::Version> found() const { return found_; }

 private:
  void remember(const Json& content);
  [[nodiscard]] bool repeated_in(const Json& content) const;

  const std::string message_id_;
  bool own_stream_ = true;
  std::optional<core::Version> found_;
  std::optional<std::string> call_id_;
  std::vector<std::string> texts_;
};

}  // namespace hansard::events
