// What a filter takes out of commands and records, everywhere that they can hold it.
#include "events/filter/filter.h"

#include <gtest/gtest.h>

#include "corpus.h"
#include "events/assignment/facts.h"
#include "events/session/decider.h"
#include "events/session/ids.h"
#include "events/session/step_body.h"
#include "events/session_spec.h"
#include "support/golden.h"

namespace hansard::events {
namespace {

/// Stands wherever a client may write a name, also where only `a-z 0-9 _ . -` may stand.
constexpr std::string_view kKey = "sk-ant-api03-abcdefghij1234567890";
constexpr std::string_view kAddress = "ann.secret@example.com";

std::unique_ptr<const Filter> made(FilterSettings settings) {
  auto filter = Filter::make(settings, spec::keyed_hash());
  EXPECT_TRUE(filter) << filter.error().message;
  return *std::move(filter);
}
std::unique_ptr<const Filter> with_all() { return made({{"email", "phone", "card", "key"}, {}}); }
FilterRule rule(std::string name, std::optional<std::string> pattern,
                std::optional<std::string> path = {}) {
  return {std::move(name), std::move(pattern), std::move(path), {}};
}

/// The step, filtered, as a client would have sent it.
template <class C>
std::string body(const Filter& filter, C command) {
  SessionStep step = std::move(command);
  filter.apply({}, step);
  return write_step({step, {}, false}).body;
}

std::string text_after(const Filter& filter, std::string_view text) {
  Json document = text;
  filter.clean({}, document);
  return *document.if_string();
}

// ---- what it puts in the place ----

TEST(Filters, PutTheNameOfTheRuleInThePlace) {
  const auto filter = with_all();
  EXPECT_EQ(text_after(*filter, "I am ann@example.com, pay 4111 1111 1111 1111!"),
            "I am [removed:email], pay [removed:card]!");
  SendMessage message = spec::say("m1", "call +49 30 1234567, password: hunter2");
  SessionStep step = message;
  filter->apply({}, step);
  const auto& said = std::get<SendMessage>(step);
  EXPECT_EQ(plain_text(said.parts), "call [removed:phone], password: [removed:key]");
  ASSERT_TRUE(said.filtered);
  EXPECT_EQ(dump(*said.filtered), R"({"key":1,"phone":1})");
  EXPECT_EQ(filter->counts()[1], (std::pair<std::string, std::uint64_t>{"phone", 1}));
}

TEST(Filters, ThatAreOffTouchNothing) {
  const auto filter = made({});
  EXPECT_FALSE(filter->on());
  EXPECT_EQ(text_after(*filter, "ann@example.com"), "ann@example.com");
  EXPECT_EQ(body(*filter, spec::say("m1", std::string(kKey))),
            write_step({spec::say("m1", std::string(kKey)), {}, false}).body);
}

TEST(Filters, ReadJsonWithinTexts) {
  const auto filter = with_all();
  EXPECT_EQ(text_after(*filter, R"({"to":"ann\u0040example.com","n":1.0})"),
            R"({"to":"[removed:email]","n":1.0})");
  EXPECT_EQ(text_after(*filter, R"({"a":"{\"to\":\"ann@example.com\"}"})"),
            R"({"a":"{\"to\":\"[removed:email]\"}"})");
  EXPECT_EQ(text_after(*filter, R"([{"phone":5551234567},{"card_number":4111111111111111}])"),
            R"([{"phone":"[removed:phone]"},{"card_number":"[removed:card]"}])");
  EXPECT_EQ(text_after(*filter, R"({"password":"x1y2z3","max_tokens":4111111111111111})"),
            R"({"password":"[removed:key]","max_tokens":4111111111111111})");
}

TEST(Filters, KeepArgumentsTheSameAsTextAndAsATree) {
  const auto filter = with_all();
  const std::string text = R"({"mail":"ann@example.com","password":"abc123","id":7})";
  Json tree = parse_json(text).value();
  filter->clean({}, tree);
  EXPECT_EQ(text_after(*filter, text), dump(tree));
}

TEST(Filters, KeepReferencesBetweenIdentifiers) {
  const auto filter = with_all();
  RecordResponse answer = spec::asking("c1", std::string(kAddress), {kKey.data()});
  SessionStep asked = answer;
  SessionStep called = spec::tool(std::string(kKey), std::string(kAddress), 0);
  filter->apply({}, asked);
  filter->apply({}, called);
  const auto& said = std::get<RecordResponse>(asked);
  const auto& call = std::get<CallTool>(called);
  EXPECT_TRUE(is_pseudonym(call.tool_call_id));
  EXPECT_TRUE(call.tool_call_id.starts_with("removed-key-"));
  EXPECT_EQ(said.parts[0].tool_call_id(), call.tool_call_id);
  EXPECT_EQ(said.message_id, *call.message_id);
  // Long numbers are names here.
  EXPECT_EQ(body(*filter, spec::say("4111111111111111", "x")).find("removed"), std::string::npos);
}

TEST(Filters, LeaveThoseWhoAskFindable) {
  const auto filter = with_all();
  CreateSession create = spec::create(std::string(kAddress));
  create.tags = {{"desk", "+49 30 1234567"}};
  SessionCommand command{{}, create};
  filter->apply({}, command);
  const auto& said = std::get<CreateSession>(command.body);
  EXPECT_TRUE(is_pseudonym(*said.user)) << *said.user;
  EXPECT_TRUE(is_pseudonym(said.tags[0].second));
  const auto events =
      spec::decider().decide({}, {}, support::stream("session-s1"), command).value();
  const auto event = std::get<SessionCreated>(spec::decoded(events[0]));
  EXPECT_EQ(event.user_hash, user_hash({}, kAddress, spec::keyed_hash()));
  EXPECT_EQ(event.tag_hashes[0].second, tag_hash({}, "desk", "+49 30 1234567", spec::keyed_hash()));
  EXPECT_EQ(dump(*event.filtered), R"({"email":1,"phone":1})");
}

TEST(Filters, NameSessionsByWhatNamesTheirStreams) {
  const auto filter = with_all();
  const auto stream = session_stream({}, kKey, spec::keyed_hash()).value();
  EXPECT_EQ(stream.text().find(kKey), std::string::npos);
  CreateSession create;
  create.session_id = std::string(kKey);
  create.parent = Parent{std::string(kAddress), 3, {}};
  SessionCommand command{{}, create};
  filter->apply({}, command);
  const auto events = spec::decider().decide({}, {}, stream, command);
  ASSERT_TRUE(events) << events.error().message;
  const auto event = std::get<SessionCreated>(spec::decoded((*events)[0]));
  EXPECT_TRUE(is_pseudonym(*event.session_id));
  EXPECT_EQ(event.parent->session, session_stream({}, kAddress, spec::keyed_hash())->name());
}

TEST(Filters, LetAForkBeFoundByItsId) {
  const auto filter = with_all();
  ForkSession fork = spec::fork(std::string(kAddress), 0);
  fork.user = "bob@example.com";
  fork.comment = "mail ann@example.com";
  SessionStep step = fork;
  filter->apply({}, step);
  const auto child = session_stream({}, kAddress, spec::keyed_hash()).value();
  SessionState state;
  state.next_version = 1;
  const auto events =
      spec::decider().decide(state, {}, support::stream("session-s1"), SessionCommand{{}, step});
  ASSERT_TRUE(events) << events.error().message;
  ASSERT_EQ(events->size(), 2U);
  EXPECT_EQ((*events)[1].stream, child);
  const auto forked = std::get<SessionForked>(spec::decoded((*events)[0]));
  const auto begun = std::get<SessionCreated>(spec::decoded((*events)[1]));
  EXPECT_EQ(dump(*forked.filtered), R"({"email":1})");
  EXPECT_EQ(dump(*begun.filtered), R"({"email":2})");
  EXPECT_EQ(begun.user_hash, user_hash({}, "bob@example.com", spec::keyed_hash()));
}

// ---- rules of one's own ----

TEST(Rules, TakeOutMatchesAndPlaces) {
  FilterSettings settings;
  settings.rules = {rule("badge", "B-[0-9]{4}"), rule("ssn", {}, "**.ssn"),
                    rule("plan", "gold|silver", "metadata.plan")};
  const auto filter = made(settings);
  SendMessage message = spec::say("m1", "badge B-1234 of gold");
  message.metadata = Json::Object{{"ssn", 123456789}, {"plan", "gold member"}, {"n", nullptr}};
  EXPECT_EQ(body(*filter, message),
            R"({"message_id":"m1","role":"user","parts":[{"type":"text","text":)"
            R"("badge [removed:badge] of gold"}],"metadata":{"ssn":"[removed:ssn]",)"
            R"("plan":"[removed:plan] member","n":null}})");
  CallTool call = spec::tool("t1", "m1", 0);
  call.arguments = R"({"who":{"ssn":"x"}})";
  EXPECT_NE(body(*filter, call).find(R"({\"who\":{\"ssn\":\"[removed:ssn]\"}})"),
            std::string::npos);
}

TEST(Rules, HoldForTheirProject) {
  FilterSettings settings;
  settings.rules = {{"badge", "B-[0-9]{4}", {}, "acme"}};
  const auto filter = made(settings);
  Json here = "B-1234";
  EXPECT_FALSE(filter->clean({}, here));
  EXPECT_TRUE(filter->clean(core::ProjectId::parse("acme").value(), here));
}

TEST(Rules, ThatAreWrongSayWhere) {
  const auto error = [](FilterSettings settings) {
    const auto filter = Filter::make(settings, spec::keyed_hash());
    return filter ? std::string("none") : filter.error().field;
  };
  EXPECT_EQ(error({{"email", "mail"}, {}}), "detect[1]");
  EXPECT_EQ(error({{"email", "email"}, {}}), "detect[1]");
  EXPECT_EQ(error({{}, {rule("A", "x")}}), "rules[0].name");
  EXPECT_EQ(error({{}, {rule("a", {})}}), "rules[0].pattern");
  EXPECT_EQ(error({{}, {rule("a", "x"), rule("b", "(")}}), "rules[1].pattern");
  EXPECT_EQ(error({{}, {rule("a", "x*")}}), "rules[0].pattern");
  EXPECT_EQ(error({{}, {rule("a", {}, "x[")}}), "rules[0].path");
  EXPECT_EQ(error({{}, {{"a", "x", {}, "no project!"}}}), "rules[0].project");
}

TEST(Rules, MayMatchWhatTheyPutThere) {
  FilterSettings settings;
  settings.detect = {"email"};
  settings.rules = {rule("words", "[a-z]+"), rule("all", ".")};
  const auto filter = made(settings);
  const std::string once = text_after(*filter, "ab C [removed:email] [removed: x]");
  EXPECT_EQ(text_after(*filter, once), once);
}

// ---- again ----

TEST(Filters, ChangeNothingTheSecondTime) {
  constexpr std::uint32_t kSeed = 7;
  corpus::Maker maker(kSeed);
  const auto filter = with_all();
  for (int i = 0; i < 4000; ++i) {
    std::string text;
    for (int k = 0; k < 3; ++k) {
      const auto sample = i % 5 == 0   ? maker.nothing()
                          : i % 5 == 1 ? maker.email()
                          : i % 5 == 2 ? maker.phone()
                          : i % 5 == 3 ? maker.card()
                                       : maker.key();
      text += sample.text + (k % 2 == 0 ? " " : "");
    }
    SessionStep step = spec::say("m1", text);
    filter->apply({}, step);
    SessionStep again = step;
    filter->apply({}, again);
    const auto& once = std::get<SendMessage>(step);
    const auto& twice = std::get<SendMessage>(again);
    ASSERT_EQ(plain_text(once.parts), plain_text(twice.parts)) << "seed " << kSeed << ", " << i;
    ASSERT_EQ(once.filtered.has_value(), twice.filtered.has_value());
    if (once.filtered) {
      ASSERT_EQ(dump(*once.filtered), dump(*twice.filtered));
    }
  }
}

// ---- planted everywhere ----

/// Writes a secret into every field that can hold one, by the command's own list of fields.
struct Planter {
  std::string_view secret;
  int planted = 0;

