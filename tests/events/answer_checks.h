#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "events/dialects/answer.h"

/// What holds for the answers of every dialect.
namespace hansard::events::checks {

inline const AnswerIds kIds{"call_1",
                            [](std::uint32_t choice) { return "m" + std::to_string(choice + 1); }};

inline Json parsed(std::string_view text) {
  auto json = parse_json(text);
  EXPECT_TRUE(json) << text.substr(0, 200);
  return json ? *std::move(json) : Json();
}

inline TimedFrame frame(std::uint64_t at_us, std::string data) {
  const auto json = parse_json(data);
  const Json* type = json ? json->find("type") : nullptr;
  const auto* event = type == nullptr ? nullptr : type->if_string();
  return {at_us, event == nullptr ? std::string() : *event, std::move(data)};
}

/// The events that the steps of an answer lead to, as far as writers look at them.
inline std::vector<SessionEvent> events_of(const std::vector<SessionStep>& steps) {
  std::vector<SessionEvent> events;
  for (const SessionStep& step : steps) {
    if (const auto* answer = std::get_if<RecordResponse>(&step)) {
      events.emplace_back(static_cast<const ResponseReceived&>(*answer));
    } else if (const auto* call = std::get_if<CallTool>(&step)) {
      ToolCalled event;
      event.tool_call_id = call->tool_call_id;
      event.message_id = call->message_id.value_or("");
      event.index = call->index.value_or(0);
      event.tool = call->tool;
      event.arguments = call->arguments;
      events.emplace_back(std::move(event));
    }
  }
  return events;
}

inline StreamEnd assemble(const AnswerDialect& dialect, const std::vector<TimedFrame>& frames,
                          std::vector<FrameKind>* kinds = nullptr) {
  const auto stream = dialect.stream();
  for (const TimedFrame& each : frames) {
    const FrameKind kind = stream->add({each.event, each.data}, each.at_us);
    if (kinds != nullptr) kinds->push_back(kind);
  }
  return stream->end();
}

/// Read and written, a body is equal as a tree. @return whether it had to be kept whole.
inline bool rebuilds(const AnswerDialect& dialect, const Json& body) {
  const auto steps = dialect.read(body, kIds);
  EXPECT_TRUE(steps) << (steps ? "" : steps.error().message) << "\n" << dump(body).substr(0, 500);
  if (!steps) return false;
  const Json written = dialect.write(events_of(*steps));
  EXPECT_TRUE(same_tree(written, body)) << dump(body) << "\n" << dump(written);
  const auto& answer = std::get<RecordResponse>(steps->front());
  return answer.extra && answer.extra->find("raw") != nullptr;
}

/// Written as a stream and put together, body and track are the same again.
inline void streams_again(const AnswerDialect& dialect, const Json& body, const Json& track) {
  const auto frames = dialect.write_stream(body, track);
  std::uint64_t last_us = 0;
  for (const TimedFrame& each : frames) {
    EXPECT_LE(last_us, each.at_us);
    last_us = each.at_us;
  }
  const StreamEnd again = assemble(dialect, frames);
  EXPECT_TRUE(same_tree(again.body, body)) << dump(body) << "\n" << dump(again.body);
  if (track.is_null()) return;
  EXPECT_TRUE(same_tree(again.track, track)) << dump(track) << "\n" << dump(again.track);
}

/// A stream that ends early, wherever that is: what came of it can be written as a stream again.
inline void survives_cuts(const AnswerDialect& dialect, const std::vector<TimedFrame>& frames) {
  // At every frame of a short one, at some thirty of a long one.
  const std::size_t step = std::max<std::size_t>(1, frames.size() / 30);
  for (std::size_t size = 0; size < frames.size(); size += step) {
    const auto end = frames.begin() + static_cast<std::ptrdiff_t>(size);
    const StreamEnd part = assemble(dialect, {frames.begin(), end});
    SCOPED_TRACE("cut after " + std::to_string(size) + " frames");
    streams_again(dialect, part.body, part.track);
  }
}

/// Frames that mean nothing, between others: kept, and nothing else changes.
inline void survives_garbage(const AnswerDialect& dialect, const std::vector<TimedFrame>& frames) {
  static const std::vector<std::string> kGarbage{
      "", "{", "null", "[]", "\"{}\"", "{\"type\":7}", "{\"type\":\"of.tomorrow\",\"x\":[1.0]}"};
  std::vector<TimedFrame> mixed;
  std::size_t added = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (i > 0 && i % 3 == 0 && i + 1 < frames.size()) {
      mixed.push_back({frames[i].at_us, "", kGarbage[added++ % kGarbage.size()]});
    }
    mixed.push_back(frames[i]);
  }
  const StreamEnd clean = assemble(dialect, frames);
  const StreamEnd end = assemble(dialect, mixed);
  Json rest = end.body;
  if (Json::Object* members = rest.if_object()) {
    std::erase_if(*members, [](const Json::Member& each) { return each.key == "_frames"; });
  }
  Json clean_rest = clean.body;
  if (Json::Object* members = clean_rest.if_object()) {
    std::erase_if(*members, [](const Json::Member& each) { return each.key == "_frames"; });
  }
  EXPECT_TRUE(same_tree(rest, clean_rest)) << dump(rest) << "\n" << dump(clean_rest);
  EXPECT_EQ(end.body.find("_frames") != nullptr, added > 0);
  streams_again(dialect, end.body, end.track);
}

}  // namespace hansard::events::checks
