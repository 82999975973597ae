#include "search/search.h"

#include "search_rig.h"

namespace hansard::search::test {
namespace {

using projections::SearchHit;
using projections::SearchKind;
using projections::SearchRole;
using projections::test::response;
using projections::test::tool_call;
using Positions = std::vector<std::uint64_t>;

/// The snippet with what matched in brackets.
std::string marked(const SearchHit& hit) {
  std::string out = hit.snippet.cut_before ? "..." : "";
  std::size_t at = 0;
  for (const auto& [begin, end] : hit.snippet.matches) {
    out += hit.snippet.text.substr(at, begin - at) + "[";
    out += hit.snippet.text.substr(begin, end - begin) + "]";
    at = end;
  }
  out += hit.snippet.text.substr(at);
  return out + (hit.snippet.cut_after ? "..." : "");
}

TEST(Search, FindsEverythingThatIsSaid) {
  SearchRig rig;
  rig.recorder.create("s1", "ada");
  events::SessionConfigured configured;
  configured.system = "You are a gardener";
  rig.recorder.add("session-s1", configured);                     // 1
  rig.recorder.say("s1", "m1", "What grows in the garden?");      // 2
  rig.recorder.answer("s1", response("m2", "Roses grow there"));  // 3
  auto call = tool_call("m2", 0, "t1", "measure");
  call.arguments = events::Json(R"({"bed":"north","unit":"\u6771\u4eac"})");
  rig.recorder.add("session-s1", call);  // 4
  events::ToolCompleted completed;
  completed.tool_call_id = "t1";
  completed.message_id = "m2";
  completed.index = 0;
  completed.tool = "measure";
  completed.output.add("height", 173).add("plants", events::Json::Array{"tulip", "iris"});
  rig.recorder.add("session-s1", completed);  // 5
  events::ToolFailed failed;
  failed.tool_call_id = "t1";
  failed.error = events::Json("the ruler is broken");
  rig.recorder.add("session-s1", failed);  // 6
  rig.start();

  EXPECT_EQ(rig.positions("gardener"), Positions{1});
  EXPECT_EQ(rig.positions("garden"), Positions{2});
  EXPECT_EQ(rig.positions("grow"), Positions{3});
  EXPECT_EQ(rig.positions("grow*"), (Positions{2, 3}));
  EXPECT_EQ(rig.positions("north"), Positions{4});
  EXPECT_EQ(rig.positions("東京"), Positions{4});  // what the JSON in the text says
  EXPECT_EQ(rig.positions("iris 173"), Positions{5});
  EXPECT_EQ(rig.positions("\"ruler is\""), Positions{6});
  EXPECT_EQ(rig.positions("absent"), Positions{});
}

TEST(Search, AHitSaysWhereItStands) {
  SearchRig rig;
  rig.recorder.create("s1", "ada");
  rig.recorder.occurring(support::at_us(5'000'000));
  rig.recorder.say("s1", "m1", "first");
  rig.recorder.answer("s1", response("m2", "second, of course"));
  rig.recorder.occurring({});
  rig.recorder.say("s1", "m3", "third");
  rig.start();
  const auto answer = rig.search("SECOND");
  ASSERT_EQ(answer.hits.size(), 1U);
  const SearchHit& hit = answer.hits[0];
  EXPECT_EQ(hit.stream.text(), "session-s1");
  EXPECT_EQ(hit.version.value, 2U);
  EXPECT_EQ(hit.position.value, 2U);
  EXPECT_EQ(hit.place, 2U);
  EXPECT_EQ(hit.places, 3U);
  EXPECT_EQ(hit.kind, SearchKind::answer);
  EXPECT_EQ(hit.role, SearchRole::assistant);
  EXPECT_EQ(hit.message_id, "m2");
  EXPECT_EQ(hit.model, "m1");
  EXPECT_EQ(hit.at, support::at_us(5'000'000));
  EXPECT_GT(hit.recorded_at, hit.at);
  EXPECT_EQ(marked(hit), "[second], of course");
  EXPECT_EQ(answer.position.value, 4U);
  EXPECT_EQ(answer.matched, 1U);
}

TEST(Search, SnippetsAreCutWhereTheMatchesAre) {
  SearchRig rig;
  std::string text;
  for (int i = 0; i < 200; ++i) text += "Füllwort ";
  text += "eine grüne Wiese mit Blumen ";
  for (int i = 0; i < 200; ++i) text += "Füllwort ";
  rig.recorder.say("s1", "m1", text);
  rig.start();
  const auto answer = rig.search("blumen \"grune wiese\"");
  ASSERT_EQ(answer.hits.size(), 1U);
  const std::string shown = marked(answer.hits[0]);
  EXPECT_NE(shown.find("eine [grüne Wiese] mit [Blumen] "), std::string::npos) << shown;
  EXPECT_TRUE(answer.hits[0].snippet.cut_before);
  EXPECT_TRUE(answer.hits[0].snippet.cut_after);
  EXPECT_LT(answer.hits[0].snippet.text.size(), 400U);
}

TEST(Search, FiltersNarrow) {
  SearchRig rig;
  rig.recorder.create("s1", "ada");                           // 0
  rig.recorder.say("s1", "a1", "apple");                      // 1
  rig.recorder.create("s2", "bob");                           // 2
  rig.recorder.say("s2", "b1", "apple");                      // 3
  rig.recorder.answer("s2", response("b2", "apple", "big"));  // 4
  auto call = tool_call("b2", 0, "t1", "shop");
  call.arguments = events::Json("apple");
  rig.recorder.add("session-s2", call);                            // 5
  rig.recorder.say("s2", "b3", "apple", events::Role::developer);  // 6
  rig.start();

  auto request = rig.request("apple");
  EXPECT_EQ(rig.positions(request), (Positions{1, 3, 4, 5, 6}));
  request.stream = support::stream("session-s1");
  EXPECT_EQ(rig.positions(request), Positions{1});
  request.stream = support::stream("session-none");
  EXPECT_EQ(rig.positions(request), Positions{});

  request = rig.request("apple");
  request.user_hash =
      events::user_hash(rig.recorder.project(), "bob", projections::test::keyed_hash());
  EXPECT_EQ(rig.positions(request), (Positions{3, 4, 5, 6}));
  request.roles = {SearchRole::user, SearchRole::developer};
  EXPECT_EQ(rig.positions(request), (Positions{3, 6}));

  request = rig.request("apple");
  request.model = "big";
  EXPECT_EQ(rig.positions(request), Positions{4});
  request = rig.request("apple");
  request.tool = "shop";
  EXPECT_EQ(rig.positions(request), Positions{5});
  request = rig.request("apple");
  request.kinds = {SearchKind::answer, SearchKind::tool_call};
  EXPECT_EQ(rig.positions(request), (Positions{4, 5}));
  request = rig.request("apple");
  request.agent = "helper";
  EXPECT_EQ(rig.positions(request).size(), 5U);
  request.app = "another";
  EXPECT_EQ(rig.positions(request), Positions{});

  request = rig.request("apple");
  request.from = rig.search("apple").hits.at(0).at;  // the newest of equals, or the best
  request.to = *request.from + std::chrono::microseconds(1);
  EXPECT_EQ(rig.positions(request).size(), 1U);
}

TEST(Search, ProjectsDoNotSeeEachOther) {
  SearchRig rig;
  rig.recorder.say("s1", "m1", "secret plan");
  rig.recorder.in_project("other");
  rig.recorder.say("s1", "m1", "another plan");
  rig.start();
  EXPECT_EQ(rig.positions("plan"), Positions{1});
  EXPECT_EQ(rig.positions("secret"), Positions{});
  rig.recorder.in_project("empty");
  EXPECT_EQ(rig.positions("plan"), Positions{});
}

TEST(Search, TheBestStandFirstAndPagesFollowEachOther) {
  SearchRig rig;
  for (int i = 0; i < 25; ++i) {
    const std::string id = "m" + std::to_string(i);
    rig.recorder.say("s1", id, i == 7 ? "tea tea tea" : "a cup of tea and much else to say of it");
  }
  rig.start();
  auto request = rig.request("tea");
  request.limit = 10;
  std::vector<std::uint64_t> seen;
  for (int page = 0; page < 3; ++page) {
    const auto answer = rig.search(request);
    EXPECT_EQ(answer.matched, 25U);
    for (const auto& hit : answer.hits) seen.push_back(hit.position.value);
    EXPECT_EQ(answer.next_offset.has_value(), page < 2);
    request.offset = answer.next_offset.value_or(0);
  }
  ASSERT_EQ(seen.size(), 25U);
  EXPECT_EQ(seen[0], 7U);
  EXPECT_EQ(seen[1], 24U);  // of equals the newest
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
}

TEST(Search, ErasedContentGivesNoHit) {
  SearchRig rig;
  rig.recorder.say("s1", "m1", "a private matter");
  rig.recorder.say("s1", "m2", "a public matter");
  rig.start();
  EXPECT_EQ(rig.positions("matter"), (Positions{0, 1}));
  ASSERT_TRUE(rig.recorder.log().erase(core::Position{0}));
  EXPECT_EQ(rig.positions("matter"), Positions{1});
  EXPECT_EQ(rig.positions("private"), Positions{});
}

TEST(Search, BadRequestsSayWhatIsWrong) {
  SearchRig rig;
  rig.start();
  auto request = rig.request("a \"b");
  auto answer = rig.try_search(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, core::Errc::invalid_argument);
  request = rig.request("a");
  request.limit = projections::kSearchLimitMax + 1;
  answer = rig.try_search(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().field, "limit");
  request = rig.request("a");
  request.offset = projections::kSearchOffsetMax + 1;
  EXPECT_EQ(rig.try_search(request).error().field, "offset");
  request = rig.request("a");
  request.from = support::at_us(5);
  request.to = support::at_us(5);
  EXPECT_EQ(rig.try_search(request).error().field, "to");
  request = rig.request("a");
  request.at_least = core::Position{99};
  request.deadline = std::chrono::steady_clock::now();
  EXPECT_EQ(rig.try_search(request).error().code, core::Errc::timed_out);
}

}  // namespace
}  // namespace hansard::search::test
