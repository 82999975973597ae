#include "events/session/step_body.h"

#include <gtest/gtest.h>

#include <map>

#include "events/session/codec.h"
#include "support/golden.h"

namespace hansard::events {
namespace {

/// Every field of the golden event that a client may say, as one body.
Json body_of_golden(const EventShape& shape) {
  const auto golden =
      parse_json(support::golden("events/" + std::string(shape.type) + ".v1.json")).value();
  Json body;
  for (const FieldInfo& field : shape.fields) {
    if (field.derived) continue;
    const Json& half =
        *golden.find(field.place == FieldPlace::fact ? std::string_view("facts") : "content");
    if (const Json* value = half.find(field.name)) body.add(field.name, *value);
  }
  body.add("occurred_at", "2026-03-04T05:06:07.000008Z");
  return body;
}

const std::map<std::string_view, std::string_view> kRoutes = {
    {"SessionConfigured", "config"},   {"MessageSent", "messages"},
    {"ResponseRequested", "requests"}, {"ResponseReceived", "responses"},
    {"ResponseFailed", "responses"},   {"ToolCalled", "tool-calls"},
    {"ToolCompleted", "tool-results"}, {"ToolFailed", "tool-results"},
    {"ContextOptimized", "context"},   {"ScoreRecorded", "scores"},
    {"SessionForked", "fork"},         {"SessionEnded", "end"},
    {"SessionReopened", "reopen"},     {"RecordAttached", "attachments"}};

TEST(StepBodies, SayEverythingThatAClientMaySay) {
  std::size_t seen = 0;
  for (const EventShape& shape : session_event_shapes()) {
    const auto route = kRoutes.find(shape.type);
    if (route == kRoutes.end()) continue;
    SCOPED_TRACE(shape.type);
    ++seen;
    const Json body = body_of_golden(shape);
    const auto step = read_step(route->second, body, "a key");
    ASSERT_TRUE(step) << step.error().message;
    EXPECT_TRUE(step->occurred_at_from_client);
    const StepBody written = write_step(*step);
    EXPECT_EQ(written.route, route->second);
    const auto again = parse_json(written.body);
    ASSERT_TRUE(again) << written.body;
    EXPECT_TRUE(same_tree(*again, body)) << written.body << "\n" << dump(body);
    const bool keyed = route->second == "config" || route->second == "context";
    EXPECT_EQ(written.key, keyed ? "a key" : "");
  }
  EXPECT_EQ(seen, kRoutes.size());
}

TEST(StepBodies, SayWhatACreationSays) {
  for (const EventShape& shape : session_event_shapes()) {
    if (shape.type != "SessionCreated") continue;
    const Json body = body_of_golden(shape);
    CommandMeta meta;
    const auto command = parse_body<CreateSession>(body, meta);
    ASSERT_TRUE(command) << command.error().message;
    const std::string written = write_create(*command, meta.occurred_at);
    EXPECT_TRUE(same_tree(parse_json(written).value(), body)) << written;
  }
}

TEST(StepBodies, AnUnknownRouteIsNotFound) {
  const auto step = read_step("massages", Json(Json::Object{}), {});
  ASSERT_FALSE(step);
  EXPECT_EQ(step.error().code, core::Errc::not_found);
}

}  // namespace
}  // namespace hansard::events
