#include "events/session/codec.h"

#include <gtest/gtest.h>

#include "events/session_spec.h"

namespace hansard::events {
namespace {

using core::Errc;
using spec::stored;

core::NewEvent raw_event(std::string type, std::string facts, std::string content,
                         std::uint16_t schema = 1) {
  core::NewEvent event;
  event.stream = support::stream("session-s1");
  event.type = std::move(type);
  event.schema = schema;
  event.id = support::event_id("raw");
  event.facts = std::move(facts);
  event.content = std::move(content);
  core::seal(event, support::hasher());
  return event;
}

core::Result<DecodedEvent> decode(const core::NewEvent& event,
                                  const SessionCodec& codec = SessionCodec{},
                                  Want want = Want::all) {
  const auto owned = stored(event, 3);
  return codec.decode(owned.event(), want);
}

// ---- reading what is stored ----

TEST(EventCodec, AnErasedEventKeepsItsFacts) {
  const auto whole =
      stored(raw_event("MessageSent", R"({"message_id":"m1","role":"user","text_bytes":5})",
                       R"({"parts":[{"type":"text","text":"hello"}]})"),
             0);
  const auto erased =
      core::OwnedEvent::decode(core::erase_content(whole.event(), support::hasher())).value();
  const auto decoded = SessionCodec().decode(erased.event());
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_TRUE(decoded->erased);
  const auto& event = std::get<MessageSent>(decoded->event);
  EXPECT_EQ(event.message_id, "m1");
  EXPECT_EQ(event.text_bytes, 5U);
  EXPECT_TRUE(event.parts.empty());
}

TEST(EventCodec, FactsAloneAreReadWithoutContent) {
  const auto event =
      raw_event("ResponseReceived", R"({"call_id":"c","message_id":"m","usage":{"input_text":3}})",
                R"({"parts":[{"type":"text","text":"x"}]})");
  const auto decoded = decode(event, SessionCodec{}, Want::facts);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(std::get<ResponseReceived>(decoded->event).usage->input_text, 3U);
  EXPECT_TRUE(std::get<ResponseReceived>(decoded->event).parts.empty());
}

TEST(EventCodec, FieldsAndWordsOfANewerWriterDoNotStopAReader) {
  const auto decoded =
      decode(raw_event("MessageSent", R"({"message_id":"m1","role":"oracle","mood":"good"})",
                       R"({"parts":[{"type":"smell","x":1}],"aura":[1]})"));
  ASSERT_TRUE(decoded) << decoded.error().message;
  const auto& event = std::get<MessageSent>(decoded->event);
  EXPECT_EQ(event.role, Role::other);
  EXPECT_EQ(event.parts[0].kind(), "smell");
  EXPECT_EQ(dump(decoded->unknown_facts), R"({"mood":"good"})");
  EXPECT_EQ(dump(decoded->unknown_content), R"({"aura":[1]})");

  const auto type = decode(raw_event("TelepathySent", "{}", "{}"));
  ASSERT_TRUE(type);
  EXPECT_EQ(std::get<Unrecognised>(type->event).type, "TelepathySent");
}

TEST(EventCodec, ANewerSchemaIsUnsupportedAndDamageIsCorruption) {
  const auto newer = decode(raw_event("SessionEnded", "{}", "{}", 2));
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, Errc::unsupported);
  const auto damaged = decode(raw_event("MessageSent", R"({"message_id":7})", "{}"));
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, Errc::corruption);
  EXPECT_NE(damaged.error().message.find("position 3"), std::string::npos);
}

TEST(EventCodec, OldPayloadsAreUpcastBeforeTheyAreRead) {
  // As if `role` had been called `sender` in schema 1 and `parts` a bare text in schema 2.
  const Upcasters upcasters(
      {{"MessageSent", 1,
        [](Json::Object& facts, Json::Object&) -> core::Status {
          for (auto& member : facts) {
            if (member.key == "sender") member.key = "role";
          }
          return core::Ok{};
        }},
       {"MessageSent", 2, [](Json::Object&, Json::Object& content) -> core::Status {
          for (auto& member : content) {
            if (member.key != "text") continue;
            Json::Array parts;
            parts.push_back(Part::make_text(*member.value.if_string()).json);
            member = {"parts", std::move(parts)};
          }
          return core::Ok{};
        }}});
  const SessionCodec codec(upcasters);
  EXPECT_EQ(codec.upcasters().current("MessageSent"), 3);
  EXPECT_EQ(codec.upcasters().current("SessionEnded"), 1);

  const auto first = decode(
      raw_event("MessageSent", R"({"message_id":"m1","sender":"system"})", R"({"text":"hi"})"),
      codec);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(std::get<MessageSent>(first->event).role, Role::system);
  EXPECT_EQ(plain_text(std::get<MessageSent>(first->event).parts), "hi");
  EXPECT_EQ(codec.encode(first->event).schema, 3);

  const auto second = decode(
      raw_event("MessageSent", R"({"message_id":"m1","role":"user"})", R"({"text":"yo"})", 2),
      codec);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(plain_text(std::get<MessageSent>(second->event).parts), "yo");
  EXPECT_FALSE(
      decode(raw_event("MessageSent", R"({"message_id":"m1","role":"user"})", R"({"parts":[]})", 4),
             codec));
}

