// What was asked in the same words is answered from the cache.

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "answer_cache.h"
#include "events/dialects/framing.h"
#include "request_key.h"
#include "rig.h"
#include "samples.h"

namespace hansard::gateway::testing {
namespace {

using events::ResponseReceived;
using events::ResponseRequested;
using events::ServedFrom;
using namespace std::chrono_literals;

class CacheTest : public GatewayTest {
 protected:
  CacheTest() { restart(with(CacheOptions{})); }

  static GatewayOptions with(CacheOptions cache) {
    GatewayOptions options;
    options.routes["stub"].cache = cache;
    return options;
  }
  static Json request(const std::string& text, bool streams = false) {
    Json body = parsed(R"({"model":"gpt-x","messages":[]})");
    body.find("messages")->push(Json::Object{{"role", "user"}, {"content", text}});
    if (streams) body.add("stream", true);
    return body;
  }
  static std::string answer(const std::string& text) {
    Json body =
        parsed(R"({"id":"c1","object":"chat.completion","created":1,"model":"gpt-x","choices":[)"
               R"({"index":0,"message":{"role":"assistant"},"finish_reason":"stop"}],)"
               R"("usage":{"prompt_tokens":3,"completion_tokens":5,"total_tokens":8}})");
    Json& message = *body.find("choices")->if_array()->front().find("message");
    message.add("content", text);
    return dump(body);
  }
  /// The answer that came from nowhere but the cache.
  Client& hit(const Json& body, std::vector<core::HttpField> fields = {}) {
    const std::size_t before = provider_.calls.size();
    Client& client = send(kChat, body, std::move(fields));
    EXPECT_EQ(provider_.calls.size(), before) << "asked the provider";
    EXPECT_TRUE(client.over) << (client.error ? client.error->message : "no end came");
    return client;
  }
  std::string decisions() {
    std::string all;
    for (const ResponseRequested& asked : recorded_of<ResponseRequested>()) {
      for (const events::Policy& policy : asked.policies) {
        all += policy.name + " " + policy.outcome + "\n";
      }
    }
    return all;
  }
  events::StreamEnd assembled(const std::string& bytes) {
    const auto stream = events::api_at(kChat)->answers.stream();
    events::SseSplitter splitter;
    splitter.feed(bytes);
    while (const auto frame = splitter.next()) stream->add({frame->event, frame->data}, 0);
    return stream->end();
  }
};

TEST_F(CacheTest, TheSameQuestionIsAnsweredWithoutTheProvider) {
  exchange(kChat, request("Hi"), answer("Ho"));
  const Client& client = hit(request("Hi"));
  EXPECT_EQ(client.status, 200);
  EXPECT_TRUE(events::same_tree(parsed(client.received), parsed(answer("Ho"))));
  EXPECT_EQ(decisions(), "cache miss\ncache hit\n");
}

TEST_F(CacheTest, AHitIsOnRecordAsServedFromTheCacheWithItsUsage) {
  exchange(kChat, request("Hi"), answer("Ho"));
  hit(request("Hi"));
  const auto answers = recorded_of<ResponseReceived>();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].served_from, ServedFrom::provider);
  EXPECT_EQ(answers[1].served_from, ServedFrom::cache);
  EXPECT_EQ(answers[1].provider, "stub");
  EXPECT_EQ(answers[1].usage, answers[0].usage);
  const auto asked = recorded_of<ResponseRequested>();
  EXPECT_EQ(asked[0].request_hash, asked[1].request_hash);
}

TEST_F(CacheTest, OrderOfMembersAndStreamingAreNoPartOfTheQuestion) {
  exchange(kChat, request("Hi"), answer("Ho"));
  hit(parsed(R"({"messages":[{"content":"Hi","role":"user"}],"stream":false,"model":"gpt-x"})"));
}

TEST_F(CacheTest, AnotherWordParameterModelPathOrProjectIsAnotherQuestion) {
  exchange(kChat, request("Hi"), answer("Ho"));
  std::vector<Json> others{request("Hi!"), request("Hi"), request("Hi")};
  others[1].add("temperature", Json::Number{"0.5"});
  *others[2].find("model") = "gpt-y";
  std::size_t calls = provider_.calls.size();
  for (const Json& other : others) {
    exchange(kChat, other, answer("Ho"));
    EXPECT_EQ(provider_.calls.size(), ++calls) << dump(other);
  }
  exchange(std::string(kChat) + "?v=2", request("Hi"), answer("Ho"));
  EXPECT_EQ(provider_.calls.size(), ++calls);
  GatewayRequest elsewhere;
  elsewhere.provider = "stub";
  elsewhere.method = "POST";
  elsewhere.target = kChat;
  elsewhere.body = dump(request("Hi"));
  elsewhere.project = core::ProjectId::parse("other").value();
  send(std::move(elsewhere));
  EXPECT_EQ(provider_.calls.size(), ++calls);
}

