#include <gtest/gtest.h>

#include "core/in_memory_event_log.h"
#include "events/equivalence.h"
#include "events/session_spec.h"
#include "support/log.h"

namespace hansard::events::spec {
namespace {

using core::Errc;

// ---- beginning ----

TEST(Session, IsCreatedOnceAndTheSameCreationIsTheSameEvent) {
  Spec().when(create("ann")).then({"SessionCreated"});
  Spec().given({create("ann")}).when(create("ann")).then_again({0});
}

TEST(Session, ASecondCreationWithOtherFieldsKeepsTheIdSoThatTheLogRefusesIt) {
  Spec spec;
  spec.given({create("ann")}).when(create("bob")).then({"SessionCreated"});
  EXPECT_EQ(spec.records()[0].id, spec.history()[0].id);
  EXPECT_NE(spec.records()[0].content, spec.history()[0].content);
}

TEST(Session, KeepsUserAndTagsInContentAndTheirKeyedHashesInFacts) {
  CreateSession command = create("ann");
  command.tags = {{"plan", "gold"}, {"copy", "gold"}};
  Spec spec;
  const auto event = spec.when(command).made<SessionCreated>();
  EXPECT_EQ(event.user_hash, user_hash({}, "ann", keyed_hash()));
  ASSERT_EQ(event.tag_hashes.size(), 2U);
  EXPECT_NE(event.tag_hashes[0].second, event.tag_hashes[1].second)
      << "equal values under two keys";
  const auto& facts = spec.records()[0].facts;
  EXPECT_EQ(facts.find("ann"), std::string::npos);
  EXPECT_EQ(facts.find("gold"), std::string::npos);
}

TEST(Session, IgnoresHashesThatAClientClaims) {
  CreateSession command = create("ann");
  command.user_hash = "made up";
  command.tag_hashes = {{"plan", "made up"}};
  const auto event = Spec().when(command).made<SessionCreated>();
  EXPECT_EQ(event.user_hash, user_hash({}, "ann", keyed_hash()));
  EXPECT_TRUE(event.tag_hashes.empty());
}

TEST(Session, AnIdThatIsNoPlainNameBecomesAHashAndIsKeptInContent) {
  const auto stream = session_stream({}, "ann@example.com/1", keyed_hash());
  ASSERT_TRUE(stream);
  EXPECT_EQ(stream->text().find("ann"), std::string::npos);
  EXPECT_EQ(session_stream({}, "ann@example.com/1", keyed_hash())->text(), stream->text());
  CreateSession command = create();
  command.session_id = "ann@example.com/1";
  EXPECT_EQ(Spec(stream->text()).when(command).made<SessionCreated>().session_id,
            "ann@example.com/1");
  command.session_id = "s1";
  EXPECT_EQ(Spec().when(command).made<SessionCreated>().session_id, std::nullopt);
  command.session_id = "s2";
  Spec().when(command).then_error(Errc::invalid_argument, "session_id");
  EXPECT_FALSE(session_stream({}, "", keyed_hash()));
  EXPECT_FALSE(session_stream({}, std::string(2000, 'x'), keyed_hash()));
}

TEST(Session, TypedCommandsNeverCreateASession) {
  for (const Command& command :
       {Command(say("m1", "hi")), Command(ask("c1")), Command(answer("c1", "m1")),
        Command(fail("c1")), Command(tool("t1")), Command(result("t1")), Command(end()),
        Command(reopen()), Command(score("s1")), Command(fork("s2", 0)),
        Command(ConfigureSession{}),
        Command(OptimizeContext{{"trim", {}, {}, {}, {}, {}, {}, {}, {}}, ""})}) {
    Spec().when(command).then_error(Errc::not_found);
  }
}

// ---- messages ----

TEST(Session, RecordsAMessageWithItsSizes) {
  const auto event = Spec().given({create()}).when(say("m1", "hello")).made<MessageSent>();
  EXPECT_EQ(event.message_id, "m1");
  EXPECT_EQ(event.text_bytes, 5U);
  EXPECT_EQ(event.parts_count, 1U);
}

TEST(Session, RetryAfterTheEndStillReachesTheLog) {
  Spec().given({create(), say("m1", "hello"), end()}).when(say("m1", "hello")).then_again({1});
}

TEST(Session, EndedSessionRejectsNewMessages) {
  Spec().given({create(), end()}).when(say("m2", "more")).then_error(Errc::rejected);
  Spec().given({create(), end()}).when(ask("c1")).then_error(Errc::rejected);
  Spec().given({create(), end()}).when(answer("c1", "m1")).then_error(Errc::rejected);
  Spec().given({create(), end()}).when(fail("c1")).then_error(Errc::rejected);
  Spec().given({create(), end()}).when(tool("t", "m", 0)).then_error(Errc::rejected);
  Spec().given({create(), end()}).when(result("t")).then_error(Errc::rejected);
}

TEST(Session, AMessageIdNamesOneMessage) {
  Spec()
      .given({create(), answer("c1", "m1")})
      .when(say("m1", "x"))
      .then_error(Errc::rejected, "message_id");
  Spec()
      .given({create(), say("m1", "x")})
      .when(answer("c1", "m1"))
      .then_error(Errc::rejected, "message_id");
}

TEST(Session, AMessageAppendedUnderAnotherEventIdIsNotRecordedTwice) {
  MessageSent event;
  event.message_id = "m1";
  Spec()
      .given({create()})
      .given_appended(event)
      .when(say("m1", "x"))
      .then_error(Errc::rejected, "message_id");
}

TEST(Session, MalformedMessagesNameTheField) {
  Spec().given({create()}).when(say("", "x")).then_error(Errc::invalid_argument, "message_id");
  Spec()
      .given({create()})
      .when(say(std::string(5000, 'm'), "x"))
      .then_error(Errc::invalid_argument, "message_id");
  SendMessage command = say("m1", "x");
  command.parts.push_back({Json("text")});
  Spec().given({create()}).when(command).then_error(Errc::invalid_argument, "parts[1]");
  command.parts[1].json = Json::Object{{"type", "text"}};
  Spec().given({create()}).when(command).then_error(Errc::invalid_argument, "parts[1].text");
}

// ---- calls ----

TEST(Session, AnAnswerNeedsNoRecordedRequest) {
  Spec().given({create()}).when(answer("c1", "m1")).then({"ResponseReceived"});
}

TEST(Session, ARetriedAnswerIsTheSameEventWhateverHappenedSince) {
  Spec()
      .given({create(), ask("c1"), answer("c1", "m1"), say("m2", "x"), end()})
      .when(answer("c1", "m1"))
      .then_again({2});
}

TEST(Session, SeveralChoicesAreSeveralAnswersWithUsageOnTheFirstOnly) {
  Spec()
      .given({create(), ask("c1"), answer("c1", "m1")})
      .when(answer("c1", "m2", "b", 1))
      .then({"ResponseReceived"});
  RecordResponse second = answer("c1", "m2", "b", 1);
  second.usage = Usage{};
  Spec().given({create()}).when(second).then_error(Errc::invalid_argument, "usage");
}

TEST(Session, AnotherAnswerForTheSameChoiceHasTheSameIdSoThatTheLogRefusesIt) {
  Spec spec;
  spec.given({create(), answer("c1", "m1")}).when(answer("c1", "m9")).then({"ResponseReceived"});
  EXPECT_EQ(spec.records()[0].id, spec.history()[1].id);
}

TEST(Session, AFailedAttemptNeedsAnotherRequestBeforeAnAnswer) {
  Spec()
      .given({create(), ask("c1"), fail("c1")})
      .when(answer("c1", "m1"))
      .then_error(Errc::rejected, "call_id");
  Spec()
      .given({create(), ask("c1"), fail("c1"), ask("c1", 2)})
      .when(answer("c1", "m1"))
      .then({"ResponseReceived"});
  Spec().given({create(), fail("c1")}).when(answer("c1", "m1")).then({"ResponseReceived"});
}

TEST(Session, AnAnsweredCallNeitherFailsNorIsAskedAgain) {
  Spec()
      .given({create(), ask("c1"), answer("c1", "m1")})
      .when(fail("c1"))
      .then_error(Errc::rejected, "call_id");
  Spec()
      .given({create(), ask("c1"), answer("c1", "m1")})
      .when(ask("c1", 2))
      .then_error(Errc::rejected, "call_id");
  Spec().given({create(), ask("c1"), answer("c1", "m1")}).when(ask("c1")).then_again({1});
}

TEST(Session, AttemptsAreCountedFromOneAndGoUp) {
  Spec().given({create()}).when(ask("c1", 0)).then_error(Errc::invalid_argument, "attempt");
  Spec().given({create(), ask("c1", 2)}).when(ask("c1", 1)).then_error(Errc::rejected, "attempt");
  Spec().given({create(), ask("c1")}).when(fail("c1", 2)).then_error(Errc::rejected, "attempt");
}

TEST(Session, OfferedToolsAreStoredOnceAndNotPerCall) {
  RequestResponse with_tools = ask("c1");
  with_tools.tools = Json::Array{Json::Object{{"name", "lookup"}}};
  Spec spec;
  spec.given({create()}).when(with_tools).then({"SessionConfigured", "ResponseRequested"});
  const auto configured = spec.made<SessionConfigured>(0);
  EXPECT_EQ(configured.tools_count, 1U);
  EXPECT_EQ(spec.made<ResponseRequested>(1).tools_hash, configured.tools_hash);
  EXPECT_EQ(spec.records()[1].content, "{}");

  Spec again;
  again.given({create(), with_tools});
  again.when(with_tools).then_again({2});
  with_tools.call_id = "c2";
  again.when(with_tools).then({"ResponseRequested"});
  with_tools.tools = Json::Array{};
  again.when(with_tools).then({"SessionConfigured", "ResponseRequested"});
}

// ---- end, scores, context ----

TEST(Session, AnEndAskedForTwiceIsTheSameEnd) {
  Spec().given({create(), end()}).when(end()).then_again({1});
  Spec spec;
  spec.given({create(), end(), reopen()}).when(end()).then({"SessionEnded"});
  EXPECT_NE(spec.records()[0].id, spec.history()[1].id) << "the second end is another event";
}

TEST(Session, OnlyAnEndedSessionIsReopened) {
  Spec().given({create()}).when(reopen()).then_error(Errc::rejected);
  Spec().given({create(), end()}).when(reopen()).then({"SessionReopened"});
  Spec().given({create(), end(), reopen()}).when(reopen()).then_again({2});
  Spec().given({create(), end(), reopen()}).when(say("m1", "back")).then({"MessageSent"});
}

TEST(Session, AReasonIsAShortIdentifierBecauseFactsCannotBeErased) {
  Spec().given({create()}).when(end("Ann was rude")).then_error(Errc::invalid_argument, "reason");
  Spec()
      .given({create()})
      .when(end(std::string(65, 'a')))
      .then_error(Errc::invalid_argument, "reason");
  Spec().given({create()}).when(end("user_left.v1-x")).then({"SessionEnded"});
}

TEST(Session, AnAnswerThatMayHaveGrownIsKeptBesideTheOneRecorded) {
  RecordResponse grown = answer("c1", "m1", "Let me see.");
  grown.may_have_grown = true;
  Spec spec;
  spec.given({create(), grown}).when(grown).then_again({1});
  RecordResponse more = grown;
  more.parts.push_back(Part::make_text("Here it is."));
  spec.when(more).then({"RecordAttached"});
  const auto kept = spec.made<RecordAttached>();
  EXPECT_EQ(kept.kind, "answer.again");
  EXPECT_EQ(dump(*kept.record.find("content")->find("parts")),
            R"([{"type":"text","text":"Let me see."},{"type":"text","text":"Here it is."}])");
  spec.given({more}).when(recording({more})).then({"RecordAttached"});
  EXPECT_EQ(spec.records()[0].id, spec.history()[2].id) << "a repeat is the same event";
  more.may_have_grown = false;
  spec.when(recording({more})).then({"ResponseReceived"});
  EXPECT_EQ(spec.records()[0].id, spec.history()[1].id) << "the log will refuse it";
}

TEST(Session, AnAnswerWhoseUsageCameLaterIsKeptBesideTheOneRecorded) {
  RecordResponse early = answer("c1", "m1", "Done.");
  early.may_have_grown = true;
  RecordResponse late = early;
  late.usage = Usage{};
  late.usage->output_text = 3;
  Spec spec;
  spec.given({create(), early}).when(recording({late})).then({"RecordAttached"});
  EXPECT_EQ(spec.made<RecordAttached>().kind, "answer.again");
  Spec().given({create(), late}).when(recording({early})).then({"RecordAttached"});
}

TEST(Session, ScoresNameWhatIsThereAndComeAfterTheEndToo) {
  Spec()
      .given({create(), say("m1", "x"), end()})
      .when(score("s1", TargetKind::message, "m1"))
      .then({"ScoreRecorded"});
  Spec()
      .given({create()})
      .when(score("s1", TargetKind::message, "m1"))
      .then_error(Errc::rejected, "target_id");
  Spec()
      .given({create()})
      .when(score("s1", TargetKind::call, "c1"))
      .then_error(Errc::rejected, "target_id");
  Spec()
      .given({create()})
      .when(score("s1", TargetKind::call))
      .then_error(Errc::invalid_argument, "target_id");
  Spec()
      .given({create()})
      .when(score("s1", TargetKind::session, "x"))
      .then_error(Errc::invalid_argument, "target_id");
  RecordScore free_text = score("s1");
  free_text.value = std::string(300, 'x');
  Spec().given({create()}).when(free_text).then_error(Errc::invalid_argument, "value");
  free_text.value = nullptr;
  Spec().given({create()}).when(free_text).then_error(Errc::invalid_argument, "value");
}

TEST(Session, AnAttachmentIsKeptAsItStandsAlsoAfterTheEndWhichItDoesNotUndo) {
  AttachRecord attach;
  attach.attachment_id = "a1";
  attach.kind = "summary";
  attach.record = Json::Object{{"n", Json::Number{"1.50"}}};
  Spec spec;
  spec.given({create(), end()}).when(attach).then({"RecordAttached"});
  EXPECT_EQ(spec.made<RecordAttached>().bytes, 10U) << "the compact JSON";
  EXPECT_EQ(dump(spec.made<RecordAttached>().record), R"({"n":1.50})");
  spec.given({attach}).when(attach).then_again({2});
  spec.when(recording({attach})).then({"RecordAttached"});
  attach.attachment_id = "a2";
  spec.when(recording({attach})).then({"RecordAttached"});
  attach.kind = "What Ann said";
  spec.when(attach).then_error(Errc::invalid_argument, "kind");
  attach.kind = "summary";
  attach.attachment_id = "";
  spec.when(attach).then_error(Errc::invalid_argument, "attachment_id");
  attach.attachment_id = "a1";
  Spec().when(attach).then_error(Errc::not_found);
}

TEST(Session, CommandsWithoutANaturalIdTakeTheEdgesKey) {
  OptimizeContext trim;
  trim.strategy = "sliding";
  trim.removed = {"m1"};
  trim.idempotency_key = "k1";
  Spec spec;
  spec.given({create(), say("m1", "x"), trim}).when(trim).then_again({2});
  trim.idempotency_key = "k2";
  spec.when(trim).then({"ContextOptimized"});
  EXPECT_NE(spec.records()[0].id, spec.history()[2].id);
  trim.removed = {"nobody"};
  spec.when(trim).then_error(Errc::rejected, "removed");

  ConfigureSession system;
  system.system = "Be brief.";
  system.idempotency_key = "k1";
  Spec configured;
  configured.given({create(), system}).when(system).then_again({1});
  EXPECT_EQ(configured.records()[0].facts.find("brief"), std::string::npos);
  EXPECT_TRUE(configured.made<SessionConfigured>().system_hash);
}

// ---- envelope ----

TEST(Session, TimesLinksAndSaltsComeFromTheEdge) {
  Spec spec;
  spec.meta.occurred_at = support::at_us(42);
  spec.meta.occurred_at_from_client = true;
  spec.meta.correlation = support::event_id("why");
  spec.meta.salt_seed = support::salt("seed");
  spec.given({create()}).when(fork("s2", 0));
  const auto records = spec.records();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].occurred_at, support::at_us(42));
  EXPECT_TRUE(records[0].occurred_at_from_client);
  EXPECT_EQ(records[0].correlation, support::event_id("why"));
  EXPECT_NE(records[0].salt, records[1].salt);
  spec.when(fork("s2", 0));
  EXPECT_EQ(spec.records()[0].salt, records[0].salt) << "pure: same seed, same salt";
  spec.meta.salt_seed = support::salt("another seed");
  spec.when(fork("s2", 0));
  EXPECT_NE(spec.records()[0].salt, records[0].salt);
}

