#include "recordings.h"

#include <memory>
#include <random>
#include <sstream>
#include <utility>

#include "events/dialects/framing.h"

namespace hansard::gateway::testing {

namespace {

using events::Api;
using events::FrameKind;

constexpr std::size_t kEveryByteMax = 3000;

/// An answer as its dialect reads it without a gateway.
struct Expected {
  std::string bytes;  ///< for the client
  Json body;          ///< null: an error, or a stream that was cut
  bool streamed = false;
};

bool asks_for_usage(const Json& request) {
  const Json* options = request.find("stream_options");
  const Json* asked = options == nullptr ? nullptr : options->find("include_usage");
  const bool* wanted = asked == nullptr ? nullptr : asked->if_boolean();
  return wanted != nullptr && *wanted;
}

bool wants_stream(const Api& api, const Json& request) {
  const auto split = api.requests.split(request);
  return split && split->stream;
}

Expected expected_of(const Api& api, const Recording& recording, const Json& request) {
  Expected expected{recording.answer, Json(), false};
  const bool fine = recording.status >= 200 && recording.status <= 299;
  const bool document = recording.content_type.starts_with("application/json");
  if (!fine) return expected;
  if (api.stream == Api::Stream::none || document || !wants_stream(api, request)) {
    if (auto body = events::parse_json(recording.answer)) expected.body = *std::move(body);
    return expected;
  }
  expected.streamed = true;
  const bool drops = api.usage_on_request && !asks_for_usage(request);
  std::unique_ptr<events::Splitter> splitter = std::make_unique<events::SseSplitter>();
  if (api.stream == Api::Stream::lines) splitter = std::make_unique<events::LineSplitter>();
  const auto stream = api.answers.stream();
  splitter->feed(recording.answer);
  splitter->end();
  std::size_t dropped = 0;
  bool over = false;
  while (!over) {
    const auto frame = splitter->next();
    if (!frame) break;
    const FrameKind kind = stream->add({frame->event, frame->data}, 0);
    over = kind == FrameKind::terminator || kind == FrameKind::error;
    if (kind != FrameKind::usage || !drops) continue;
    const auto begin = static_cast<std::size_t>(frame->begin) - dropped;
    const auto size = static_cast<std::size_t>(frame->end - frame->begin);
    expected.bytes.erase(begin, size);
    dropped += size;
  }
  events::StreamEnd end = stream->end();
  if (end.complete && !end.error) expected.body = std::move(end.body);
  return expected;
}

/// What is not kept, and said not to be: vectors, and the context of Ollama.
void leave_out(const Api& api, Json& body) {
  const auto drop = [](Json& from, std::string_view key) {
    if (Json::Object* object = from.if_object()) {
      std::erase_if(*object, [&](const Json::Member& each) { return each.key == key; });
    }
  };
  if (api.name == "ollama.generate") drop(body, "context");
  if (api.name == "ollama.embed") {
    drop(body, "embeddings");
    drop(body, "embedding");
  }
  if (api.name == "openai.embeddings") {
    Json* data = body.find("data");
    if (data == nullptr || !data->is_array()) return;
    for (Json& each : *data->if_array()) drop(each, "embedding");
  }
}

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

/// Of a call of an API that nobody reads here.
std::string kind_of(std::string_view path) {
  for (const std::string_view known :
       {"invoke", "converse", "generateContent", "streamGenerateContent", "/chat", "count_tokens",
        "/compact", "input_tokens", "/threads/"}) {
    if (path.find(known) != std::string_view::npos) return std::string(known);
  }
  return std::string(path);
}

}  // namespace

std::string Coverage::text() const {
  std::ostringstream out;
  out << served << " served, " << calls << " compared: " << answers << " answers (" << streams
      << " streams, " << usages << " with usage), " << failures
      << " failures; kept whole: " << whole_answers << " answers, " << whole_lists << " lists";
  for (const auto& [reason, count] : uncovered) out << "; uncovered: " << reason << " " << count;
  return out.str();
}

void RecordingsTest::serve(const Recording& recording) {
  serve(recording, recording.answer.size() <= kEveryByteMax ? 0 : ++seed_);
}

void RecordingsTest::serve(const Recording& recording, std::uint64_t seed) {
  ++coverage_.served;
  const Api* api = events::api_at(path_of(recording.target));
  const auto request = events::parse_json(recording.request);
  Expected expected{recording.answer, Json(), false};
  if (api != nullptr && request) expected = expected_of(*api, recording, *request);

  Client& client = send(recording.target, recording.request);
  upstream().head(recording.status, {{"Content-Type", recording.content_type}});
  std::mt19937_64 random(seed);
  for (std::string_view rest = recording.answer; !rest.empty();) {
    const std::size_t size = seed == 0 ? 1 : std::min<std::size_t>(rest.size(), random() % 301 + 1);
    upstream().piece(std::string(rest.substr(0, size)));
    rest.remove_prefix(size);
  }
  upstream().end();
  EXPECT_TRUE(client.over) << recording.where;
  EXPECT_EQ(client.status, recording.status);
  EXPECT_EQ(client.received, expected.bytes) << recording.where;

  const Outcome outcome = recorded_since();
  if (api == nullptr || !request) {
    ++coverage_.uncovered[std::string("kept as they are: ") + kind_of(path_of(recording.target))];
    ASSERT_EQ(outcome.asked.size(), 1U) << recording.where;
    const Json* kept = outcome.asked[0].parameters->find("body");
    if (request) {
      EXPECT_TRUE(same_tree(*kept, *request)) << recording.where;
    }
    return;
  }
  ASSERT_EQ(outcome.asked.size(), 1U) << recording.where;
  EXPECT_EQ(outcome.failures.size() + (outcome.answers.empty() ? 0 : 1), 1U) << recording.where;
  if (expected.body.is_null()) {
    EXPECT_EQ(outcome.failures.size(), 1U) << recording.where;
  }
  coverage_.streams += expected.streamed ? 1 : 0;
  compare(recording, *api, outcome);
  if (outcome.answers.empty()) return;
  const auto exchange = projections::exchange_of(
      projections::SessionReader(memory_).history({}, outcome.stream, {}).value(),
      outcome.asked[0].call_id, outcome.asked[0].attempt);
  ASSERT_TRUE(exchange) << recording.where;
  compare_usage(recording, outcome.answers[0], expected.body);
  leave_out(*api, expected.body);
  ASSERT_TRUE(exchange->answer) << recording.where;
  EXPECT_TRUE(same_tree(*exchange->answer, expected.body)) << recording.where << "\n"
                                                           << dump(*exchange->answer) << "\n"
                                                           << dump(expected.body);
}

void RecordingsTest::compare(const Recording& recording, const Api& api, const Outcome& outcome) {
  ++coverage_.calls;
  coverage_.answers += outcome.answers.empty() ? 0 : 1;
  coverage_.failures += outcome.failures.size();
  const events::ResponseRequested& asked = outcome.asked[0];
  // What is to be embedded is said nowhere else.
  if (asked.kind != events::CallKind::embedding && asked.extra->find("messages") != nullptr) {
    ++coverage_.whole_lists;
  }
  if (!outcome.answers.empty() && outcome.answers[0].extra &&
      outcome.answers[0].extra->find("raw") != nullptr) {
    ++coverage_.whole_answers;
  }
  const auto history = projections::SessionReader(memory_).history({}, outcome.stream, {});
  ASSERT_TRUE(history) << recording.where << ": " << history.error().message;
  const auto exchange = projections::exchange_of(*history, asked.call_id, asked.attempt);
  ASSERT_TRUE(exchange) << recording.where << ": " << exchange.error().message;
  ASSERT_TRUE(exchange->request) << recording.where;
  const Json sent = parsed(recording.request);
  EXPECT_TRUE(same_tree(*exchange->request, sent)) << recording.where << " (" << api.name << ")\n"
                                                   << dump(*exchange->request) << "\n"
                                                   << dump(sent);
}

void RecordingsTest::compare_usage(const Recording& recording,
                                   const events::ResponseReceived& answer, const Json& body) {
  const Json* given = body.find("usage");
  if (given != nullptr && !given->is_object()) given = nullptr;
  if (given == nullptr && body.find("eval_count") != nullptr) given = &body;
  if (given == nullptr) {
    // What nobody told may be estimated, and says so.
    EXPECT_TRUE(!answer.usage || answer.usage_source == events::UsageSource::estimated)
        << recording.where;
    return;
  }
  ++coverage_.usages;
  ASSERT_TRUE(answer.usage) << recording.where;
  EXPECT_EQ(answer.usage_source, events::UsageSource::provider);
  std::uint64_t input = 0;
  std::uint64_t output = 0;
  for_each_class(*answer.usage, [&](std::string_view name, std::optional<std::uint64_t> count) {
    (name.starts_with("input") ? input : output) += count.value_or(0);
  });
  const auto number = [&](const char* key) -> std::uint64_t {
    const Json* count = given->find(key);
    return count == nullptr || !count->is_number() ? 0 : *count->as_uint(key);
  };
  const bool chat = given->find("prompt_tokens") != nullptr;
  const bool embeds = !chat && given->find("input_tokens") == nullptr && given != &body;
  const std::uint64_t expected_input =
      number("prompt_tokens") + number("input_tokens") + number("cache_creation_input_tokens") +
      number("cache_read_input_tokens") + number("prompt_eval_count") +
      (embeds ? number("total_tokens") : 0);
  EXPECT_EQ(input, expected_input) << recording.where << " " << dump(*given);
  std::uint64_t expected_output =
      number("completion_tokens") + number("output_tokens") + number("eval_count");
  // Some hosts count reasoning beside the completion and not in it; then the sum says so.
  const Json* details = given->find("completion_tokens_details");
  const Json* reasoning = details == nullptr ? nullptr : details->find("reasoning_tokens");
  if (reasoning != nullptr && reasoning->is_number()) {
    const std::uint64_t beside = *reasoning->as_uint("reasoning_tokens");
    if (number("total_tokens") == expected_input + expected_output + beside) {
      expected_output += beside;
    }
  }
  EXPECT_EQ(output, expected_output) << recording.where << " " << dump(*given);
  if (given != &body) {
    ASSERT_TRUE(answer.raw_usage) << recording.where;
    EXPECT_TRUE(same_tree(*answer.raw_usage, *given)) << recording.where;
  }
}

RecordingsTest::Outcome RecordingsTest::recorded_since() {
  const events::SessionCodec codec;
  Outcome outcome;
  const auto read = memory_.read({seen_}, [&](const core::RecordedEvent& event) {
    seen_ = event.position.value + 1;
    auto decoded = codec.decode(event);
    EXPECT_TRUE(decoded);
    if (auto* asked = std::get_if<events::ResponseRequested>(&decoded->event)) {
      outcome.asked.push_back(std::move(*asked));
      outcome.stream = core::StreamId::parse(event.stream).value();
    } else if (auto* answer = std::get_if<events::ResponseReceived>(&decoded->event)) {
      // Others are echoed by the call: nobody recorded how they came about.
      if (!outcome.asked.empty() && answer->call_id == outcome.asked[0].call_id) {
        outcome.answers.push_back(std::move(*answer));
      }
    } else if (auto* failure = std::get_if<events::ResponseFailed>(&decoded->event)) {
      outcome.failures.push_back(std::move(*failure));
    }
    return true;
  });
  EXPECT_TRUE(read);
  return outcome;
}

}  // namespace hansard::gateway::testing
