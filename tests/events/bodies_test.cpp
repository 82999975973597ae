#include <gtest/gtest.h>

#include <set>

#include "events/session_spec.h"
#include "events/validate.h"

namespace hansard::events {
namespace {

template <class C>
core::Result<C> body(std::string_view text, CommandMeta* meta = nullptr) {
  CommandMeta ignored;
  auto json = parse_json(text);
  if (!json) return std::move(json.error());
  return parse_body<C>(*std::move(json), meta == nullptr ? ignored : *meta);
}

template <class C>
void expect_bad(std::string_view text, std::string_view field) {
  const auto command = body<C>(text);
  ASSERT_FALSE(command) << text;
  EXPECT_EQ(command.error().code, core::Errc::invalid_argument);
  EXPECT_EQ(command.error().field, field) << command.error().message;
}

TEST(Bodies, HaveTheFieldNamesOfTheEvents) {
  const auto message = body<SendMessage>(
      R"({"message_id":"m1","role":"user","parts":[{"type":"text","text":"hi"}],"name":"Ann"})");
  ASSERT_TRUE(message) << message.error().message;
  EXPECT_EQ(message->message_id, "m1");
  EXPECT_EQ(plain_text(message->parts), "hi");
  EXPECT_EQ(message->name, "Ann");

  const auto created =
      body<CreateSession>(R"({"session_id":"s1","user":"ann","tags":{"plan":"gold"}})");
  ASSERT_TRUE(created) << created.error().message;
  EXPECT_EQ(created->session_id, "s1");
  EXPECT_EQ(created->tags, (StringMap{{"plan", "gold"}}));

  const auto call = body<CallTool>(R"({"tool_call_id":"t","tool":"x","arguments":"{}"})");
  ASSERT_TRUE(call) << call.error().message;
  EXPECT_EQ(call->message_id, std::nullopt);

  const auto request =
      body<RequestResponse>(R"({"call_id":"c","tools":[{"name":"x"}],"model":"m"})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_TRUE(request->tools);
  EXPECT_EQ(request->attempt, 1U);
  EXPECT_TRUE(body<EndSession>("{}"));
}

TEST(Bodies, NameAPromptsVersionByNumberOrText) {
  const auto version = [](std::string_view said) {
    const auto request = body<RequestResponse>(R"({"call_id":"c","prompt":{"name":"p","version":)" +
                                               std::string(said) + "}}");
    EXPECT_TRUE(request) << said;
    if (!request) return std::string();
    const auto facts = SessionCodec().encode(ResponseRequested(*request)).facts;
    return facts.substr(facts.find("version"));
  };
  EXPECT_EQ(version("3"), R"(version":3}})");
  EXPECT_EQ(version(R"("3")"), version("3"));
  EXPECT_EQ(version(R"("1.0.0-rc")"), R"(version":"1.0.0-rc"}})");
  EXPECT_EQ(version(R"("03")"), R"(version":"03"}})");
  EXPECT_EQ(version("18446744073709551615"), R"(version":"18446744073709551615"}})");
  for (const char* wrong : {"1.5", "-1", "true", "[]", R"("")"}) {
    expect_bad<RequestResponse>(
        R"({"call_id":"c","prompt":{"name":"p","version":)" + std::string(wrong) + "}}",
        "prompt.version");
  }
}

TEST(Bodies, NameTheFieldThatIsWrong) {
  expect_bad<SendMessage>("[]", "");
  expect_bad<SendMessage>(R"({"role":"user","parts":[]})", "message_id");
  expect_bad<SendMessage>(R"({"message_id":"m","parts":[]})", "role");
  expect_bad<SendMessage>(R"({"message_id":"m","role":"assistant","parts":[]})", "role");
  expect_bad<SendMessage>(R"({"message_id":7,"role":"user","parts":[]})", "message_id");
  expect_bad<SendMessage>(R"({"message_id":"m","role":"user","parts":{}})", "parts");
  expect_bad<SendMessage>(R"({"message_id":"m","role":"user","parts":["hi"]})", "parts[0]");
  expect_bad<SendMessage>(R"({"message_id":"m","role":"user","parts":[],"text":"hi"})", "text");
  expect_bad<SendMessage>(R"({"message_id":"m","role":"user","parts":[],"role":"user"})", "role");
  expect_bad<SendMessage>(R"({"message_id":"m","role":"user","parts":[],"metadata":{"a":1,"a":2}})",
                          "metadata.a");
  expect_bad<SendMessage>(R"({"message_id":"m","role":"user","parts":[],"text_bytes":3})",
                          "text_bytes");
  expect_bad<CreateSession>(R"({"user_hash":"x"})", "user_hash");
  expect_bad<CreateSession>(R"({"tags":{"a":1}})", "tags.a");
  expect_bad<CreateSession>(R"({"parent":{"session":"s0"}})", "parent.at_version");
  expect_bad<CreateSession>(R"({"agent":""})", "agent");
  expect_bad<RecordResponse>(R"({"call_id":"c","message_id":"m","parts":[],"usage":{"tokens":1}})",
                             "usage.tokens");
  expect_bad<RecordResponse>(
      R"({"call_id":"c","message_id":"m","parts":[{"type":"tool_call","tool_call_id":"t","arguments":"{}"}]})",
      "parts[0].arguments");
  expect_bad<RecordResponse>(R"({"call_id":"c","message_id":"m","parts":[],"latency_us":1.5})",
                             "latency_us");
  expect_bad<CallTool>(R"({"tool_call_id":"t","tool":"x"})", "arguments");
  expect_bad<EndSession>(R"({"idempotency_key":"k"})", "idempotency_key");
}

