#include <gtest/gtest.h>

#include "answer_checks.h"
#include "events/dialects/ollama/answers.h"
#include "events/dialects/openai/embeddings.h"
#include "support/events.h"

namespace hansard::events {
namespace {

using checks::parsed;

core::Hash sha(std::string_view bytes) { return support::hasher().sha256({bytes}); }
const AnswerIds kIds{"call_1", checks::kIds.message_id, sha};

const AnswerDialect& openai_dialect() { return openai::embedding_answers(); }
const AnswerDialect& ollama_dialect() { return ollama::embed_answers(); }

RecordResponse answer_of(const AnswerDialect& dialect, const Json& body) {
  const auto steps = dialect.read(body, kIds);
  EXPECT_TRUE(steps) << (steps ? "" : steps.error().message);
  if (!steps) return {};
  EXPECT_EQ(steps->size(), 1U);
  return std::get<RecordResponse>(steps->front());
}

Json written(const AnswerDialect& dialect, const Json& body) {
  const auto steps = dialect.read(body, kIds);
  EXPECT_TRUE(steps) << (steps ? "" : steps.error().message);
  return steps ? dialect.write(checks::events_of(*steps)) : Json();
}

/// 1.0 and -2.5 as little-endian float32.
constexpr std::string_view kTwoFloats("\x00\x00\x80\x3f\x00\x00\x20\xc0", 8);
std::string hex_of(std::string_view bytes) {
  const core::Hash hash = sha(bytes);
  return core::to_hex(core::as_bytes(hash));
}

TEST(EmbeddingAnswers, VectorsBecomeDimensionsAndAHash) {
  const Json body = parsed(R"({"object":"list","data":[
      {"object":"embedding","index":0,"embedding":[1,-2.5]},
      {"object":"embedding","index":1,"embedding":[1.0,-25e-1]}],
      "model":"embed-x","usage":{"prompt_tokens":8,"total_tokens":8}})");
  const RecordResponse answer = answer_of(openai_dialect(), body);
  EXPECT_TRUE(answer.parts.empty());
  EXPECT_EQ(answer.model, "embed-x");
  ASSERT_TRUE(answer.usage);
  EXPECT_EQ(answer.usage->input_text, 8U);
  EXPECT_FALSE(answer.usage->output_text);
  EXPECT_EQ(answer.usage_source, UsageSource::provider);
  ASSERT_TRUE(answer.extra);
  const std::string both = std::string(kTwoFloats) + std::string(kTwoFloats);
  EXPECT_EQ(dump(*answer.extra),
            R"({"dialect":"openai.embedding","dimensions":2,"vectors":2,"sha":")" + hex_of(both) +
                R"(","data":2,"body":{"object":"list"}})");
  EXPECT_TRUE(same_tree(written(openai_dialect(), body), parsed(R"({"object":"list","data":[
      {"object":"embedding","index":0},{"object":"embedding","index":1}],
      "model":"embed-x","usage":{"prompt_tokens":8,"total_tokens":8}})")));
}

TEST(EmbeddingAnswers, TheSameVectorIsTheSameInEveryEncoding) {
  const auto sha_in = [](const char* embedding) {
    const Json body =
        parsed(std::string(R"({"data":[{"index":0,"embedding":)") + embedding + "}]}");
    const RecordResponse answer = answer_of(openai_dialect(), body);
    EXPECT_EQ(dump(*answer.extra->find("dimensions")), "2");
    return *answer.extra->find("sha")->if_string();
  };
  EXPECT_EQ(sha_in("[1.0,-2.5]"), hex_of(kTwoFloats));
  EXPECT_EQ(sha_in("\"AACAPwAAIMA=\""), hex_of(kTwoFloats));
  EXPECT_NE(sha_in("[1.0,-2.25]"), hex_of(kTwoFloats));
}

