#include "projections/sessions.h"

#include <set>

#include "projections/json.h"
#include "recorder.h"

namespace hansard::projections::test {
namespace {

class SessionsTest : public ::testing::Test {
 protected:
  SessionPage list(SessionQuery query = {}) {
    if (query.now == core::Timestamp{}) query.now = recorder.now();
    query.project = recorder.project();
    const Built built(recorder.log(), Sessions{});
    auto page = SessionDirectory(recorder.log(), keyed_hash()).list(built.model(), query);
    EXPECT_TRUE(page) << page.error().message;
    return *page;
  }
  SessionListing one(std::string_view name) {
    const Built built(recorder.log(), Sessions{});
    auto found = SessionDirectory(recorder.log(), keyed_hash())
                     .find(built.model(), recorder.project(),
                           support::stream("session-" + std::string(name)), recorder.now());
    EXPECT_TRUE(found && *found);
    return **found;
  }
  static std::vector<std::string> names(const SessionPage& page) {
    std::vector<std::string> names;
    for (const auto& listing : page.sessions) names.push_back(listing.row.name);
    return names;
  }
  using Names = std::vector<std::string>;

  Recorder recorder;
};

TEST_F(SessionsTest, ARowSaysThatItsContentIsBeingErasedUntilAllOrdersAreCarriedOut) {
  recorder.create("s1", "ada");
  const auto json = [&] { return events::dump(to_json(one("s1"))); };
  EXPECT_EQ(json().find("eras"), std::string::npos) << json();
  for (const std::string id : {"e1", "e2"}) {
    recorder.add_raw("session-s1", "ErasureRequested",
                     R"({"erasure_id":")" + id + R"(","scope":"session","reason":"requested"})");
  }
  EXPECT_NE(json().find(R"("erasing":true)"), std::string::npos) << json();
  for (const std::string id : {"e1", "e2"}) {
    EXPECT_TRUE(one("s1").row.erasing());
    recorder.add_raw("session-s1", "ContentErased", R"({"erasure_id":")" + id + R"(","events":1})");
  }
  EXPECT_FALSE(one("s1").row.erasing());
  EXPECT_NE(json().find(R"("erased":true)"), std::string::npos) << json();
}

TEST_F(SessionsTest, ARowSaysWhatHappenedInTheSession) {
  recorder.create("s1", "ada", {{"team", "red"}});
  recorder.say("s1", "m0", "be brief", events::Role::system);
  const auto first = recorder.say("s1", "m1", "hello there");
  recorder.answer("s1", response("m2", "hi", "m1", tokens(10, 3)));
  auto second = response("m3", "hi again", "m1");
  second.call_id = "call-m2";
  second.choice = 1;
  recorder.answer("s1", second);
  recorder.add("session-s1", tool_call("m2", 0, "t1"));
  events::ToolFailed failed;
  failed.tool_call_id = "t1";
  failed.message_id = "m2";
  failed.index = 0;
  recorder.add("session-s1", failed);
  events::ResponseFailed lost;
  lost.call_id = "call-m4";
  lost.model = "m2";
  const auto last = recorder.add("session-s1", lost);

  const SessionListing listing = one("s1");
  EXPECT_EQ(listing.row.counters.messages, 2U);
  EXPECT_EQ(listing.row.counters.responses, 2U);
  EXPECT_EQ(listing.row.counters.calls, 2U) << "choice 1 is the same call as choice 0";
  EXPECT_EQ(listing.row.counters.failures, 1U);
  EXPECT_EQ(listing.row.counters.calls_without_usage, 1U);
  EXPECT_EQ(listing.row.counters.tool_calls, 1U);
  EXPECT_EQ(listing.row.counters.tool_failures, 1U);
  EXPECT_EQ(listing.row.counters.tokens, tokens(10, 3));
  EXPECT_EQ(listing.row.models, (Names{"m1", "m2"}));
  EXPECT_EQ(listing.row.agent, "helper");
  EXPECT_EQ(listing.row.head, last.version);
  EXPECT_EQ(listing.row.created_at, core::Position{0});
  EXPECT_EQ(listing.row.first_user_message, first.position);
  EXPECT_EQ(listing.text.user, "ada");
  EXPECT_EQ(listing.text.preview, "hello there");
  EXPECT_EQ(listing.text.tags, (events::StringMap{{"team", "red"}}));
  EXPECT_EQ(listing.status, SessionStatus::active);
}

TEST_F(SessionsTest, TheViewHoldsNoContent) {
  recorder.create("s1", "ada-lovelace", {{"team", "crimson"}});
  recorder.say("s1", "m1", "a secret sentence");
  for (const auto& [key, row] : Built(recorder.log(), Sessions{}).rows()) {
    for (const auto* word : {"ada-lovelace", "crimson", "secret"}) {
      EXPECT_EQ((key + row).find(word), std::string::npos) << word;
    }
  }
}

TEST_F(SessionsTest, AnErasedSessionIsStillFoundByItsUserAndShowsErased) {
  const auto created = recorder.create("s1", "ada", {{"team", "red"}});
  const auto message = recorder.say("s1", "m1", "hello");
  const auto before = Built(recorder.log(), Sessions{}).rows();
  ASSERT_TRUE(recorder.log().erase(created.position));
  ASSERT_TRUE(recorder.log().erase(message.position));
  EXPECT_EQ(Built(recorder.log(), Sessions{}).rows(), before) << "rebuilt after an erasure";

  SessionQuery query;
  query.user = "ada";
  query.tags = {{"team", "red"}};
  const auto page = list(query);
  ASSERT_EQ(names(page), Names{"s1"});
  EXPECT_TRUE(page.sessions[0].text.erased);
  EXPECT_TRUE(page.sessions[0].text.preview_erased);
  const auto json = to_json(page.sessions[0]);
  EXPECT_EQ(json.find("user")->as_string("user").value(), "erased");
  EXPECT_EQ(json.find("preview")->as_string("preview").value(), "erased");
  EXPECT_EQ(json.find("tags")->find("team")->as_string("team").value(), "erased");
}

TEST_F(SessionsTest, EveryFilterKeepsWhatItNames) {
  recorder.create("s1", "ada", {{"team", "red"}, {"env", "prod"}});
  recorder.create("s2", "bob", {{"team", "red"}});
  recorder.create("s3");
  recorder.answer("s3", response("m1", "hi", "big"));
  recorder.add("session-s2", events::SessionEnded{});
  const auto with = [&](auto set) {
    SessionQuery query;
    set(query);
    return names(list(query));
  };
  EXPECT_EQ(with([](auto& q) { q.user = "ada"; }), Names{"s1"});
  EXPECT_EQ(with([](auto& q) { q.user = "Ada"; }), Names{});
  EXPECT_EQ(with([](auto& q) { q.tags = {{"team", "red"}}; }), (Names{"s2", "s1"}));
  EXPECT_EQ(with([](auto& q) { q.tags = {{"team", "red"}, {"env", "prod"}}; }), Names{"s1"});
  EXPECT_EQ(with([](auto& q) { q.tags = {{"env", "red"}}; }), Names{});
  EXPECT_EQ(with([](auto& q) { q.model = "big"; }), Names{"s3"});
  EXPECT_EQ(with([](auto& q) { q.agent = "helper"; }), (Names{"s2", "s3", "s1"}));
  EXPECT_EQ(with([](auto& q) { q.app = "other"; }), Names{});
  EXPECT_EQ(with([](auto& q) { q.status = SessionStatus::ended; }), Names{"s2"});
  EXPECT_EQ(with([](auto& q) { q.status = SessionStatus::open; }), (Names{"s3", "s1"}));
}

TEST_F(SessionsTest, ASessionIsActiveUntilActiveWithinHasPassedSinceItsLastEvent) {
  recorder.create("s1");
  const auto last = recorder.now();
  SessionQuery query;
  query.status = SessionStatus::active;
  query.now = last + std::chrono::minutes(30);
  EXPECT_EQ(names(list(query)), Names{"s1"});
  query.now += std::chrono::microseconds(1);
  EXPECT_EQ(names(list(query)), Names{});
  query.active_within = std::chrono::hours(1);
  EXPECT_EQ(names(list(query)), Names{"s1"});
  recorder.add("session-s1", events::SessionEnded{});
  EXPECT_EQ(names(list(query)), Names{});
  recorder.add("session-s1", events::SessionReopened{});
  EXPECT_EQ(names(list(query)), Names{"s1"});
}

TEST_F(SessionsTest, AnImportOfOldConversationsIsOldAndAClockAheadIsNot) {
  recorder.create("live");
  recorder.occurring(support::at_us(day_us(10'000)));
  recorder.create("imported");
  recorder.occurring(support::at_us(day_us(30'000)));
  recorder.create("ahead");
  recorder.occurring({});
  recorder.create("last");
  EXPECT_EQ(names(list()), (Names{"last", "ahead", "live", "imported"}));
  EXPECT_EQ(one("imported").status, SessionStatus::open);
  SessionQuery query;
  query.to = support::at_us(day_us(15'000));
  EXPECT_EQ(names(list(query)), Names{"imported"});
  query.to.reset();
  query.from = support::at_us(day_us(15'000));
  EXPECT_EQ(names(list(query)), (Names{"last", "ahead", "live"}));
}

TEST_F(SessionsTest, TheTimeRangeIncludesItsStartAndExcludesItsEnd) {
  recorder.create("s1");
  const auto last = recorder.now();
  SessionQuery query;
  query.from = last;
  EXPECT_EQ(names(list(query)), Names{"s1"});
  query.to = last;
  EXPECT_EQ(names(list(query)), Names{});
  query.to = last + std::chrono::microseconds(1);
  EXPECT_EQ(names(list(query)), Names{"s1"});
}

TEST_F(SessionsTest, WalkingPagesNamesEverySessionOnce) {
  std::set<std::string> expected;
  for (int i = 0; i < 300; ++i) {
    const std::string name = "s" + std::to_string(i);
    recorder.create(name, i % 3 == 0 ? "ada" : "bob");
    if (i % 3 == 0) expected.insert(name);
  }
  for (int i = 0; i < 300; i += 7) recorder.say("s" + std::to_string(i), "m", "moves to the front");
  for (const std::size_t limit : {1U, 7U, 100U, 200U}) {
    std::set<std::string> met;
    SessionQuery query;
    query.user = "ada";
    query.limit = limit;
    std::optional<core::Timestamp> previous;
    while (true) {
      const auto page = list(query);
      EXPECT_LE(page.sessions.size(), limit);
      for (const auto& listing : page.sessions) {
        EXPECT_TRUE(met.insert(listing.row.name).second) << listing.row.name << " twice";
        EXPECT_TRUE(!previous || listing.row.activity <= *previous) << "out of order";
        previous = listing.row.activity;
      }
      if (!page.next) break;
      query.cursor = *page.next;
    }
    EXPECT_EQ(met, expected) << "limit " << limit;
  }
}

TEST_F(SessionsTest, APageLooksAtABoundedNumberOfRowsAndGoesOnFromThere) {
  recorder.create("wanted", "ada");
  for (std::size_t i = 0; i < kSessionScanMax; ++i) recorder.create("s" + std::to_string(i));
  SessionQuery query;
  query.user = "ada";
  const auto first = list(query);
  EXPECT_TRUE(first.sessions.empty());
  ASSERT_TRUE(first.next);
  query.cursor = *first.next;
  const auto second = list(query);
  EXPECT_EQ(names(second), Names{"wanted"});
  EXPECT_FALSE(second.next);
}

TEST_F(SessionsTest, ProjectsDoNotSeeEachOther) {
  recorder.create("s1");
  recorder.in_project("other");
  recorder.create("s1");
  recorder.create("s2");
  EXPECT_EQ(names(list()), (Names{"s2", "s1"}));
  recorder.in_project("default");
  EXPECT_EQ(names(list()), Names{"s1"});
}

TEST_F(SessionsTest, AnUnknownTypeMovesTheHeadAndNothingElse) {
  recorder.create("s1");
  const auto before = one("s1").row.counters;
  const auto odd = recorder.add_raw("session-s1", "SomethingNew", R"({"model":"x"})");
  EXPECT_EQ(one("s1").row.counters, before);
  EXPECT_EQ(one("s1").row.head, odd.version);
  recorder.add_raw("session-s2", "SomethingNew", "{}");
  recorder.add_raw("custom-s3", "SomethingNew", "{}");
  recorder.add("calls-c1", response("m1", "hi"));
  EXPECT_EQ(names(list()), Names{"s1"});
}

TEST_F(SessionsTest, ARetryAddsNothing) {
  recorder.create("s1");
  const auto event =
      recorder.raw("session-s1", "MessageSent", R"({"message_id":"m","role":"user"})", "{}");
  recorder.append(event);
  const auto before = Built(recorder.log(), Sessions{}).rows();
  EXPECT_TRUE(recorder.append(event).duplicate);
  EXPECT_EQ(Built(recorder.log(), Sessions{}).rows(), before);
}

TEST_F(SessionsTest, ModelsAreBounded) {
  recorder.create("s1");
  for (std::size_t i = 0; i < kModelsPerSessionMax + 3; ++i) {
    recorder.answer("s1", response("m" + std::to_string(i), "hi", "model" + std::to_string(i)));
  }
  EXPECT_EQ(one("s1").row.models.size(), kModelsPerSessionMax);
  EXPECT_TRUE(one("s1").row.models_left_out);
}

TEST_F(SessionsTest, ForksAreCountedAndNameTheirParent) {
  recorder.create("s1");
  events::SessionForked forked;
  forked.child = "s2";
  recorder.add("session-s1", forked);
  events::SessionCreated child;
  child.parent = events::Parent{"s1", 0, events::ForkReason::edit};
  recorder.add("session-s2", child);
  EXPECT_EQ(one("s1").row.counters.forks, 1U);
  EXPECT_EQ(one("s2").row.parent, "s1");
}

TEST_F(SessionsTest, BadQueriesNameTheField) {
  recorder.create("s1");
  const Built built(recorder.log(), Sessions{});
  const SessionDirectory directory(recorder.log(), keyed_hash());
  const auto field = [&](auto set) {
    SessionQuery query;
    set(query);
    const auto page = directory.list(built.model(), query);
    EXPECT_FALSE(page);
    EXPECT_EQ(page.error().code, core::Errc::invalid_argument);
    return page.error().field;
  };
  EXPECT_EQ(field([](auto& q) { q.limit = 0; }), "limit");
  EXPECT_EQ(field([](auto& q) { q.limit = kSessionPageMax + 1; }), "limit");
  EXPECT_EQ(field([](auto& q) { q.cursor = "nonsense"; }), "cursor");
  EXPECT_EQ(field([](auto& q) { q.cursor = "12."; }), "cursor");
  EXPECT_EQ(field([](auto& q) { q.cursor = "12.a b"; }), "cursor");
  EXPECT_EQ(field([](auto& q) { q.active_within = std::chrono::microseconds(-1); }),
            "active_within");
}

TEST_F(SessionsTest, APreviewIsCutBetweenCharacters) {
  recorder.create("s1");
  std::string text = "x";
  while (text.size() < 2 * kPreviewBytes) text += "é";
  recorder.say("s1", "m1", text);
  const auto preview = one("s1").text.preview.value();
  EXPECT_EQ(preview.size(), kPreviewBytes - 1);
  EXPECT_TRUE(text.starts_with(preview));
}

}  // namespace
}  // namespace hansard::projections::test
