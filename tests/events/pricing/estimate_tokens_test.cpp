#include "events/pricing/estimate_tokens.h"

#include "../answer_checks.h"
#include "events/dialects/openai/chat_answers.h"
#include "events/dialects/openai/completions.h"
#include "events/dialects/openai/response_answers.h"
#include "pricing_checks.h"

namespace hansard::events::pricing {
namespace {

TEST(EstimateOfTokens, FollowsWordsDigitsMarksAndScripts) {
  EXPECT_EQ(estimate_tokens(""), 0U);
  EXPECT_EQ(estimate_tokens(" "), 1U) << "a text is at least one token";
  EXPECT_EQ(estimate_tokens("the cat sat on the mat"), 6U);
  EXPECT_EQ(estimate_tokens("1234567890"), 4U) << "digits by threes";
  EXPECT_EQ(estimate_tokens("yes, no; \"maybe\""), 7U);
  EXPECT_GT(estimate_tokens("Donaudampfschifffahrtsgesellschaft"), 3U);
  EXPECT_GT(estimate_tokens("\u4eca\u5929\u5929\u6c14\u5f88\u597d"), 4U);
  EXPECT_LT(estimate_tokens("\u4eca\u5929\u5929\u6c14\u5f88\u597d"), 9U);
  EXPECT_GE(estimate_tokens("\U0001F600"), 1U);
}

TEST(EstimateOfTokens, IsThatOfItsPartsNearly) {
  const std::string sentence = "She sells 12 sea shells by the sea shore.\n";
  std::string all;
  for (int i = 0; i < 100; ++i) all += sentence;
  const auto one = estimate_tokens(sentence);
  EXPECT_NEAR(static_cast<double>(estimate_tokens(all)), static_cast<double>(one * 100),
              static_cast<double>(one * 5));
}

TEST(EstimateOfTokens, TakesAnyBytes) {
  std::string bytes;
  for (int i = 0; i < 3'000; ++i) bytes.push_back(static_cast<char>((i * 131) % 256));
  EXPECT_GT(estimate_tokens(bytes), 0U);
  EXPECT_GT(estimate_tokens("\xf0\x9f"), 0U);
}

TEST(EstimateOfTokens, OfMessagesCountsWhatReachesTheModel) {
  const auto of = [](const char* json) {
    return estimate_message_tokens(parse_json(json).value());
  };
  EXPECT_EQ(of("[]"), 0U);
  EXPECT_EQ(of(R"([{"role":"user","content":"the cat sat"}])"), 3 + kTokensPerMessage);
  EXPECT_EQ(of(R"([{"role":"user","content":[{"type":"text","text":"the cat sat"}]}])"),
            3 + kTokensPerMessage);
  const auto plain = of(R"([{"role":"user","content":[{"type":"text","text":"see"}]}])");
  EXPECT_EQ(of(R"([{"role":"user","content":[{"type":"text","text":"see"},)"
               R"({"type":"image_url","image_url":{"url":"data:image/png;base64,AAAAAAAA"}}]}])"),
            plain)
      << "images cost by other rules";
}

struct TierCase {
  const AnswerDialect& dialect;
  const char* body;
};

TEST(ServiceTierOfAnswers, IsKeptWithTheUsageAndGoesOutBesideIt) {
  for (const auto& [dialect, text] :
       {TierCase{openai::chat_answers(),
                 R"({"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":)"
                 R"("hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,)"
                 R"("completion_tokens":2},"service_tier":"flex"})"},
        TierCase{openai::chat_answers(),
                 R"({"model":"m","service_tier":"flex","choices":[{"index":0,"message":{"role":)"
                 R"("assistant","content":"hi"}}],"usage":{"prompt_tokens":1,)"
                 R"("service_tier":"flex"}})"},
        TierCase{openai::response_answers(),
                 R"({"object":"response","model":"m","status":"completed","output":[],)"
                 R"("service_tier":"flex","usage":{"input_tokens":1,"output_tokens":2}})"},
        TierCase{openai::completion_answers(),
                 R"({"model":"m","choices":[{"index":0,"text":"hi","finish_reason":"stop"}],)"
                 R"("usage":{"prompt_tokens":1,"completion_tokens":2},"service_tier":"flex"})"}}) {
    const Json body = checks::parsed(text);
    const auto steps = dialect.read(body, checks::kIds);
    ASSERT_TRUE(steps) << text;
    const auto& answer = std::get<RecordResponse>(steps->front());
    ASSERT_TRUE(answer.raw_usage) << text;
    EXPECT_EQ(dump(*answer.raw_usage->find("service_tier")), "\"flex\"") << text;
    EXPECT_TRUE(same_tree(dialect.write(checks::events_of(*steps)), body))
        << dump(dialect.write(checks::events_of(*steps)));
  }
}

TEST(ServiceTierOfAnswers, IsNotMadeUp) {
  const Json body = checks::parsed(R"({"model":"m","choices":[],"service_tier":"flex"})");
  const auto steps = openai::chat_answers().read(body, checks::kIds);
  ASSERT_TRUE(steps);
  EXPECT_FALSE(std::get<RecordResponse>(steps->front()).raw_usage) << "without usage there is none";
}

}  // namespace
}  // namespace hansard::events::pricing
