// Frames of a followed log stay one frame each on every form: what events hold can neither end a
// line nor begin a field. The stream is read back as a browser reads it.
#include "live/live_frame.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/assert.h"
#include "core/event_bytes.h"
#include "events/json.h"
#include "target.h"

namespace {

using namespace hansard;
using http::LiveForm;
using http::LiveFrame;

struct Dispatched {
  std::string name;
  std::string id;
  std::string data;
};

/// WHATWG HTML §9.2.6, for a stream that is whole.
std::vector<Dispatched> read_sse(std::string_view bytes) {
  std::vector<Dispatched> all;
  Dispatched now;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find_first_of("\r\n");
    HANSARD_ASSERT(end != std::string_view::npos, "lines end");
    HANSARD_ASSERT(bytes[end] == '\n', "with a line feed");
    const std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
    if (line.empty()) {
      if (!now.data.empty()) {
        now.data.pop_back();
        all.push_back(now);
      }
      now.name = now.data = "";
      continue;
    }
    const std::size_t colon = line.find(':');
    std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
    if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    const std::string_view field = line.substr(0, colon);
    if (field == "event") now.name = value;
    if (field == "data") now.data.append(value).append("\n");
    if (field == "id") now.id = value;
  }
  return all;
}

/// An event as the log would hold it: payloads are the compact text of the JSON they came as.
std::string stored(std::string_view facts, std::string_view content, std::uint64_t position) {
  core::RecordedEvent event;
  event.position.value = position;
  event.type = "Noted";
  event.project = "default";
  event.stream = "custom-a";
  const std::string salt(32, '\1');
  event.salt_or_commitment = salt;
  event.facts = facts;
  event.content = content;
  std::string bytes;
  core::encode_recorded(event, bytes);
  return bytes;
}

void run(std::string_view bytes) {
  const unsigned steering = fuzz::take_byte(bytes);
  static_cast<void>(http::accepts_sse(bytes));
  const auto json = events::parse_json(bytes);
  if (!json || !json->is_object()) return;
  const std::string payload = events::dump(*json);
  const std::string held = stored(payload, steering % 2 == 0 ? payload : "{}", steering);
  const auto event = core::decode_event(held);
  HANSARD_ASSERT(event.has_value(), "an event of ours");
  const std::vector<LiveFrame> frames = {
      http::event_frame(*event), http::checkpoint_frame(core::Position{steering}),
      http::caught_up_frame(core::Position{0}), http::fell_behind_frame({1}, {2})};

  std::string sse(http::live_prologue(LiveForm::sse));
  std::string lines(http::live_prologue(LiveForm::ndjson));
  for (const LiveFrame& frame : frames) {
    http::append_frame(frame, LiveForm::sse, sse);
    http::append_frame(frame, LiveForm::ndjson, lines);
  }
  const std::vector<Dispatched> seen = read_sse(sse);
  HANSARD_ASSERT(seen.size() == frames.size(), "each frame is one event");
  std::string_view rest = lines;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    HANSARD_ASSERT(seen[i].data == *frames[i].text, "whose data is the frame");
    const std::string_view line = rest.substr(0, rest.find('\n'));
    HANSARD_ASSERT(line == *frames[i].text, "and each is one line");
    rest.remove_prefix(line.size() + 1);
    HANSARD_ASSERT(events::check_json(line).has_value(), "of JSON");
  }
  HANSARD_ASSERT(rest.empty() && seen[0].name.empty() && seen[1].name == "checkpoint",
                 "events are unnamed");
  HANSARD_ASSERT(seen[0].id == std::to_string(steering), "and say where they stand");
}

const fuzz::Announced announced("live_frames", run);

}  // namespace
