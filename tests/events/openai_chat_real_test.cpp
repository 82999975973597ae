// Every chat completion among the recordings, of whatever host: body -> events -> body, stream ->
// body -> events, body -> stream -> body, cut and with garbage between.
#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <sstream>

#include "answer_checks.h"
#include "events/dialects/openai/chat_answers.h"
#include "events/dialects/openai/response_answers.h"
#include "real_data.h"

namespace hansard::events {
namespace {

const AnswerDialect& dialect() { return openai::chat_answers(); }

std::string text_at(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? "" : *text;
}

std::uint64_t number_at(const Json* object, std::string_view key) {
  const Json* value = object == nullptr ? nullptr : object->find(key);
  const auto number = value == nullptr ? core::Result<std::uint64_t>(0U) : value->as_uint(key);
  return number ? *number : 0;
}

const Json::Array& list_at(const Json& object, std::string_view key) {
  static const Json::Array kNone;
  const Json* value = object.find(key);
  const auto* list = value == nullptr ? nullptr : value->if_array();
  return list == nullptr ? kNone : *list;
}

struct Sample {
  std::string name;
  std::string host;
  int status = 200;
  Json body;  ///< null for a stream
  std::vector<TimedFrame> frames;
};

struct Counts {
  std::size_t bodies = 0, kept_whole = 0, messages_kept = 0, streams = 0, frames = 0, deltas = 0;
  std::size_t track_bytes = 0;
  std::map<std::string, std::size_t> hosts, others;
};

bool is_chat(const Json& body) {
  const auto& choices = list_at(body, "choices");
  return !choices.empty() && choices.front().find("message") != nullptr;
}

bool is_chunk(std::string_view data) {
  const auto json = parse_json(data);
  if (!json || json->find("choices") == nullptr) return false;
  return text_at(*json, "object") != "text_completion";
}

std::string last_name(std::string path) { return path.substr(path.rfind('/') + 1); }

void add_exchanges(std::vector<Sample>& samples, Counts& counts) {
  std::size_t line_number = 0;
  real::each_line("http_exchanges.jsonl.zst", [&](const Json& line) {
    ++line_number;
    const std::string api = text_at(line, "api");
    if (api != "openai_chat" && api != "azure_openai_chat") return;
    Sample sample;
    sample.name = "exchange " + std::to_string(line_number);
    sample.host = text_at(line, "provider");
    sample.status = static_cast<int>(number_at(&line, "status"));
    const std::string text = text_at(line, "response_body");
    if (*line.find("stream")->if_boolean()) {
      sample.frames = real::sse_frames(text, 13'700);
    } else {
      auto body = parse_json(text);
      if (!body || (!is_chat(*body) && body->find("error") == nullptr)) {
        ++counts.others["exchanges that are no chat completion: " + text_at(line, "target")];
        return;
      }
      sample.body = *std::move(body);
    }
    samples.push_back(std::move(sample));
  });
}

void add_fixtures(std::vector<Sample>& samples) {
  real::each_line("vercel_ai_stream_fixtures.jsonl.zst", [&](const Json& line) {
    Sample sample;
    sample.name = last_name(text_at(line, "path"));
    sample.host = text_at(line, "package");
    const std::string kind = text_at(line, "kind");
    if (kind == "response_json") {
      sample.body = checks::parsed(text_at(line, "body"));
      if (is_chat(sample.body)) samples.push_back(std::move(sample));
      return;
    }
    if (kind == "sse") sample.frames = real::sse_frames(text_at(line, "body"), 21'300);
    for (const Json& each : list_at(line, "payloads")) {
      sample.frames.push_back({sample.frames.size() * 21'300, "", *each.if_string()});
    }
    if (sample.frames.empty() || !is_chunk(sample.frames.front().data)) return;
    samples.push_back(std::move(sample));
  });
}

void add_streams(std::vector<Sample>& samples) {
  std::istringstream index(real::read_file(real::folder() + "/streams/index.jsonl"));
  for (std::string text; std::getline(index, text);) {
    const Json line = checks::parsed(text);
    const std::string api = text_at(line, "api");
    if (api != "openai_chat" && api != "azure_openai_chat") continue;
    Sample sample;
    sample.name = last_name(text_at(line, "file"));
    sample.host = text_at(line, "provider");
    sample.frames =
        real::sse_frames(real::read_file(real::folder() + "/streams/" + sample.name), 9'900);
    samples.push_back(std::move(sample));
  }
}

void add_mocks(std::vector<Sample>& samples) {
  const std::string folder = real::folder() + "/tensorzero_mock/chat_completions_";
  for (const auto* name : {"example", "function_example", "json_example"}) {
    Sample sample;
    sample.name = name;
    sample.host = "mock";
    sample.body = checks::parsed(real::read_file(folder + name + ".json"));
    samples.push_back(sample);
    sample.body = Json();
    std::istringstream lines(real::read_file(folder + "streaming_" + name + ".jsonl"));
    for (std::string each; std::getline(lines, each);) {
      sample.frames.push_back({sample.frames.size() * 8'000, "", std::move(each)});
    }
    samples.push_back(std::move(sample));
  }
}

/// Every text of a content, whatever its form.
std::string all_text(const Json& content) {
  if (const auto* text = content.if_string()) return *text;
  std::string all;
  if (const auto* list = content.if_array()) {
    for (const Json& each : *list) all += all_text(each);
  } else if (content.is_object()) {
    for (const auto* key : {"text", "thinking"}) {
      if (const Json* value = content.find(key)) all += all_text(*value);
    }
  }
  return all;
}

/// What is said, by kind, of a message or of one delta of it. Tool calls by their place: that of
/// their index among `indexes`, in order.
void collect(const Json& message, std::vector<std::string>& indexes,
             std::map<std::string, std::string>& to) {
  for (const auto* key : {"content", "refusal", "reasoning", "reasoning_content"}) {
    if (const Json* value = message.find(key)) to[key] += all_text(*value);
  }
  std::size_t position = 0;
  for (const Json& call : list_at(message, "tool_calls")) {
    const Json* index = call.find("index");
    const std::string given = index == nullptr ? std::to_string(position) : dump(*index);
    ++position;
    if (std::find(indexes.begin(), indexes.end(), given) == indexes.end()) indexes.push_back(given);
    const auto place = std::find(indexes.begin(), indexes.end(), given) - indexes.begin();
    const std::string name = std::to_string(place);
    to["id" + name] += text_at(call, "id");
    const Json* function = call.find("function");
    if (function == nullptr) continue;
    to["name" + name] += text_at(*function, "name");
    to["arguments" + name] += text_at(*function, "arguments");
  }
}

/// What the stream says by another way of adding up.
void expect_said(const Sample& sample, const StreamEnd& end, Counts& counts) {
  std::map<std::string, std::map<std::string, std::string>> said;
  std::map<std::string, std::vector<std::string>> indexes;
  std::map<std::string, std::string> reasons;
  std::string usage;
  for (const TimedFrame& frame : sample.frames) {
    const auto data = parse_json(frame.data);
    if (!data) continue;
    for (const Json& choice : list_at(*data, "choices")) {
      const std::string index = std::to_string(number_at(&choice, "index"));
      const Json* delta = choice.find("delta");
      if (delta == nullptr) continue;
      const auto before = said[index];
      collect(*delta, indexes[index], said[index]);
      if (said[index] != before) ++counts.deltas;
      const std::string reason = text_at(choice, "finish_reason");
      if (!reason.empty()) reasons[index] = reason;
    }
    const Json* groq = data->find("x_groq");
    for (const Json* from : {groq, &*data}) {
      const Json* counted = from == nullptr ? nullptr : from->find("usage");
      if (counted != nullptr && counted->is_object()) usage = dump(*counted);
    }
  }
  ASSERT_EQ(list_at(end.body, "choices").size(), said.size());
  for (const Json& choice : list_at(end.body, "choices")) {
    const std::string index = std::to_string(number_at(&choice, "index"));
    std::map<std::string, std::string> put_together;
    std::vector<std::string> places;
    collect(*choice.find("message"), places, put_together);
    std::erase_if(said[index], [](const auto& each) { return each.second.empty(); });
    std::erase_if(put_together, [](const auto& each) { return each.second.empty(); });
    EXPECT_EQ(put_together, said[index]);
    EXPECT_EQ(text_at(choice, "finish_reason"), reasons[index]);
  }
  const Json* counted = end.body.find("usage");
  const bool any = counted != nullptr && counted->is_object();
  EXPECT_EQ(any ? dump(*counted) : "", usage);
  EXPECT_EQ(text_at(end.body, "object"), "chat.completion");
}

/// The provider's own numbers, added up to what it bills; calls and reasons as the body says.
void expect_read(const Json& body) {
  const auto steps = dialect().read(body, checks::kIds);
  ASSERT_TRUE(steps) << steps.error().message;
  const auto& answer = std::get<RecordResponse>(steps->front());
  std::size_t calls = 0;
  for (const Json& choice : list_at(body, "choices")) {
    const Json& message = *choice.find("message");
    const Json* legacy = message.find("function_call");
    calls += list_at(message, "tool_calls").size();
    if (legacy != nullptr && legacy->is_object()) ++calls;
  }
  EXPECT_EQ(steps->size(), std::max<std::size_t>(1, list_at(body, "choices").size()) + calls);
  EXPECT_NE(answer.finish_reason, FinishReason::unknown) << answer.finish_reason_raw.value_or("");
  const Json* usage = body.find("usage");
  if (usage == nullptr || !usage->is_object()) {
    EXPECT_FALSE(answer.usage_source);
    return;
  }
  ASSERT_TRUE(answer.usage);
  EXPECT_EQ(answer.usage_source, UsageSource::provider);
  std::uint64_t input = 0;
  std::uint64_t output = 0;
  for_each_class(*answer.usage, [&](std::string_view name, std::optional<std::uint64_t> count) {
    (name.starts_with("input") ? input : output) += count.value_or(0);
  });
  EXPECT_EQ(input, number_at(usage, "prompt_tokens")) << dump(*usage);
  EXPECT_EQ(input + output, number_at(usage, "total_tokens")) << dump(*usage);
}

bool kept(const Json& body, std::string_view key) {
  const auto steps = dialect().read(body, checks::kIds);
  if (!steps) return false;
  const auto& answer = std::get<RecordResponse>(steps->front());
  return answer.extra && answer.extra->find(key) != nullptr;
}

/// Streams number their calls, bodies need not: put together, the numbers are gone.
bool drop_call_numbers(Json& body) {
  bool any = false;
  for (Json& choice : *body.find("choices")->if_array()) {
    Json* calls = choice.find("message")->find("tool_calls");
    if (calls == nullptr || !calls->is_array()) continue;
    for (Json& call : *calls->if_array()) {
      any = std::erase_if(*call.if_object(), [](const auto& each) { return each.key == "index"; }) >
                0 ||
            any;
    }
  }
  return any;
}

void check_error(const Sample& sample, Counts& counts) {
  EXPECT_FALSE(dialect().read(sample.body, checks::kIds));
  const auto error = openai::read_error(sample.status, sample.body);
  EXPECT_TRUE(error.type);
  EXPECT_FALSE(error.retryable);
  ++counts.others["errors, refused as answers and read as errors"];
}

void check_body(const Sample& sample, Counts& counts) {
  ++counts.bodies;
  checks::rebuilds(dialect(), sample.body);
  expect_read(sample.body);
  Json body = sample.body;
  if (drop_call_numbers(body)) ++counts.others["bodies that number their calls"];
  checks::streams_again(dialect(), body, Json());
  if (kept(sample.body, "whole")) ++counts.kept_whole;
  if (kept(sample.body, "raw")) ++counts.messages_kept;
}

void check_stream(const Sample& sample, Counts& counts) {
  ++counts.streams;
  counts.frames += sample.frames.size();
  const StreamEnd end = checks::assemble(dialect(), sample.frames);
  EXPECT_EQ(end.body.find("_frames"), nullptr) << dump(*end.body.find("_frames"));
  expect_said(sample, end, counts);
  checks::rebuilds(dialect(), end.body);
  if (!end.error) expect_read(end.body);
  if (kept(end.body, "whole")) ++counts.kept_whole;
  if (kept(end.body, "raw")) ++counts.messages_kept;
  checks::streams_again(dialect(), end.body, end.track);
  checks::streams_again(dialect(), end.body, Json());
  checks::survives_cuts(dialect(), sample.frames);
  checks::survives_garbage(dialect(), sample.frames);
  if (!end.track.is_null()) counts.track_bytes += dump(end.track).size();
  if (!end.complete) ++counts.others["streams without their end"];
  if (end.error) {
    ++counts.others["streams with an error inside"];
    EXPECT_TRUE(openai::read_error(200, *end.error).type);
  }
}

TEST(RealAnswers, OfChatCompletionsRebuildAndStreamAgain) {
  if (real::folder().empty()) GTEST_SKIP() << "HANSARD_SHARED_DATA is not set";
  Counts counts;
  std::vector<Sample> samples;
  add_exchanges(samples, counts);
  add_fixtures(samples);
  add_streams(samples);
  add_mocks(samples);
  for (const Sample& sample : samples) {
    SCOPED_TRACE(sample.host + " " + sample.name);
    ++counts.hosts[sample.host];
    if (!sample.frames.empty()) {
      check_stream(sample, counts);
    } else if (is_chat(sample.body)) {
      check_body(sample, counts);
    } else {
      check_error(sample, counts);
    }
  }
  EXPECT_GT(counts.bodies, 100U);
  EXPECT_GT(counts.streams, 50U);
  EXPECT_LE(counts.kept_whole * 50, counts.bodies + counts.streams) << "at most 2 %";
  EXPECT_LE(counts.messages_kept * 50, counts.bodies + counts.streams) << "at most 2 %";
  std::cout << "chat completions: " << counts.bodies << " bodies, " << counts.streams
            << " streams (" << counts.frames << " frames, " << counts.deltas << " deltas), "
            << counts.kept_whole << " kept whole, " << counts.messages_kept
            << " messages kept, track "
            << static_cast<double>(counts.track_bytes) / static_cast<double>(counts.deltas)
            << " bytes per delta\n";
  for (const auto* table : {&counts.hosts, &counts.others}) {
    for (const auto& [what, number] : *table) std::cout << "  " << number << " " << what << "\n";
  }
}

}  // namespace
}  // namespace hansard::events
