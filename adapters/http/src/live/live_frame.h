#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/event.h"

namespace hansard::http {

/// One frame of a followed log. As text, on NDJSON and WebSocket:
///   {"frame":"event","position":7,...}   an event, otherwise as GET /v1/events prints it
///   {"frame":"checkpoint","next":120}    nothing wanted below 120 is still to come
///   {"frame":"caught_up","next":120}     the past has been told; from here on it is live
///   {"frame":"fell_behind","next":90,"end":120}  too slow: goes on by reading the log from 90
/// `next` is the `from` that continues after the frame. Immutable, so every subscriber of an event
/// shares one text.
struct LiveFrame {
  enum class Kind : std::uint8_t { event, checkpoint, caught_up, fell_behind };
  Kind kind = Kind::event;
  core::Position next;                      ///< one past the event, or what the frame names
  std::shared_ptr<const std::string> text;  ///< one line of JSON, without its end
};

LiveFrame event_frame(const core::RecordedEvent& event);
LiveFrame checkpoint_frame(core::Position next);
LiveFrame caught_up_frame(core::Position next);
LiveFrame fell_behind_frame(core::Position next, core::Position end);

/// How frames become bytes of an HTTP body.
enum class LiveForm : std::uint8_t {
  ndjson,  ///< one a line
  sse      ///< server-sent events (WHATWG HTML §9.2): events unnamed, other frames by their name;
           ///< `id` is the last position included, so Last-Event-ID resumes
};

/// What a body of that form begins with.
std::string_view live_prologue(LiveForm form);
void append_frame(const LiveFrame& frame, LiveForm form, std::string& out);
/// One server-sent event. @pre `data` is one line.
void append_sse(std::string_view name, std::string_view id, std::string_view data,
                std::string& out);

/// Whether an Accept header asks for server-sent events by name; `*/*` does not.
bool accepts_sse(std::string_view accept);

}  // namespace hansard::http