TEST(EmbeddingAnswers, WhatIsNoVectorCountsAsItsText) {
  const Json body = parsed(R"({"data":[{"index":0,"embedding":{"int8":[1, 2]}}],"id":"e1",
      "usage":{"total_tokens":18}})");
  const RecordResponse answer = answer_of(openai_dialect(), body);
  EXPECT_EQ(answer.extra->find("dimensions"), nullptr);
  EXPECT_EQ(*answer.extra->find("sha")->if_string(), hex_of(R"({"int8":[1,2]})"));
  EXPECT_EQ(answer.usage->input_text, 18U) << "some hosts tell the total alone";
  EXPECT_TRUE(same_tree(written(openai_dialect(), body),
                        parsed(R"({"data":[{"index":0}],"id":"e1","usage":{"total_tokens":18}})")));
  const Json uneven = parsed(R"({"data":[{"embedding":[1]},{"embedding":[1,2]}]})");
  EXPECT_EQ(answer_of(openai_dialect(), uneven).extra->find("dimensions"), nullptr);
}

TEST(EmbeddingAnswers, OfOllamaLikewise) {
  const Json body = parsed(R"({"model":"m","embeddings":[[1,-2.5]],"total_duration":7,
      "load_duration":1,"prompt_eval_count":3,"of_tomorrow":true})");
  const RecordResponse answer = answer_of(ollama_dialect(), body);
  EXPECT_EQ(answer.usage->input_text, 3U);
  EXPECT_EQ(dump(*answer.raw_usage),
            R"({"total_duration":7,"load_duration":1,"prompt_eval_count":3})");
  EXPECT_EQ(*answer.extra->find("sha")->if_string(), hex_of(kTwoFloats));
  EXPECT_TRUE(same_tree(written(ollama_dialect(), body),
                        parsed(R"({"model":"m","total_duration":7,"load_duration":1,
      "prompt_eval_count":3,"of_tomorrow":true})")));
  const RecordResponse older = answer_of(ollama_dialect(), parsed(R"({"embedding":[1,-2.5]})"));
  EXPECT_EQ(*older.extra->find("sha")->if_string(), hex_of(kTwoFloats));
  EXPECT_FALSE(older.usage);
}

TEST(EmbeddingAnswers, WhatIsNoAnswerIsRefused) {
  for (const auto* body :
       {R"({"error":{"message":"x"}})", "[]", R"({"data":{}})", R"({"data":[7]})",
        R"({"data":[{"embedding":[1e39]}]})", R"({"data":[{"embedding":[1e400]}]})"}) {
    const auto steps = openai_dialect().read(parsed(body), kIds);
    ASSERT_FALSE(steps) << body;
    EXPECT_EQ(steps.error().code, core::Errc::invalid_argument);
  }
  const auto steps = ollama_dialect().read(parsed(R"({"embeddings":[[0],[1e39]]})"), kIds);
  ASSERT_FALSE(steps);
  EXPECT_EQ(steps.error().field, "embeddings[1][0]");
  EXPECT_FALSE(ollama_dialect().read(parsed(R"({"model":"m"})"), kIds));
}

TEST(EmbeddingAnswers, AnAnswerInOneFrameIsUnderstood) {
  const Json body = parsed(R"({"data":[{"embedding":[1]}],"model":"m"})");
  checks::streams_again(openai_dialect(), body, Json());
  const auto frames = openai_dialect().write_stream(body, Json());
  const StreamEnd end =
      checks::assemble(openai_dialect(), {{0, "", "{"}, frames.front(), {5, "", R"({"data":[]})"}});
  EXPECT_TRUE(end.complete);
  ASSERT_NE(end.body.find("_frames"), nullptr);
  EXPECT_EQ(end.body.find("_frames")->if_array()->size(), 1U);
  checks::streams_again(openai_dialect(), end.body, end.track);
  std::vector<FrameKind> kinds;
  const StreamEnd failed =
      checks::assemble(ollama_dialect(), {{0, "", R"({"error":"busy"})"}}, &kinds);
  EXPECT_EQ(kinds.front(), FrameKind::error);
  EXPECT_FALSE(failed.complete);
  EXPECT_TRUE(failed.body.is_null());
}

}  // namespace
}  // namespace hansard::events
