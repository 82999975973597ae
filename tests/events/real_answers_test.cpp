// Every answer of the Anthropic and Responses APIs among the recordings: body -> events -> body,
// stream -> body -> events, body -> stream -> body, cut and with garbage between.
#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <set>

#include "answer_checks.h"
#include "events/dialects/anthropic/answers.h"
#include "events/dialects/openai/response_answers.h"
#include "real_data.h"

namespace hansard::events {
namespace {

std::string text_at(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? "" : *text;
}

struct Sample {
  std::string name;
  const AnswerDialect* dialect = nullptr;
  bool error = false;
  int status = 200;
  Json body;  ///< null for a stream
  std::vector<TimedFrame> frames;
};

struct Counts {
  std::size_t bodies = 0, kept_whole = 0, streams = 0, frames = 0, deltas = 0, track_bytes = 0;
  std::map<std::string, std::size_t> others;
};

const AnswerDialect& anthropic_dialect() { return anthropic::answers(); }
const AnswerDialect& responses_dialect() { return openai::response_answers(); }

const AnswerDialect* dialect_of_type(const std::string& type) {
  if (type.starts_with("message") || type.starts_with("content_block")) return &anthropic_dialect();
  if (type.starts_with("response.")) return &responses_dialect();
  return nullptr;
}

const AnswerDialect* dialect_of_body(const Json& body) {
  const bool items = body.find("output") != nullptr && body.find("output")->is_array();
  if (text_at(body, "object").starts_with("response") && items) return &responses_dialect();
  if (text_at(body, "type") == "message") return &anthropic_dialect();
  return nullptr;
}

/// A fixture may hold several answers one after the other.
std::vector<Sample> split(Sample all) {
  std::vector<Sample> samples;
  bool over = true;
  for (TimedFrame& each : all.frames) {
    const std::string type = text_at(checks::parsed(each.data), "type");
    if (over && (type == "message_start" || type == "response.created")) {
      samples.push_back({all.name, all.dialect, false, 200, Json(), {}});
      over = false;
    }
    over = over || type == "message_stop" || type == "response.completed";
    if (!samples.empty()) samples.back().frames.push_back(std::move(each));
  }
  return samples;
}

std::vector<Sample> all_samples(Counts& counts) {
  std::vector<Sample> samples;
  std::size_t line_number = 0;
  real::each_line("http_exchanges.jsonl.zst", [&](const Json& line) {
    ++line_number;
    const std::string api = text_at(line, "api");
    Sample sample;
    sample.name = "exchange " + std::to_string(line_number);
    if (api == "anthropic_messages") sample.dialect = &anthropic_dialect();
    if (api == "openai_responses") sample.dialect = &responses_dialect();
    if (sample.dialect == nullptr) return;
    const std::string text = text_at(line, "response_body");
    sample.status = static_cast<int>(*line.find("status")->as_uint("status"));
    if (*line.find("stream")->if_boolean()) {
      sample.frames = real::sse_frames(text, 13'700);
    } else {
      sample.body = checks::parsed(text);
      sample.error = sample.body.find("error") != nullptr &&
                     !sample.body.find("error")->is_null() &&
                     dialect_of_body(sample.body) == nullptr;
      if (!sample.error && dialect_of_body(sample.body) == nullptr) {
        ++counts.others["exchange: " + text_at(line, "target")];
        return;
      }
    }
    samples.push_back(std::move(sample));
  });
  real::each_line("vercel_ai_stream_fixtures.jsonl.zst", [&](const Json& line) {
    Sample sample;
    sample.name = text_at(line, "path");
    sample.name.erase(0, sample.name.rfind('/') + 1);
    if (text_at(line, "kind") == "response_json") {
      sample.body = checks::parsed(text_at(line, "body"));
      sample.dialect = dialect_of_body(sample.body);
      if (sample.dialect != nullptr) samples.push_back(std::move(sample));
      return;
    }
    const Json* payloads = line.find("payloads");
    if (payloads == nullptr || !payloads->is_array()) return;
    for (const Json& each : *payloads->if_array()) {
      sample.frames.push_back(checks::frame(sample.frames.size() * 21'300, *each.if_string()));
    }
    if (sample.frames.empty()) return;
    sample.dialect = dialect_of_type(sample.frames.front().event);
    if (sample.dialect == nullptr) return;
    for (Sample& each : split(std::move(sample))) samples.push_back(std::move(each));
  });
  const std::string index = real::read_file(real::folder() + "/streams/index.jsonl");
  std::size_t from = 0;
  while (from < index.size()) {
    const std::size_t end = std::min(index.find('\n', from), index.size());
    const Json line = checks::parsed(std::string_view(index).substr(from, end - from));
    from = end + 1;
    Sample sample;
    sample.name = text_at(line, "file");
    const std::string api = text_at(line, "api");
    if (api == "anthropic_messages") sample.dialect = &anthropic_dialect();
    if (api == "openai_responses") sample.dialect = &responses_dialect();
    if (sample.dialect == nullptr) continue;
    sample.name.erase(0, sample.name.rfind('/') + 1);
    sample.frames =
        real::sse_frames(real::read_file(real::folder() + "/streams/" + sample.name), 9'900);
    samples.push_back(std::move(sample));
  }
  return samples;
}

/// The member `key` of every block of a type, joined.
void collect(const Json& blocks, std::string_view type, std::string_view key, std::string& to) {
  for (const Json& each : *blocks.if_array()) {
    if (text_at(each, "type") == type) to += text_at(each, key);
  }
}

/// What the stream says by another way of adding up: every delta of a kind, one after the other.
void expect_anthropic(const Sample& sample, const Json& body) {
  std::map<std::string, std::string> deltas;
  std::map<std::string, std::string> usage;
  Json stop;
  for (const TimedFrame& frame : sample.frames) {
    const Json data = checks::parsed(frame.data);
    const Json* started = data.find("message");
    if (started != nullptr) {
      collect(*started->find("content"), "text", "text", deltas["text"]);
      collect(*started->find("content"), "thinking", "thinking", deltas["thinking"]);
    }
    if (const Json* delta = data.find("delta")) {
      for (const auto* key : {"text", "thinking", "partial_json"})
        deltas[key] += text_at(*delta, key);
      if (const Json* reason = delta->find("stop_reason")) stop = *reason;
    }
    const Json* message = data.find("message");
    if (message != nullptr && stop.is_null()) stop = *message->find("stop_reason");
    const Json* counters = message == nullptr ? data.find("usage") : message->find("usage");
    if (counters == nullptr) continue;
    for (const auto& each : *counters->if_object()) {
      if (!each.value.is_null()) usage[each.key] = dump(each.value);
    }
  }
  std::string text;
  std::string thinking;
  collect(*body.find("content"), "text", "text", text);
  collect(*body.find("content"), "thinking", "thinking", thinking);
  EXPECT_EQ(text, deltas["text"]);
  EXPECT_EQ(thinking, deltas["thinking"]);
  EXPECT_EQ(dump(*body.find("stop_reason")), dump(stop));
  std::size_t counters = 0;
  for (const auto& each : *body.find("usage")->if_object()) {
    if (each.value.is_null()) continue;
    EXPECT_EQ(usage[each.key], dump(each.value)) << each.key;
    ++counters;
  }
  EXPECT_TRUE(!stop.is_string() || counters == usage.size()) << counters;
}

void expect_responses(const Sample& sample, const Json& body) {
  for (const TimedFrame& frame : sample.frames) {
    const Json data = checks::parsed(frame.data);
    const std::string type = text_at(data, "type");
    if (type != "response.completed" && type != "response.failed") continue;
    EXPECT_TRUE(same_tree(*data.find("response"), body));
  }
}

/// The provider's own numbers, added up to what it bills.
void expect_usage(const Sample& sample, const Json& body) {
  const auto steps = sample.dialect->read(body, checks::kIds);
  ASSERT_TRUE(steps) << steps.error().message;
  const auto& answer = std::get<RecordResponse>(steps->front());
  const Json* usage = body.find("usage");
  if (usage == nullptr || !usage->is_object()) return;
  ASSERT_TRUE(answer.usage);
  EXPECT_EQ(answer.usage_source, UsageSource::provider);
  std::uint64_t input = 0;
  std::uint64_t output = 0;
  for_each_class(*answer.usage, [&](std::string_view name, std::optional<std::uint64_t> count) {
    (name.starts_with("input") ? input : output) += count.value_or(0);
  });
  const auto number = [&](const char* key) {
    const Json* count = usage->find(key);
    return count == nullptr || !count->is_number() ? 0 : *count->as_uint(key);
  };
  EXPECT_EQ(input, number("input_tokens") + number("cache_creation_input_tokens") +
                       number("cache_read_input_tokens"));
  EXPECT_EQ(output, number("output_tokens"));
}

void check(const Sample& sample, Counts& counts) {
  SCOPED_TRACE(sample.name);
  if (sample.error) {
    EXPECT_FALSE(sample.dialect->read(sample.body, checks::kIds));
    const auto error = sample.dialect == &anthropic_dialect()
                           ? anthropic::read_error(sample.status, sample.body)
                           : openai::read_error(sample.status, sample.body);
    EXPECT_EQ(error.type, "invalid_request_error");
    EXPECT_FALSE(error.retryable);
    ++counts.others["errors, refused as answers and read as errors"];
    return;
  }
  if (sample.frames.empty()) {
    ++counts.bodies;
    if (checks::rebuilds(*sample.dialect, sample.body)) ++counts.kept_whole;
    expect_usage(sample, sample.body);
    checks::streams_again(*sample.dialect, sample.body, Json());
    return;
  }
  ++counts.streams;
  counts.frames += sample.frames.size();
  const StreamEnd end = checks::assemble(*sample.dialect, sample.frames);
  EXPECT_EQ(end.body.find("_frames"), nullptr) << dump(*end.body.find("_frames"));
  if (sample.dialect == &anthropic_dialect()) {
    expect_anthropic(sample, end.body);
  } else {
    expect_responses(sample, end.body);
  }
  if (checks::rebuilds(*sample.dialect, end.body)) ++counts.kept_whole;
  expect_usage(sample, end.body);
  checks::streams_again(*sample.dialect, end.body, end.track);
  checks::survives_cuts(*sample.dialect, sample.frames);
  checks::survives_garbage(*sample.dialect, sample.frames);
  for (const TimedFrame& each : sample.frames) {
    if (text_at(checks::parsed(each.data), "type").ends_with("delta") &&
        !each.data.starts_with("{\"type\":\"message_delta\"")) {
      ++counts.deltas;
    }
  }
  if (!end.track.is_null()) counts.track_bytes += dump(end.track).size();
  if (!end.complete) ++counts.others["streams without their end"];
  if (end.error) ++counts.others["streams with an error inside"];
}

TEST(RealAnswers, OfAnthropicAndResponsesRebuildAndStreamAgain) {
  if (real::folder().empty()) GTEST_SKIP() << "HANSARD_SHARED_DATA is not set";
  std::map<const AnswerDialect*, Counts> counts;
  Counts common;
  for (const Sample& sample : all_samples(common)) check(sample, counts[sample.dialect]);
  ASSERT_EQ(counts.size(), 2U);
  for (const auto& [dialect, each] : counts) {
    EXPECT_LE(each.kept_whole * 50, each.bodies + each.streams) << "at most 2 % are kept whole";
    std::cout << (dialect == &anthropic_dialect() ? "anthropic" : "openai responses") << ": "
              << each.bodies << " bodies, " << each.streams << " streams (" << each.frames
              << " frames, " << each.deltas << " deltas), " << each.kept_whole
              << " kept whole, track "
              << static_cast<double>(each.track_bytes) / static_cast<double>(each.deltas)
              << " bytes per delta\n";
    for (const auto& [what, number] : each.others)
      std::cout << "  " << number << " " << what << "\n";
  }
  for (const auto& [what, number] : common.others) {
    std::cout << "no answers: " << number << " " << what << "\n";
  }
}

}  // namespace
}  // namespace hansard::events