TEST(Bodies, SayWhenAndWhyInAnyRoute) {
  CommandMeta meta;
  const auto command = body<EndSession>(
      R"({"occurred_at":"2026-11-21T08:30:00Z","causation":"00000000-0000-8000-8000-000000000001"})",
      &meta);
  ASSERT_TRUE(command) << command.error().message;
  EXPECT_TRUE(meta.occurred_at_from_client);
  EXPECT_EQ(core::format_time(*meta.occurred_at), "2026-11-21T08:30:00.000000Z");
  EXPECT_FALSE(meta.causation.is_nil());
  EXPECT_TRUE(meta.correlation.is_nil());
  expect_bad<EndSession>(R"({"occurred_at":"yesterday"})", "occurred_at");
  expect_bad<EndSession>(R"({"occurred_at":5})", "occurred_at");
  expect_bad<EndSession>(R"({"correlation":"x"})", "correlation");
}

TEST(Bodies, AreDescribedForEveryCommandWithoutWhatWeCompute) {
  std::set<std::string_view> names;
  for (const auto& shape : command_shapes()) {
    names.insert(shape.type);
    for (const auto& field : shape.fields) EXPECT_FALSE(field.derived) << shape.type << field.name;
  }
  EXPECT_EQ(names.size(), 15U);
  EXPECT_TRUE(names.contains("CallTool"));
}

// ---- appended events ----

core::NewEvent appended(std::string_view stream, std::string type, std::string facts = "{}",
                        std::string content = "{}", std::uint16_t schema = 1) {
  core::NewEvent event;
  event.stream = support::stream(stream);
  event.type = std::move(type);
  event.schema = schema;
  event.facts = std::move(facts);
  event.content = std::move(content);
  return event;
}

void expect_refused(const core::NewEvent& event, std::string_view field) {
  const auto status = validate_append(event, SessionCodec{}, "records[2]");
  ASSERT_FALSE(status) << event.type << " on " << event.stream.text();
  EXPECT_EQ(status.error().field, field) << status.error().message;
}

TEST(AppendedEvents, KnownTypesPassTheirCodecOnAStreamOfTheirCategory) {
  EXPECT_TRUE(validate_append(appended("session-s", "SessionEnded"), SessionCodec{}, "r"));
  expect_refused(appended("session-s", "SessionEnded", R"({"x":1})"), "records[2].facts.x");
  expect_refused(appended("custom-s", "SessionEnded"), "records[2].stream");
  expect_refused(appended("calls-s", "SessionEnded"), "records[2].stream");
  expect_refused(appended("system", "SessionEnded"), "records[2].stream");
  const char* const call = R"({"call_id":"c"})";
  EXPECT_TRUE(validate_append(appended("calls-s", "ResponseRequested", call), SessionCodec{}, "r"));
  expect_refused(appended("session-s", "SessionEnded", "{}", "{}", 2), "records[2].schema");
}

TEST(AppendedEvents, OtherTypesAreKeptOnCustomStreamsOnlyAndStillValidatedWhole) {
  EXPECT_TRUE(
      validate_append(appended("custom-s", "Anything", R"({"a":1,"a":2})"), SessionCodec{}, "r"));
  expect_refused(appended("session-s", "Anything"), "records[2].type");
  expect_refused(appended("system", "PriceSet"), "records[2].type");
  expect_refused(appended("custom-s", "anything"), "records[2].type");
  expect_refused(appended("custom-s", "Anything", R"({"deep":{"skipped":[1,tru]}})"),
                 "records[2].facts.deep.skipped[1]");
  expect_refused(appended("custom-s", "Anything", "{}", "[]"), "records[2].content");
}

TEST(AppendedEvents, FactsAboutTheEngineStandOnSystemStreamsAndHaveNoContent) {
  const char* const opened = R"({"route":"smart","provider":"p","failures":3,"requests":5})";
  const auto judge = [&](std::string_view stream, const char* facts, const char* content) {
    return validate_append(appended(stream, "CircuitOpened", facts, content), SessionCodec{},
                           "records[2]");
  };
  EXPECT_TRUE(judge("system", opened, "{}"));
  expect_refused(appended("custom-s", "CircuitOpened", opened), "records[2].stream");
  expect_refused(appended("session-s", "CircuitOpened", opened), "records[2].stream");
  expect_refused(appended("system", "CircuitOpened", opened, R"({"a":1})"), "records[2].content");
  expect_refused(appended("system", "CircuitOpened", opened, "{}", 2), "records[2].schema");
  expect_refused(appended("system", "CircuitClosed", R"({"route":"smart"})"),
                 "records[2].facts.provider");
  expect_refused(appended("system", "CircuitClosed", R"({"route":"r","provider":"p","x":1})"),
                 "records[2].facts.x");
}

TEST(AppendedEvents, SystemFactsAskForTheAdminScope) {
  EXPECT_TRUE(needs_admin({}, appended("system", "PriceSet")));
  EXPECT_TRUE(needs_admin(support::project("_log"), appended("custom-s", "Anything")));
  EXPECT_FALSE(needs_admin({}, appended("session-s", "SessionEnded")));
}

}  // namespace
}  // namespace hansard::events
