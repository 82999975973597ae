// What holds for the events of every kind of stream: golden bytes, round trips, the README's list.
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <sstream>

#include "events/assignment/facts.h"
#include "events/erasure/facts.h"
#include "events/experiment/facts.h"
#include "events/keys/facts.h"
#include "events/prompt/facts.h"
#include "events/session/codec.h"
#include "events/session_spec.h"
#include "support/golden.h"

namespace hansard::events {
namespace {

template <class Variant>
class Vocabulary : public testing::Test {};
using Variants = testing::Types<SessionEvent, PromptEvent, ExperimentEvent, AssignmentEvent,
                                KeyEvent, ErasureEvent>;
TYPED_TEST_SUITE(Vocabulary, Variants);

core::OwnedEvent of_type(std::string_view type, std::string facts, std::string content) {
  core::NewEvent event;
  event.stream = support::stream("session-s1");
  event.type = std::string(type);
  event.id = support::event_id("raw");
  event.facts = std::move(facts);
  event.content = std::move(content);
  core::seal(event, support::hasher());
  return spec::stored(event, 3);
}

// ---- golden files ----

TYPED_TEST(Vocabulary, WritesTheGoldenBytesOfEveryType) {
  const Codec<TypeParam> codec;
  for (const auto& shape : Codec<TypeParam>::shapes()) {
    SCOPED_TRACE(shape.type);
    const auto text = support::golden("events/" + std::string(shape.type) + ".v1.json");
    const auto golden = parse_json(text);
    ASSERT_TRUE(golden) << golden.error().message;
    const std::string facts = dump(*golden->find("facts"));
    const std::string content = dump(*golden->find("content"));
    const auto event = codec.decode_strict(shape.type, 1, facts, content);
    ASSERT_TRUE(event) << event.error().message;
    const auto encoded = codec.encode(*event);
    EXPECT_EQ(encoded.type, shape.type);
    EXPECT_EQ(encoded.schema, 1);
    EXPECT_EQ(encoded.facts, facts);
    EXPECT_EQ(encoded.content, content);

    const auto owned = of_type(shape.type, facts, content);
    const auto decoded = codec.decode(owned.event());
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(codec.encode(decoded->event).facts, facts);
    EXPECT_EQ(codec.encode(decoded->event).content, content);
    EXPECT_TRUE(decoded->unknown_facts.empty() && decoded->unknown_content.empty());
  }
}

TEST(WhatAFilterRemoved, IsAFactOfTheEvent) {
  const auto golden = parse_json(support::golden("events/MessageSent.v1.filtered.json"));
  ASSERT_TRUE(golden) << golden.error().message;
  const std::string facts = dump(*golden->find("facts"));
  const std::string content = dump(*golden->find("content"));
  const SessionCodec codec;
  const auto event = codec.decode_strict("MessageSent", 1, facts, content);
  ASSERT_TRUE(event) << event.error().message;
  const auto& message = std::get<MessageSent>(*event);
  ASSERT_TRUE(message.filtered);
  EXPECT_EQ(dump(*message.filtered), R"({"email":1,"card":1})");
  EXPECT_EQ(codec.encode(*event).facts, facts);
}

TEST(WhatAFilterRemoved, IsCounted) {
  for (const std::string_view wrong : {R"("email")", R"([1])", R"({"email":"one"})"}) {
    const std::string facts =
        R"({"message_id":"m1","role":"user","filtered":)" + std::string(wrong) + "}";
    const auto event = SessionCodec().decode_strict("MessageSent", 1, facts, R"({"parts":[]})");
    ASSERT_FALSE(event) << wrong;
    EXPECT_NE(event.error().field.find("filtered"), std::string::npos) << event.error().field;
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
  void make(double& out) { out = static_cast<double>(below(1000)) / 7; }
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
std::variant<E...> random_event(Filler& filler, std::variant<E...>*) {
  std::variant<E...> event;
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

TYPED_TEST(Vocabulary, DecodingUndoesEncoding) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Filler filler(seed);
  const Codec<TypeParam> codec;
  std::set<std::string> seen;
  for (int i = 0; i < 3000; ++i) {
    const TypeParam event = random_event(filler, static_cast<TypeParam*>(nullptr));
    const auto encoded = codec.encode(event);
    seen.insert(std::string(encoded.type));
    const auto owned = of_type(encoded.type, encoded.facts, encoded.content);
    const auto decoded = codec.decode(owned.event());
    ASSERT_TRUE(decoded) << decoded.error().message << encoded.facts << encoded.content;
    ASSERT_EQ(decoded->event.index(), event.index());
    const auto again = codec.encode(decoded->event);
    ASSERT_EQ(again.facts, encoded.facts);
    ASSERT_EQ(again.content, encoded.content);
  }
  EXPECT_EQ(seen.size(), Codec<TypeParam>::shapes().size());
}

// ---- the field list and the README ----

std::vector<EventShape> every_shape() {
  std::vector<EventShape> all;
  for (const auto shapes :
       {SessionCodec::shapes(), PromptCodec::shapes(), ExperimentCodec::shapes(),
        AssignmentCodec::shapes(), KeyCodec::shapes(), ErasureCodec::shapes()}) {
    all.insert(all.end(), shapes.begin(), shapes.end());
  }
  return all;
}

TEST(EventFields, NamesAreUniqueWithinAnEvent) {
  for (const auto& shape : every_shape()) {
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
  for (const auto& shape : every_shape()) {
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
