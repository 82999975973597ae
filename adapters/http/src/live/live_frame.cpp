#include "live/live_frame.h"

#include <utility>

#include "http/json_out.h"
#include "http/message.h"
#include "shared/event_json.h"

namespace hansard::http {

namespace {

std::string_view name(LiveFrame::Kind kind) {
  switch (kind) {
    case LiveFrame::Kind::event:
      return "event";
    case LiveFrame::Kind::checkpoint:
      return "checkpoint";
    case LiveFrame::Kind::caught_up:
      return "caught_up";
    case LiveFrame::Kind::fell_behind:
      return "fell_behind";
  }
  return "event";
}

LiveFrame make(LiveFrame::Kind kind, core::Position next, std::string text) {
  return {kind, next, std::make_shared<const std::string>(std::move(text))};
}

LiveFrame notice(LiveFrame::Kind kind, core::Position next) {
  JsonOut json;
  json.object().member("frame", name(kind)).member("next", next.value).end_object();
  return make(kind, next, json.take());
}

}  // namespace

LiveFrame event_frame(const core::RecordedEvent& event) {
  std::string text = "{\"frame\":\"event\",";
  const std::size_t brace = text.size();
  append_event_json(event, text);
  text.erase(brace, 1);
  return make(LiveFrame::Kind::event, core::Position{event.position.value + 1}, std::move(text));
}

LiveFrame checkpoint_frame(core::Position next) {
  return notice(LiveFrame::Kind::checkpoint, next);
}

LiveFrame caught_up_frame(core::Position next) { return notice(LiveFrame::Kind::caught_up, next); }

LiveFrame fell_behind_frame(core::Position next, core::Position end) {
  JsonOut json;
  json.object().member("frame", name(LiveFrame::Kind::fell_behind)).member("next", next.value);
  json.member("end", end.value).end_object();
  return make(LiveFrame::Kind::fell_behind, next, json.take());
}

std::string_view live_prologue(LiveForm form) {
  // A browser that lost us comes back after this many milliseconds.
  return form == LiveForm::sse ? "retry: 2000\n\n" : "";
}

void append_frame(const LiveFrame& frame, LiveForm form, std::string& out) {
  if (form == LiveForm::ndjson) {
    out.append(*frame.text).push_back('\n');
    return;
  }
  // Before the first event there is nothing to come back to.
  const std::string id = frame.next.value == 0 ? "" : std::to_string(frame.next.value - 1);
  const bool is_event = frame.kind == LiveFrame::Kind::event;
  append_sse(is_event ? std::string_view() : name(frame.kind), id, *frame.text, out);
}

void append_sse(std::string_view name, std::string_view id, std::string_view data,
                std::string& out) {
  if (!id.empty()) out.append("id: ").append(id).append("\n");
  if (!name.empty()) out.append("event: ").append(name).append("\n");
  out.append("data: ").append(data).append("\n\n");
}

bool accepts_sse(std::string_view accept) {
  while (!accept.empty()) {
    const std::size_t comma = std::min(accept.find(','), accept.size());
    std::string_view range = accept.substr(0, comma);
    accept.remove_prefix(std::min(comma + 1, accept.size()));
    range = range.substr(0, range.find(';'));
    while (!range.empty() && range.front() == ' ') range.remove_prefix(1);
    while (!range.empty() && range.back() == ' ') range.remove_suffix(1);
    if (same_token(range, "text/event-stream")) return true;
  }
  return false;
}

}  // namespace hansard::http