  void make(std::string& out) {
    out = secret;
    ++planted;
  }
  void make(Json& out) {
    Json object = Json::Object{};
    object.add("deep", Json::Array{Json(secret)});
    object.add("as text", "{\"x\":\"" + std::string(secret) + "\"}");
    object.add("some_id", secret);
    object.add(std::string(secret), 1);
    out = std::move(object);
    ++planted;
  }
  void make(PromptVersion& out) { make(out.text); }
  void make(StringMap& out) {
    out = {{std::string(secret), std::string(secret)}};
    ++planted;
  }
  void make(Part& out) {
    out = Part::make_text("see " + std::string(secret) + ", please");
    out.json.add("more", secret);
    ++planted;
  }
  template <class T>
  requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void make(T&) {}
  template <class T>
  void make(std::optional<T>& out) {
    make(out.emplace());
  }
  template <class T>
  void make(std::vector<T>& out) {
    make(out.emplace_back());
  }
  template <class T>
  requires requires(T& t) { T::fields(std::declval<Planter&>()); }
  void make(T& out);
};

template <class T>
struct PlantIn {
  Planter& planter;
  T& out;
  template <class M, class... Mark>
  void fact(std::string_view, M member, Mark...) {
    planter.make(out.*member);
  }
  template <class M>
  void derived(std::string_view, M) {}
  template <class M>
  void content(std::string_view, M member) {
    planter.make(out.*member);
  }
  template <class M>
  void field(std::string_view, M member) {
    planter.make(out.*member);
  }
};

template <class T>
requires requires(T& t) { T::fields(std::declval<Planter&>()); }
void Planter::make(T& out) {
  PlantIn<T> in{*this, out};
  T::fields(in);
}

template <class C>
void plant(Planter& planter, C& command) {
  PlantIn<C> in{planter, command};
  C::fields(in);
}

/// What a command must be to be taken, whatever stands in it.
template <class C>
void settle(C& command, std::string_view secret) {
  const Json listed = Json::Array{Json(Json::Object{{"name", secret}})};
  if constexpr (std::is_same_v<C, ConfigureSession>) command.tools = listed;
  if constexpr (std::is_same_v<C, RequestResponse>) {
    command.tools = listed;
    VariantAssigned assigned;
    assigned.experiment = secret;
    assigned.variant = secret;
    assigned.unit = secret;
    command.exposure = Exposure{"0123456789abcdef0123456789abcdef", assigned};
  }
  if constexpr (std::is_base_of_v<ScoreRecorded, C>) {
    command.value = secret;
    command.target_kind = TargetKind::message;
  }
  if constexpr (std::is_same_v<C, ForkSession>) {
    command.at_message.reset();
    command.at_version = 0;
  }
  if constexpr (requires { command.attempt; }) command.attempt = 1;
  if constexpr (requires { command.index; }) command.index = 0;
}

void expect_clean(const std::vector<core::NewEvent>& events, std::string_view secret,
                  std::string_view what) {
  for (const core::NewEvent& event : events) {
    for (const std::string_view bytes :
         {std::string_view(event.stream.text()), std::string_view(event.type),
          std::string_view(event.facts), std::string_view(event.content)}) {
      EXPECT_EQ(bytes.find(secret), std::string_view::npos) << what << ": " << bytes;
    }
  }
}

template <class C>
void plant_and_decide(const Filter& filter, std::string_view secret) {
  Planter planter{secret};
  C step;
  plant(planter, step);
  settle(step, secret);
  EXPECT_GT(planter.planted, 0);
  Record record;
  plant(planter, record.create);
  record.create.session_id.reset();
  record.steps.push_back({std::move(step), {}, false});
  SessionCommand command{{}, std::move(record)};
  filter.apply({}, command);
  const auto events = spec::decider().decide({}, {}, support::stream("session-s1"), command);
  ASSERT_TRUE(events) << typeid(C).name() << ": " << events.error().message;
  EXPECT_GE(events->size(), 1U);
  expect_clean(*events, secret, typeid(C).name());
  // The same command again is the same events.
  SessionCommand again = command;
  filter.apply({}, again);
  const auto same = spec::decider().decide({}, {}, support::stream("session-s1"), again).value();
  for (std::size_t i = 0; i < events->size(); ++i) {
    EXPECT_EQ(same[i].facts, (*events)[i].facts);
    EXPECT_EQ(same[i].content, (*events)[i].content);
    EXPECT_NE((*events)[i].facts.find("\"filtered\":"), std::string::npos)
        << (*events)[i].type << " does not say what was taken out of it";
  }
}

template <class... C>
void plant_in_each(std::variant<C...>*, const Filter& filter, std::string_view secret) {
  (plant_and_decide<C>(filter, secret), ...);
}

TEST(PlantedSecrets, ReachNoFieldOfAnyCommand) {
  const auto filter = with_all();
  for (const std::string_view secret : {kKey, kAddress}) {
    plant_in_each(static_cast<SessionStep*>(nullptr), *filter, secret);
  }
}

TEST(PlantedSecrets, ReachNoFieldOfAUnitsCommands) {
  const auto filter = with_all();
  for (const std::string_view secret : {kKey, kAddress}) {
    Planter planter{secret};
    ExposeUnit expose;
    plant(planter, expose);
    RecordOutcome outcome;
    plant(planter, outcome);
    outcome.value = secret;
    for (AssignmentCommand command :
         {AssignmentCommand{{}, expose}, AssignmentCommand{{}, outcome}}) {
      filter->apply({}, command);
      const EncodedEvent encoded = std::visit(
          [](const auto& step) {
            return assignment_codec().encode([&]() -> AssignmentEvent {
              if constexpr (std::is_base_of_v<VariantAssigned, std::decay_t<decltype(step)>>) {
                return static_cast<const VariantAssigned&>(step);
              } else {
                return static_cast<const OutcomeRecorded&>(step);
              }
            }());
          },
          command.step);
      EXPECT_EQ((encoded.facts + encoded.content).find(secret), std::string::npos)
          << encoded.facts << encoded.content;
      EXPECT_NE(encoded.facts.find("\"filtered\":"), std::string::npos);
    }
  }
}

/// Every text in a tree, one after the other, and every key.
void each_text(Json& tree, const std::function<void(std::string&)>& call) {
  if (std::string* text = tree.if_string()) {
    call(*text);
  } else if (auto* array = tree.if_array()) {
    for (Json& element : *array) each_text(element, call);
  } else if (auto* object = tree.if_object()) {
    for (Json::Member& member : *object) each_text(member.value, call);
  }
}

TEST(PlantedSecrets, ReachNoFieldOfARawRecord) {
  const auto filter = with_all();
  int tried = 0;
  std::vector<EventShape> shapes(SessionCodec::shapes().begin(), SessionCodec::shapes().end());
  for (const EventShape& shape : AssignmentCodec::shapes()) shapes.push_back(shape);
  for (const EventShape& shape : shapes) {
    const auto golden =
        parse_json(support::golden("events/" + std::string(shape.type) + ".v1.json")).value();
    int texts = 0;
    Json counted = golden;
    each_text(counted, [&](std::string&) { ++texts; });
    for (int place = 0; place < texts; ++place) {
      for (const std::string_view secret : {kKey, kAddress}) {
        Json planted = golden;
        int at = 0;
        each_text(planted, [&](std::string& text) {
          if (at++ == place) text = secret;
        });
        core::NewEvent event;
        event.stream =
            support::stream(is_session_event(shape.type) ? "session-s1" : "assignment-0123456789");
        event.type = std::string(shape.type);
        event.facts = dump(*planted.find("facts"));
        event.content = dump(*planted.find("content"));
        const bool taken =
            is_session_event(event.type)
                ? bool(SessionCodec().decode_strict(event.type, 1, event.facts, event.content))
                : bool(assignment_codec().decode_strict(event.type, 1, event.facts, event.content));
        if (!taken) continue;  // a word of a closed set, or the type of a part
        ++tried;
        const auto status = filter->apply({}, event, "records[0]");
        ASSERT_TRUE(status) << status.error().message;
        expect_clean({event}, secret, shape.type);
        const std::string facts = event.facts;
        ASSERT_TRUE(filter->apply({}, event, "records[0]"));
        EXPECT_EQ(event.facts, facts);
      }
    }
  }
  EXPECT_GT(tried, 200);
}

TEST(PlantedSecrets, ReachNoCustomRecordAndNoNameOfAStream) {
  const auto filter = with_all();
  core::NewEvent event;
  event.stream = support::stream("custom-x");
  event.type = "Noted";
  event.facts = R"({"who":"ann@example.com","n":1})";
  event.content = R"({"text":"call +49 30 1234567","password":"abc123"})";
  ASSERT_TRUE(filter->apply({}, event, "records[0]"));
  EXPECT_EQ(event.facts.find("ann@"), std::string::npos);
  EXPECT_EQ(event.content, R"({"text":"call [removed:phone]","password":"[removed:key]"})");
  EXPECT_NE(event.facts.find(R"("filtered":{"email":1,"key":1,"phone":1})"), std::string::npos)
      << event.facts;
  event.stream = support::stream("custom-" + std::string(kKey));
  const auto refused = filter->apply({}, event, "records[4]");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().field, "records[4].stream");
}

}  // namespace
}  // namespace hansard::events
