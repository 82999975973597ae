// Every answer of Ollama, of embeddings and of legacy completions among the recordings: body ->
// events -> body, stream -> body -> events, body -> stream -> body, cut and with garbage between.
#include <gtest/gtest.h>

#include <iostream>
#include <map>

#include "answer_checks.h"
#include "events/dialects/framing.h"
#include "events/dialects/ollama/answers.h"
#include "events/dialects/openai/completions.h"
#include "events/dialects/openai/embeddings.h"
#include "events/dialects/openai/response_answers.h"
#include "real_data.h"

namespace hansard::events {
namespace {

/// Tells vectors apart well enough for a test that counts.
core::Hash some_hash(std::string_view bytes) {
  core::Hash hash{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto& at = hash[i % hash.size()];
    at = static_cast<std::uint8_t>(at * 31U + static_cast<unsigned char>(bytes[i]));
  }
  return hash;
}

const AnswerIds kIds{"call_1", checks::kIds.message_id, some_hash};
const AnswerDialect& embeddings() { return openai::embedding_answers(); }
const AnswerDialect& embed() { return ollama::embed_answers(); }

struct Known {
  std::string_view name;
  const AnswerDialect& dialect;
  std::string_view prompt_count, answer_count;  ///< names of the counters
};

/// Of an `api` of the recordings and the target of its request; nullptr for those of others.
const Known* known_api(std::string_view api, std::string_view target) {
  static const Known kChat{"ollama chat", ollama::chat_answers(), "prompt_eval_count",
                           "eval_count"};
  static const Known kGenerate{"ollama generate", ollama::generate_answers(), "prompt_eval_count",
                               "eval_count"};
  static const Known kEmbed{"ollama embed", embed(), "prompt_eval_count", ""};
  static const Known kEmbeddings{"openai embeddings", embeddings(), "prompt_tokens",
                                 "completion_tokens"};
  static const Known kCompletions{"openai completions", openai::completion_answers(),
                                  "prompt_tokens", "completion_tokens"};
  if (api == "ollama_chat") return &kChat;
  if (api == "ollama_generate") return &kGenerate;
  if (api == "openai_completions") return &kCompletions;
  if (api != "embeddings") return nullptr;
  return target.starts_with("/api/") ? &kEmbed : &kEmbeddings;
}

std::string text_at(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? "" : *text;
}

std::uint64_t number_at(const Json* object, std::string_view key) {
  const Json* value = object == nullptr ? nullptr : object->find(key);
  return value == nullptr || !value->is_number() ? 0 : *value->as_uint(key);
}

struct Sample {
  std::string name;
  const Known* api = nullptr;
  int status = 200;
  Json body;  ///< null for a stream
  std::vector<TimedFrame> frames;
};

struct Counts {
  std::size_t bodies = 0, kept_whole = 0, streams = 0, frames = 0, deltas = 0, track_bytes = 0;
  std::map<std::string, std::size_t> others;
};

std::vector<TimedFrame> line_frames(std::string_view body, std::uint64_t gap_us) {
  LineSplitter splitter;
  splitter.feed(body);
  splitter.end();
  std::vector<TimedFrame> frames;
  while (auto frame = splitter.next()) {
    frames.push_back({frames.size() * gap_us, "", std::move(frame->data)});
  }
  return frames;
}

std::vector<TimedFrame> frames_of(const Known& api, std::string_view body, std::uint64_t gap_us) {
  const bool lines = api.name.starts_with("ollama");
  return lines ? line_frames(body, gap_us) : real::sse_frames(body, gap_us);
}

std::vector<Sample> all_samples() {
  std::vector<Sample> samples;
  real::each_line("http_exchanges.jsonl.zst", [&](const Json& line) {
    const Known* api = known_api(text_at(line, "api"), text_at(line, "target"));
    if (api == nullptr) return;
    Sample sample{text_at(line, "path") + text_at(line, "target"), api, 200, Json(), {}};
    sample.status = static_cast<int>(number_at(&line, "status"));
    const std::string text = text_at(line, "response_body");
    if (*line.find("stream")->if_boolean()) {
      sample.frames = frames_of(*api, text, 13'700);
    } else {
      sample.body = checks::parsed(text);
    }
    samples.push_back(std::move(sample));
  });
  real::each_line("vercel_ai_stream_fixtures.jsonl.zst", [&](const Json& line) {
    const std::string path = text_at(line, "path");
    const bool completion = path.find("/completion/") != std::string::npos;
    if (!completion && path.find("/embedding/") == std::string::npos) return;
    Sample sample{
        path, known_api(completion ? "openai_completions" : "embeddings", ""), 200, Json(), {}};
    if (text_at(line, "kind") == "response_json") {
      sample.body = checks::parsed(text_at(line, "body"));
    } else if (const Json* payloads = line.find("payloads")) {
      for (const Json& each : *payloads->if_array()) {
        sample.frames.push_back({sample.frames.size() * 21'300, "", *each.if_string()});
      }
    }
    // Other providers have embeddings of other forms.
    const bool list = sample.body.find("data") != nullptr;
    if (completion || list) samples.push_back(std::move(sample));
  });
  const std::string index = real::read_file(real::folder() + "/streams/index.jsonl");
  for (std::size_t from = 0; from < index.size();) {
    const std::size_t end = std::min(index.find('\n', from), index.size());
    const Json line = checks::parsed(std::string_view(index).substr(from, end - from));
    from = end + 1;
    const Known* api = known_api(text_at(line, "api"), text_at(line, "target"));
    if (api == nullptr) continue;
    Sample sample{text_at(line, "file"), api, 200, Json(), {}};
    const std::string file = sample.name.substr(sample.name.rfind('/') + 1);
    sample.frames = frames_of(*api, real::read_file(real::folder() + "/streams/" + file), 9'900);
    samples.push_back(std::move(sample));
  }
  return samples;
}

/// The provider's own numbers.
void expect_usage(const Sample& sample, const Json& body) {
  const auto steps = sample.api->dialect.read(body, kIds);
  ASSERT_TRUE(steps) << steps.error().message;
  const auto& answer = std::get<RecordResponse>(steps->front());
  const bool lines = sample.api->name.starts_with("ollama");
  const Json* counters = lines ? &body : body.find("usage");
  if (!answer.usage) {
    EXPECT_EQ(number_at(counters, sample.api->prompt_count), 0U);
    EXPECT_EQ(number_at(counters, sample.api->answer_count), 0U);
    return;
  }
  EXPECT_EQ(answer.usage_source, UsageSource::provider);
  std::uint64_t input = 0;
  std::uint64_t output = 0;
  for_each_class(*answer.usage, [&](std::string_view name, std::optional<std::uint64_t> count) {
    (name.starts_with("input") ? input : output) += count.value_or(0);
  });
  const bool total_alone = number_at(counters, "prompt_tokens") == 0 && !lines;
  EXPECT_EQ(input, number_at(counters, total_alone ? "total_tokens" : sample.api->prompt_count));
  EXPECT_EQ(output, number_at(counters, sample.api->answer_count));
}

/// What the stream says by another way of adding up: every text, one after the other.
void expect_text(const Sample& sample, const Json& body) {
  std::string said;
  std::string end_reason;
  for (const TimedFrame& frame : sample.frames) {
    const auto data = parse_json(frame.data);
    if (!data) continue;
    if (const Json* message = data->find("message")) said += text_at(*message, "content");
    said += text_at(*data, "response");
    if (const Json* reason = data->find("done_reason")) end_reason = *reason->if_string();
    const Json* choices = data->find("choices");
    if (choices == nullptr || choices->if_array()->empty()) continue;
    const Json& choice = choices->if_array()->front();
    said += text_at(choice, "text");
    const std::string reason = text_at(choice, "finish_reason");
    if (!reason.empty()) end_reason = reason;
  }
  const auto steps = sample.api->dialect.read(body, kIds);
  ASSERT_TRUE(steps);
  const auto& answer = std::get<RecordResponse>(steps->front());
  EXPECT_FALSE(said.empty());
  EXPECT_EQ(plain_text(answer.parts), said);
  EXPECT_EQ(answer.finish_reason_raw.value_or(""), end_reason);
}

Json without(Json body, std::string_view key) {
  std::erase_if(*body.if_object(), [&](const Json::Member& each) { return each.key == key; });
  return body;
}

/// What the dialects say they drop: vectors, and the context of Ollama.
Json as_kept(const Json& body) {
  Json kept = without(without(without(body, "context"), "embedding"), "embeddings");
  Json* data = kept.find("data");
  if (data == nullptr) return kept;
  for (Json& each : *data->if_array()) each = without(each, "embedding");
  return kept;
}

/// @return whether it had to be kept whole
bool rebuilds(const Sample& sample, const Json& body) {
  const auto steps = sample.api->dialect.read(body, kIds);
  EXPECT_TRUE(steps) << (steps ? "" : steps.error().message);
  if (!steps) return false;
  const Json written = sample.api->dialect.write(checks::events_of(*steps));
  const Json kept = as_kept(body);
  EXPECT_TRUE(same_tree(written, kept)) << dump(kept) << "\n" << dump(written);
  const auto& extra = std::get<RecordResponse>(steps->front()).extra;
  const bool vectors = sample.api->name.find("embed") != std::string_view::npos;
  EXPECT_EQ(vectors, extra->find("sha") != nullptr);
  EXPECT_TRUE(!vectors || extra->find("dimensions") != nullptr);
  return extra->find("raw") != nullptr;
}

void check(const Sample& sample, Counts& counts) {
  SCOPED_TRACE(sample.name);
  const AnswerDialect& dialect = sample.api->dialect;
  if (sample.frames.empty()) {
    if (sample.status >= 400) {
      EXPECT_FALSE(dialect.read(sample.body, kIds));
      EXPECT_FALSE(openai::read_error(sample.status, sample.body).retryable);
      ++counts.others["errors, refused as answers and read as errors"];
      return;
    }
    ++counts.bodies;
    if (rebuilds(sample, sample.body)) ++counts.kept_whole;
    expect_usage(sample, sample.body);
    checks::streams_again(dialect, sample.body, Json());
    return;
  }
  ++counts.streams;
  counts.frames += sample.frames.size();
  std::vector<FrameKind> kinds;
  const StreamEnd end = checks::assemble(dialect, sample.frames, &kinds);
  counts.deltas +=
      static_cast<std::size_t>(std::count(kinds.begin(), kinds.end(), FrameKind::content));
  EXPECT_EQ(end.body.find("_frames"), nullptr) << dump(*end.body.find("_frames"));
  expect_text(sample, end.body);
  if (rebuilds(sample, end.body)) ++counts.kept_whole;
  expect_usage(sample, end.body);
  checks::streams_again(dialect, end.body, end.track);
  checks::survives_cuts(dialect, sample.frames);
  checks::survives_garbage(dialect, sample.frames);
  if (!end.track.is_null()) counts.track_bytes += dump(end.track).size();
  if (!end.complete) ++counts.others["streams without their end"];
  if (end.error) ++counts.others["streams with an error inside"];
}

TEST(RealAnswers, OfOllamaEmbeddingsAndCompletionsRebuildAndStreamAgain) {
  if (real::folder().empty()) GTEST_SKIP() << "HANSARD_SHARED_DATA is not set";
  std::map<std::string_view, Counts> counts;
  for (const Sample& sample : all_samples()) check(sample, counts[sample.api->name]);
  ASSERT_EQ(counts.size(), 5U);
  for (const auto& [name, each] : counts) {
    EXPECT_EQ(each.kept_whole, 0U);
    std::cout << name << ": " << each.bodies << " bodies, " << each.streams << " streams ("
              << each.frames << " frames, " << each.deltas << " deltas), " << each.kept_whole
              << " kept whole";
    if (each.deltas > 0) {
      std::cout << ", track "
                << static_cast<double>(each.track_bytes) / static_cast<double>(each.deltas)
                << " bytes per delta";
    }
    std::cout << "\n";
    for (const auto& [what, number] : each.others) {
      std::cout << "  " << number << " " << what << "\n";
    }
  }
}

}  // namespace
}  // namespace hansard::events