TEST_F(CacheTest, ADocumentIsGivenAsAStreamToWhoAsksForOne) {
  exchange(kChat, request("Hi"), answer("Ho"));
  const Client& client = hit(request("Hi", true));
  EXPECT_TRUE(client.received.ends_with("data: [DONE]\n\n")) << client.received;
  EXPECT_EQ(client.received.find("\"usage\":{"), std::string::npos) << "nobody asked for it";
  const auto answers = recorded_of<ResponseReceived>();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1].parts.size(), 1U);
  EXPECT_EQ(answers[1].usage, answers[0].usage) << "we asked for it";
}

TEST_F(CacheTest, AStreamIsGivenAgainAsAStreamAndAsADocument) {
  const SampleStream sample = chat_stream();
  Client& first = send(kChat, sample.request);
  upstream().head(200);
  for (const std::string& frame : sample.frames) upstream().piece(frame);
  upstream().end();
  ASSERT_TRUE(first.over);
  const Client& streamed = hit(parsed(sample.request));
  const Json body = assembled(first.received).body;
  EXPECT_TRUE(events::same_tree(assembled(streamed.received).body, body)) << streamed.received;
  EXPECT_NE(streamed.received.find("\"usage\":{"), std::string::npos) << "asked for";
  Json plain = parsed(sample.request);
  plain = Json::Object{{"model", *plain.find("model")}, {"messages", *plain.find("messages")}};
  const Client& document = hit(plain);
  EXPECT_TRUE(events::same_tree(parsed(document.received), body)) << document.received;
}

TEST_F(CacheTest, EveryApiStreamsAgain) {
  for (const SampleStream& sample : sample_streams()) {
    Client& first = send(sample.target, sample.request);
    upstream().head(200);
    for (const std::string& frame : sample.frames) upstream().piece(frame);
    upstream().end();
    ASSERT_TRUE(first.over) << sample.target;
    const std::size_t before = provider_.calls.size();
    const Client& again = send(sample.target, sample.request);
    EXPECT_EQ(provider_.calls.size(), before) << sample.target;
    EXPECT_TRUE(again.over) << sample.target;
  }
  for (const ResponseReceived& answer : recorded_of<ResponseReceived>()) {
    EXPECT_FALSE(answer.parts.empty());
  }
}

TEST_F(CacheTest, OnlyWholeAnswersAreKept) {
  exchange(kChat, request("Hi"), R"({"error":{"message":"no"}})", {}, 500);
  Client& cut = send(kChat, request("Hi", true));
  upstream().head(200);
  upstream().piece(chat_delta("Ha"));
  upstream().end();
  EXPECT_TRUE(cut.over);
  exchange(kChat, request("Hi"), answer("Ho"));
  EXPECT_EQ(decisions(), "cache miss\ncache miss\ncache miss\n");
}

