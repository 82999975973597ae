#include "events/session/codec.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <sstream>

#include "events/session_spec.h"
#include "support/golden.h"

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

// ---- golden files ----

TEST(EventCodec, WritesTheGoldenBytesOfEveryType) {
  for (const auto& shape : session_event_shapes()) {
    SCOPED_TRACE(shape.type);
    const auto text = support::golden("events/" + std::string(shape.type) + ".v1.json");
    const auto golden = parse_json(text);
    ASSERT_TRUE(golden) << golden.error().message;
    const std::string facts = dump(*golden->find("facts"));
    const std::string content = dump(*golden->find("content"));
    const SessionCodec codec;
    const auto event = codec.decode_strict(shape.type, 1, facts, content);
    ASSERT_TRUE(event) << event.error().message;
    const auto encoded = codec.encode(*event);
    EXPECT_EQ(encoded.type, shape.type);
    EXPECT_EQ(encoded.schema, 1);
    EXPECT_EQ(encoded.facts, facts);
    EXPECT_EQ(encoded.content, content);

    const auto decoded = decode(raw_event(std::string(shape.type), facts, content));
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(codec.encode(decoded->event).facts, facts);
    EXPECT_EQ(codec.encode(decoded->event).content, content);
    EXPECT_TRUE(decoded->unknown_facts.empty() && decoded->unknown_content.empty());
  }
}

// ---- round trips ----

/// Fills every listed field of an event, or leaves optional ones out, at random.
class Filler {
 public:
  explicit Filler(std::uint32_t seed) : random_(seed) {}
  std::size_t below(std::size_t n) { return random_() % n; }
  template <class E, class T, class... Mark>
  void fill(E& event, T E::*member) {
    make(event.*member);
  }
  void make(std::string& out) {
    static const char* const kTexts[] = {"a", "caf\xC3\xA9", "x\"y\\z", "line\nbreak", "7", "\x01"};
    out = kTexts[below(6)];
  }
  void make(bool& out) { out = below(2) == 0; }
  void make(std::uint32_t& out) { out = 1 + static_cast<std::uint32_t>(random_()) % 1000000; }
  void make(std::uint64_t& out) { out = (std::uint64_t{random_()} << 32) | random_(); }
  void make(Json& out) {
    switch (below(4)) {
      case 0:
        out = Json::Object{{"k", Json::Number{"1e400"}}, {"k", nullptr}};
        break;
      case 1:
        out = Json::Array{1, "two", false};
        break;
      case 2:
        out = "text";
        break;
      default:
        out = Json::Number{"-0.50"};
    }
  }
  void make(PromptVersion& out) {
    if (below(2) == 0) {
      out = std::uint64_t{below(9)};
    } else {
      out = "1.0." + std::to_string(below(9));
    }
  }
  void make(Part& out) {
    out = below(2) == 0 ? Part::make_text("t") : Part::make_tool_call("id", 3);
  }
  void make(StringMap& out) {
    for (auto n = below(3); n > 0; --n) out.emplace_back("k" + std::to_string(n), "v");
  }
  template <class T>
  void make(std::vector<T>& out) {
    out.resize(below(4));
    for (auto& each : out) make(each);
  }
  template <class T>
  void make(std::optional<T>& out) {
    if (below(2) == 0) return;
    make(out.emplace());
  }
  template <class T>
  requires std::is_enum_v<T>
  void make(T& out) { out = static_cast<T>(below(kWords<T>.size())); }
  template <class T>
  requires requires(T& t) { t.fields(std::declval<Filler&>()); }
  void make(T& out);

 private:
  std::mt19937 random_;
};

template <class T>
struct FillAll {
  Filler& filler;
  T& out;
  template <class M, class... Mark>
  void fact(std::string_view, M T::*member, Mark...) {
    filler.make(out.*member);
  }
  template <class M>
  void derived(std::string_view, M T::*member) {
    filler.make(out.*member);
  }
  template <class M>
  void content(std::string_view, M T::*member) {
    filler.make(out.*member);
  }
  template <class M>
  void field(std::string_view, M T::*member) {
    filler.make(out.*member);
  }
};

template <class T>
requires requires(T& t) { t.fields(std::declval<Filler&>()); }
void Filler::make(T& out) {
  FillAll<T> all{*this, out};
  T::fields(all);
}

template <class... E>
SessionEvent random_event(Filler& filler, std::variant<E...>*) {
  SessionEvent event;
  std::size_t pick = filler.below(sizeof...(E) - 1);
  const auto make = [&]<class T>(T*) {
    if constexpr (!std::is_same_v<T, Unrecognised>) {
      if (pick-- != 0) return;
      T made;
      FillAll<T> all{filler, made};
      T::fields(all);
      event = std::move(made);
    }
  };
  (make(static_cast<E*>(nullptr)), ...);
  return event;
}

TEST(EventCodec, DecodingUndoesEncoding) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Filler filler(seed);
  const SessionCodec codec;
  std::set<std::string> seen;
  for (int i = 0; i < 3000; ++i) {
    const SessionEvent event = random_event(filler, static_cast<SessionEvent*>(nullptr));
    const auto encoded = codec.encode(event);
    seen.insert(std::string(encoded.type));
    const auto decoded =
        decode(raw_event(std::string(encoded.type), encoded.facts, encoded.content));
    ASSERT_TRUE(decoded) << decoded.error().message << encoded.facts << encoded.content;
    ASSERT_EQ(decoded->event.index(), event.index());
    const auto again = codec.encode(decoded->event);
    ASSERT_EQ(again.facts, encoded.facts);
    ASSERT_EQ(again.content, encoded.content);
  }
  EXPECT_EQ(seen.size(), session_event_shapes().size());
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

// ---- the field list and the README ----

TEST(EventFields, NamesAreUniqueWithinAnEvent) {
  for (const auto& shape : session_event_shapes()) {
    std::set<std::string> names;
    for (const auto& field : shape.fields) {
      EXPECT_TRUE(names.insert(field.name).second) << shape.type << "." << field.name;
    }
  }
}

/// The rows `| Type | facts | content |` of the README, derived facts marked with `*`.
std::string readme_row(const EventShape& shape) {
  std::string facts;
  std::string content;
  for (const auto& field : shape.fields) {
    std::string& list = field.place == FieldPlace::fact ? facts : content;
    if (!list.empty()) list += ", ";
    list += field.name + (field.derived ? "*" : "");
  }
  return "| `" + std::string(shape.type) + "` | " + facts + " | " + content + " |";
}

TEST(EventFields, TheReadmeListsEveryFieldOfEveryEventAsFactOrContent) {
  const std::string readme =
      support::read_file(std::string(HANSARD_SOURCE_DIR) + "/events/README.md");
  std::set<std::string> expected;
  for (const auto& shape : session_event_shapes()) {
    expected.insert(readme_row(shape));
    EXPECT_NE(readme.find(readme_row(shape) + "\n"), std::string::npos)
        << "events/README.md lacks the row\n"
        << readme_row(shape);
  }
  std::istringstream lines(readme);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("| `", 0) != 0 || line.size() < 4 ||
        std::isupper(static_cast<unsigned char>(line[3])) == 0)
      continue;
    EXPECT_TRUE(expected.contains(line)) << "no event looks like this row\n" << line;
  }
}

}  // namespace
}  // namespace hansard::events