TEST(Session, IdsDifferByProjectStreamTypeAndNaturalId) {
  const auto id = [](std::string_view project, std::string_view stream, std::string_view type,
                     std::initializer_list<std::string_view> natural) {
    return derive_event_id(support::project(project), support::stream(stream), type, natural,
                           keyed_hash());
  };
  const auto base = id("a", "session-s", "T", {"x", "y"});
  EXPECT_EQ(base, id("a", "session-s", "T", {"x", "y"}));
  EXPECT_NE(base, id("b", "session-s", "T", {"x", "y"}));
  EXPECT_NE(base, id("a", "session-t", "T", {"x", "y"}));
  EXPECT_NE(base, id("a", "session-s", "U", {"x", "y"}));
  EXPECT_NE(base, id("a", "session-s", "T", {"xy"}));
  EXPECT_NE(base, id("a", "session-s", "T", {"xy", ""}));
  EXPECT_EQ(base.bytes[6] >> 4, 8) << "UUID version 8";
}

TEST(Session, TheLogAnswersDuplicateOrIdReused) {
  const VocabularyEquivalence equivalence;
  core::InMemoryEventLog log(support::hasher(), equivalence);
  const auto append = [&](std::vector<core::NewEvent> records) {
    for (auto& record : records) core::seal(record, support::hasher());
    return support::append(log, support::request(std::move(records)));
  };
  Spec spec;
  ASSERT_TRUE(append(spec.when(create("ann")).records()));
  spec.given({create("ann")});
  ASSERT_TRUE(append(spec.when(say("m1", "hello")).records()));
  spec.given({say("m1", "hello")});

  spec.meta.salt_seed = support::salt("another");
  const auto again = append(spec.when(say("m1", "hello")).records());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->records[0].duplicate);
  const auto other = append(spec.when(say("m1", "other text")).records());
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Errc::id_reused);

  ASSERT_TRUE(log.erase(core::Position{1}));
  const auto erased = append(spec.when(say("m1", "hello")).records());
  ASSERT_TRUE(erased) << erased.error().message;
  EXPECT_TRUE(erased->records[0].erased);
}

}  // namespace
}  // namespace hansard::events::spec