// ---- reading what a client sends ----

TEST(EventCodec, StrictReadingNamesTheField) {
  const struct {
    const char* type;
    const char* facts;
    const char* content;
    const char* field;
  } cases[] = {
      {"MessageSent", R"({"message_id":"m","role":"user","x":1})", R"({"parts":[]})", "facts.x"},
      {"MessageSent", R"({"message_id":"m","role":"user"})", R"({"parts":[],"x":1})", "content.x"},
      {"MessageSent", R"({"message_id":"m","role":"user","role":"user"})", R"({"parts":[]})",
       "facts.role"},
      {"MessageSent", R"({"role":"user"})", R"({"parts":[]})", "facts.message_id"},
      {"MessageSent", R"({"message_id":"","role":"user"})", R"({"parts":[]})", "facts.message_id"},
      {"MessageSent", R"({"message_id":"m","role":"assistant"})", R"({"parts":[]})", "facts.role"},
      {"MessageSent", R"({"message_id":"m","role":"user"})", "{}", "content.parts"},
      {"MessageSent", R"({"message_id":"m","role":"user"})", R"({"parts":[{"type":"text"}]})",
       "content.parts[0].text"},
      {"MessageSent", R"({"message_id":"m","role":"user"})", R"({"parts":[tru]})",
       "content.parts[0]"},
      {"MessageSent", "[]", R"({"parts":[]})", "facts"},
      {"ResponseReceived", R"({"call_id":"c","message_id":"m","usage":{"input_text":-1}})",
       R"({"parts":[]})", "facts.usage.input_text"},
      {"ResponseReceived", R"({"call_id":"c","message_id":"m","usage":{"input_tokens":1}})",
       R"({"parts":[]})", "facts.usage.input_tokens"},
      {"ResponseReceived", R"({"call_id":"c","message_id":"m","choice":1,"usage":{}})",
       R"({"parts":[]})", "facts.usage"},
      {"ResponseReceived", R"({"call_id":"c","message_id":"m","choice":4294967296})",
       R"({"parts":[]})", "facts.choice"},
      {"SessionEnded", R"({"reason":"Ann left"})", "{}", "facts.reason"},
      {"Nonsense", "{}", "{}", "type"},
  };
  for (const auto& each : cases) {
    const auto event = SessionCodec().decode_strict(each.type, 1, each.facts, each.content);
    ASSERT_FALSE(event) << each.facts << each.content;
    EXPECT_EQ(event.error().code, Errc::invalid_argument);
    EXPECT_EQ(event.error().field, each.field) << event.error().message;
  }
  const std::string longest(kMaxFactTextBytes + 1, 'x');
  const auto event = SessionCodec().decode_strict(
      "MessageSent", 1, R"({"message_id":")" + longest + R"(","role":"user"})", R"({"parts":[]})");
  ASSERT_FALSE(event);
  EXPECT_EQ(event.error().field, "facts.message_id");
}

TEST(EventCodec, NullIsAsGoodAsAbsentWhereAFieldMayBeAbsent) {
  const auto event = SessionCodec().decode_strict(
      "MessageSent", 1, R"({"message_id":"m","role":"user","text_bytes":null})",
      R"({"parts":[],"name":null})");
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(std::get<MessageSent>(*event).text_bytes, std::nullopt);
  const auto arguments = SessionCodec().decode_strict(
      "ToolCalled", 1, R"({"tool_call_id":"t","message_id":"m","index":0,"tool":"x"})",
      R"({"arguments":null})");
  ASSERT_TRUE(arguments) << arguments.error().message;
  EXPECT_TRUE(std::get<ToolCalled>(*arguments).arguments.is_null());
}

}  // namespace
}  // namespace hansard::events
