// GET /v1/search as clients see it; every answer is held against /openapi.json.
#include <set>

#include "engine_server.h"
#include "search_rig.h"

namespace hansard::http::testing {
namespace {

class SearchRoute : public EngineServer {
 protected:
  SearchRoute() {
    search::SearchOptions options;
    options.path = folder_.database();
    options.log_id = "log-1";
    options.gather = std::chrono::milliseconds(0);
    index_ = std::make_unique<search::Search>(log_, options);
    context_.search = index_.get();
    index_->start();
  }
  ~SearchRoute() override {
    server_.reset();
    index_.reset();
  }

  void create(const std::string& id, const std::string& members) {
    EXPECT_EQ(post("/v1/sessions", R"({"session_id":")" + id + "\"," + members + "}").status, 201);
  }
  void say(const std::string& id, const std::string& message, const std::string& text,
           const std::string& role = "user") {
    const Answer answer = post("/v1/sessions/" + id + "/messages",
                               R"({"message_id":")" + message + R"(","role":")" + role +
                                   R"(","parts":[{"type":"text","text":")" + text + "\"}]}");
    EXPECT_EQ(answer.status, 201) << answer.body;
  }
  events::Json found(const std::string& query) {
    const Answer answer =
        get("/v1/search?at_least=" + std::to_string(log_.end().value) + "&q=" + query);
    EXPECT_EQ(answer.status, 200) << query << answer.body;
    return json(answer);
  }
  /// `session/version` of every hit.
  std::multiset<std::string> places(const std::string& query) {
    std::multiset<std::string> out;
    const events::Json answer = found(query);
    for (const events::Json& hit : *answer.find("hits")->if_array()) {
      out.insert(text(hit, "session_id") + "/" + std::to_string(number(hit, "version")));
    }
    return out;
  }
  using Places = std::multiset<std::string>;

  search::test::SearchFolder folder_;
  std::unique_ptr<search::Search> index_;
};

TEST_F(SearchRoute, AHitTellsWhereItIsAndWhatMatched) {
  create("s1", R"("user":"ada","agent":"helper")");
  say("s1", "m1", "Is there Green tea?");
  say("s1", "m2", "and coffee");
  const events::Json answer = found("green%20tea");
  EXPECT_EQ(number(answer, "matched"), 1U);
  const events::Json& hit = answer.find("hits")->if_array()->front();
  EXPECT_EQ(text(hit, "session_id"), "s1");
  EXPECT_EQ(text(hit, "user"), "ada");
  EXPECT_EQ(text(hit, "agent"), "helper");
  EXPECT_EQ(text(hit, "message_id"), "m1");
  EXPECT_EQ(number(hit, "version"), 1U);
  EXPECT_EQ(number(hit, "place"), 1U);
  EXPECT_EQ(number(hit, "places"), 2U);
  std::string shown;
  for (const events::Json& piece : *hit.find("snippet")->if_array()) {
    const bool match = piece.find("match") != nullptr;
    shown += (match ? "[" : "") + text(piece, "text") + (match ? "]" : "");
  }
  EXPECT_EQ(shown, "Is there [Green] [tea]?");
}

TEST_F(SearchRoute, FiltersNarrowBySessionSpeakerToolAndTime) {
  create("s1", R"("user":"ada","agent":"a1","app":"x","tags":{"team":"red","tier":"1"})");
  create("s2", R"("user":"bob","agent":"a2","app":"x","tags":{"team":"blue"})");
  say("s1", "m1", "parcel lost");
  say("s2", "m1", "parcel found", "system");
  const auto posted = [this](const std::string& what, const std::string& body) {
    const Answer answer = post("/v1/sessions/s2/" + what, body);
    EXPECT_EQ(answer.status, 201) << answer.body;
  };
  posted("requests", R"({"call_id":"c1","model":"big"})");
  posted("responses", R"({"call_id":"c1","message_id":"m2","model":"big","parts":[)"
                      R"({"type":"text","text":"one moment"},)"
                      R"({"type":"tool_call","tool_call_id":"t1","index":0}]})");
  posted("tool-calls", R"({"tool_call_id":"t1","tool":"find","arguments":{"what":"parcel"}})");
  const Places all{"s1/1", "s2/1", "s2/4"};
  EXPECT_EQ(places("parcel"), all);
  EXPECT_EQ(places("parcel&user=ada"), Places{"s1/1"});
  EXPECT_EQ(places("parcel&user=nobody"), Places{});
  EXPECT_EQ(places("parcel&session=s2"), (Places{"s2/1", "s2/4"}));
  EXPECT_EQ(places("parcel&agent=a1"), Places{"s1/1"});
  EXPECT_EQ(places("parcel&app=x"), all);
  EXPECT_EQ(places("parcel&tag=team:red"), Places{"s1/1"});
  EXPECT_EQ(places("parcel&tag=team:red&tag=tier:1"), Places{"s1/1"});
  EXPECT_EQ(places("parcel&tag=team:blue&tag=tier:1"), Places{});
  EXPECT_EQ(places("parcel&role=system"), Places{"s2/1"});
  EXPECT_EQ(places("parcel&role=system&role=user"), (Places{"s1/1", "s2/1"}));
  EXPECT_EQ(places("parcel&kind=tool_call"), Places{"s2/4"});
  EXPECT_EQ(places("parcel&tool=find"), Places{"s2/4"});
  EXPECT_EQ(places("moment&model=big"), Places{"s2/3"});
  EXPECT_EQ(places("moment&model=small"), Places{});
  EXPECT_EQ(places("parcel&from=2000-01-01T00:00:00Z"), all);
  EXPECT_EQ(places("parcel&to=2000-01-01T00:00:00Z"), Places{});
}

TEST_F(SearchRoute, PagesStayTogetherWhileTheLogGrows) {
  create("s1", R"("user":"ada")");
  for (int i = 0; i < 25; ++i) say("s1", "m" + std::to_string(i), "tea");
  std::multiset<std::string> met;
  std::string cursor;
  int pages = 0;
  do {
    const events::Json answer = found("tea&limit=10" + (cursor.empty() ? "" : "&cursor=" + cursor));
    EXPECT_EQ(number(answer, "matched"), 25U);
    for (const events::Json& hit : *answer.find("hits")->if_array()) {
      met.insert(std::to_string(number(hit, "version")));
    }
    cursor = text(answer, "next");
    say("s1", "later" + std::to_string(++pages), "more tea");
  } while (!cursor.empty());
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(met.size(), 25U);
  EXPECT_EQ(std::set<std::string>(met.begin(), met.end()).size(), 25U);
}

TEST_F(SearchRoute, BadInputIsRefusedByName) {
  using core::Errc;
  const auto refused = [this](const std::string& query, std::string_view field,
                              std::string_view detail) {
    expect_problem(get("/v1/search" + query), 400, Errc::invalid_argument, field, detail);
  };
  refused("", "q", "what to search for");
  refused("?q=", "q", "nothing to search for");
  refused("?q=%20-%20", "q", "nothing to search for");
  refused("?q=tea%20%22green", "q", "at character 5");
  refused("?q=" + std::string(1025, 'a'), "q", "1024 bytes");
  refused("?q=t*", "q", "2 characters");
  refused("?q=tea&colour=red", "colour", "no such parameter");
  refused("?q=tea&user=a&user=b", "user", "twice");
  refused("?q=tea&tag=team", "tag", "key:value");
  refused("?q=tea&tag=team:a&tag=team:b", "tag", "twice");
  refused("?q=tea&role=king", "role", "assistant");
  refused("?q=tea&kind=king", "kind", "tool_call");
  refused("?q=tea&from=2024-02-01T00:00:00Z&to=2024-01-01T00:00:00Z", "to", "after");
  refused("?q=tea&from=yesterday", "from", "");
  refused("?q=tea&limit=0", "limit", "1..100");
  refused("?q=tea&limit=101", "limit", "1..100");
  refused("?q=tea&cursor=here", "cursor", "next");
  refused("?q=tea&cursor=999999-1", "cursor", "another log");
  refused("?q=tea&at_least=soon", "at_least", "number");
  EXPECT_EQ(get("/v1/search?q=tea&as_of=3").status, 501);
  expect_serving();
}

TEST_F(SearchRoute, TheIndexStandsAmongTheProjections) {
  create("s1", R"("user":"ada")");
  say("s1", "m1", "tea");
  EXPECT_EQ(places("tea"), Places{"s1/1"});
  const auto state = [this] {
    const events::Json answer = json(get("/v1/admin/projections"));
    return answer.find("projections")->if_array()->back();
  };
  EXPECT_EQ(text(state(), "name"), "search");
  EXPECT_EQ(text(state(), "phase"), "live");
  EXPECT_EQ(number(state(), "checkpoint"), log_.end().value);
  EXPECT_EQ(post("/v1/admin/projections/search/rebuild", "{}").status, 202);
  EXPECT_EQ(places("tea"), Places{"s1/1"});
  EXPECT_EQ(index_->state().rebuilds, 1U);
  EXPECT_EQ(post("/v1/admin/projections/search/retry", "{}").status, 202);
  EXPECT_EQ(get("/v1/admin/projections/search/rows").status, 501);
  EXPECT_EQ(text(json(get("/readyz")), "status"), "ready");
}

}  // namespace
}  // namespace hansard::http::testing
