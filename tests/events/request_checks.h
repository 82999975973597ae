#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "events/conversation/utterance.h"
#include "events/dialects/request.h"

/// What holds for the requests of every dialect.
namespace hansard::events::checks {

inline const RequestIds kRequestIds{
    [](std::size_t message) { return "m" + std::to_string(message); },
    [](std::size_t message) { return "c" + std::to_string(message); }};

/// The events that steps lead to, as far as writers look at them.
inline std::vector<SessionEvent> said_in(const std::vector<SessionStep>& steps) {
  std::vector<SessionEvent> events;
  for (const SessionStep& step : steps) {
    if (const auto* call = std::get_if<CallTool>(&step)) {
      ToolCalled event;
      event.tool_call_id = call->tool_call_id;
      event.message_id = call->message_id.value_or("");
      event.index = call->index.value_or(0);
      event.tool = call->tool;
      event.arguments = call->arguments;
      events.emplace_back(std::move(event));
    } else if (const auto* sent = std::get_if<SendMessage>(&step)) {
      events.emplace_back(static_cast<const MessageSent&>(*sent));
    } else if (const auto* answer = std::get_if<RecordResponse>(&step)) {
      events.emplace_back(static_cast<const ResponseReceived&>(*answer));
    } else if (const auto* done = std::get_if<CompleteTool>(&step)) {
      events.emplace_back(static_cast<const ToolCompleted&>(*done));
    } else if (const auto* failed = std::get_if<FailTool>(&step)) {
      events.emplace_back(static_cast<const ToolFailed&>(*failed));
    }
  }
  return events;
}

inline std::vector<SessionEvent> said_in(const std::vector<RequestTurn>& turns) {
  std::vector<SessionEvent> events;
  for (const RequestTurn& turn : turns) {
    for (SessionEvent& event : said_in(turn.steps)) events.push_back(std::move(event));
  }
  return events;
}

/// What `messages` say to the dialect. An empty list and a failure where it refuses them.
inline std::vector<SessionEvent> read_events(const RequestDialect& dialect,
                                             const Json::Array& messages) {
  const auto turns = dialect.read(messages, kRequestIds);
  EXPECT_TRUE(turns) << (turns ? "" : turns.error().message) << "\n" << dump(Json(messages));
  return turns ? said_in(*turns) : std::vector<SessionEvent>{};
}

/// Cut and put together, and read and written, a body is equal as a tree.
inline void rebuilds_request(const RequestDialect& dialect, const Json& body) {
  auto request = dialect.split(body);
  ASSERT_TRUE(request) << request.error().message << "\n" << dump(body).substr(0, 500);
  const Json joined = dialect.join(*request);
  EXPECT_TRUE(same_tree(joined, body)) << dump(body) << "\n" << dump(joined);
  const auto turns = dialect.read(request->messages, kRequestIds);
  ASSERT_TRUE(turns) << turns.error().message << "\n" << dump(body).substr(0, 500);
  ASSERT_EQ(turns->size(), request->messages.size());
  for (std::size_t i = 0; i < turns->size(); ++i) EXPECT_EQ((*turns)[i].message, i);
  const Json written(dialect.write(said_in(*turns)));
  const Json given(request->messages);
  EXPECT_TRUE(same_tree(written, given)) << dump(given) << "\n" << dump(written);
}

}  // namespace hansard::events::checks