TEST_F(CacheTest, WhatIsTooOldIsAskedAgain) {
  restart(with({.ttl = 10s}));
  exchange(kChat, request("Hi"), answer("Ho"));
  wait(9'999ms);
  hit(request("Hi"));
  wait(1ms);
  exchange(kChat, request("Hi"), answer("Hey"));
  EXPECT_TRUE(events::same_tree(parsed(hit(request("Hi")).received), parsed(answer("Hey"))));
}

TEST_F(CacheTest, TheClientMayAskPastTheCache) {
  exchange(kChat, request("Hi"), answer("Ho"));
  exchange(kChat, request("Hi"), answer("Hey"), {{"Cache-Control", "no-cache"}});
  EXPECT_TRUE(events::same_tree(parsed(hit(request("Hi")).received), parsed(answer("Hey"))));
  exchange(kChat, request("Hi"), answer("Huh"), {{"cache-control", "max-age=0, No-Store"}});
  EXPECT_TRUE(events::same_tree(parsed(hit(request("Hi")).received), parsed(answer("Hey"))))
      << "is not to be stored";
  EXPECT_EQ(decisions(), "cache miss\ncache bypassed\ncache hit\ncache bypassed\ncache hit\n");
}

TEST_F(CacheTest, NothingComesOutOfAnErasedSession) {
  exchange(kChat, request("Hi"), answer("Ho"), {{"Hansard-Session", "one"}});
  exchange(kChat, request("You"), answer("Me"), {{"Hansard-Session", "two"}});
  EXPECT_EQ(gateway().policies().cache_entries, 2U);
  gateway().forget({}, {"one"});
  EXPECT_EQ(gateway().policies().cache_entries, 1U);
  exchange(kChat, request("Hi"), answer("Hey"), {{"Hansard-Session", "one"}});
  hit(request("You"));
}

TEST_F(CacheTest, ARouteWithoutACacheAsksEveryTime) {
  restart();
  exchange(kChat, request("Hi"), answer("Ho"));
  exchange(kChat, request("Hi"), answer("Ho"));
  EXPECT_EQ(decisions(), "");
}

TEST(RequestKeyTest, TellsApartWhatOnlyLooksAlikeAndNothingElse) {
  const auto key = [](const char* body) { return canonical_request("api", parsed(body)); };
  const char* const same[] = {
      R"({"a":[1,{"c":null,"b":"x"}],"stream":true})", R"({"a":[1,{"b":"x","c":null}]})",
      R"({"stream_options":{"include_usage":true},"a":[1,{"c":null,"b":"x"}]})"};
  for (const char* body : same) EXPECT_EQ(key(body), key(same[0])) << body;
  const char* const others[] = {same[0],
                                R"({"a":["1",{"b":"x","c":null}]})",
                                R"({"a":[1,{"b":"x"}]})",
                                R"({"a":[1,{"b":"x","c":"null"}]})",
                                R"({"a":[1.0,{"b":"x","c":null}]})",
                                R"({"a":[1],"b":"x","c":null})",
                                R"({"a":[1,{"b":"x","c":null,"stream":true}]})",
                                R"({"a":[1,[{"b":"x","c":null}]]})",
                                R"({"a":{"b":"xs1:y"}})",
                                R"({"a":{"b":"x","k1:c":"y"}})",
                                R"({})"};
  std::set<std::string> keys;
  for (const char* body : others) EXPECT_TRUE(keys.insert(key(body)).second) << body;
  EXPECT_NE(canonical_request("api", Json::Object{}), canonical_request("other", Json::Object{}));
}

// The cache itself.

std::shared_ptr<const CachedAnswer> cached(std::size_t bytes, const std::string& session = "s") {
  auto answer = std::make_shared<CachedAnswer>();
  answer->answer.body.assign(bytes, 'x');
  answer->project = "default";
  answer->session = session;
  return answer;
}
core::Hash key(unsigned number) {
  return core::Hash{static_cast<std::uint8_t>(number), static_cast<std::uint8_t>(number >> 8U)};
}

TEST(AnswerCacheTest, TheLeastRecentlyUsedGoesFirst) {
  AnswerCache cache({.entries_max = 2});
  const AnswerCache::Time now{};
  cache.keep(key(1), cached(1), now);
  cache.keep(key(2), cached(1), now);
  EXPECT_TRUE(cache.find(key(1), now));
  cache.keep(key(3), cached(1), now);
  EXPECT_TRUE(cache.find(key(1), now));
  EXPECT_FALSE(cache.find(key(2), now));
  EXPECT_TRUE(cache.find(key(3), now));
}

TEST(AnswerCacheTest, BytesAreBoundedAndWhatIsLargerIsNotKept) {
  AnswerCache cache({.bytes_max = 10'000});
  const AnswerCache::Time now{};
  for (unsigned i = 0; i < 100; ++i) {
    cache.keep(key(i), cached(2'000), now);
    EXPECT_LE(cache.bytes(), 10'000U);
  }
  EXPECT_GE(cache.entries(), 3U);
  const std::size_t before = cache.entries();
  cache.keep(key(1'000), cached(20'000), now);
  EXPECT_EQ(cache.entries(), before);
  EXPECT_FALSE(cache.find(key(1'000), now));
}

TEST(AnswerCacheTest, HoldsItsBoundsUnderManyThreads) {
  AnswerCache cache({.entries_max = 50, .bytes_max = 100'000});
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&cache, t] {
      for (unsigned i = 0; i < 2'000; ++i) {
        cache.keep(key((i * 7 + t) % 200), cached(i % 5'000), {});
        (void)cache.find(key(i % 200), {});
        if (i % 500 == 0) cache.forget("default", {"s"});
        EXPECT_LE(cache.entries(), 50U);
        EXPECT_LE(cache.bytes(), 100'000U);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  cache.forget("default", {"s"});
  EXPECT_EQ(cache.entries(), 0U);
  EXPECT_EQ(cache.bytes(), 0U);
}

}  // namespace
}  // namespace hansard::gateway::testing
