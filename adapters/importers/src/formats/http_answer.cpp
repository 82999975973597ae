#include "formats/http_answer.h"

#include <memory>
#include <utility>
#include <variant>

#include "events/dialects/framing.h"

namespace hansard::importers {

namespace {

using events::Api;
using events::FailResponse;
using events::FailureReason;
using events::Json;
using events::RecordResponse;
using events::SessionStep;

constexpr std::size_t kErrorTextMax = 64U << 10;

bool is_stream(const Api& api, const HttpExchange& exchange, bool streams) {
  if (api.stream == Api::Stream::none) return false;
  const std::string_view type = exchange.content_type;
  if (type.find("event-stream") != std::string_view::npos) return true;
  if (type.find("ndjson") != std::string_view::npos) return true;
  return streams && !type.starts_with("application/json");
}

events::StreamEnd read_stream(const Api& api, std::string_view text) {
  std::unique_ptr<events::Splitter> splitter;
  if (api.stream == Api::Stream::sse) {
    splitter = std::make_unique<events::SseSplitter>();
  } else {
    splitter = std::make_unique<events::LineSplitter>();
  }
  const auto stream = api.answers.stream();
  const auto take = [&] {
    while (const auto frame = splitter->next()) {
      static_cast<void>(stream->add({frame->event, frame->data}, 0));
    }
  };
  splitter->feed(text);
  take();
  splitter->end();
  take();
  return stream->end();
}

FailResponse failure_of(const Api& api, int status, const Json& error) {
  const events::ProviderError read = api.read_error(status, error);
  FailResponse failure;
  failure.error_type = read.type;
  failure.error = read.error;
  failure.retryable = read.retryable;
  return failure;
}

std::vector<SessionStep> failed(FailResponse failure, const HttpExchange& exchange,
                                const events::AnswerIds& ids) {
  failure.call_id = ids.call_id;
  failure.status = exchange.status;
  failure.latency_us = exchange.latency_us;
  if (failure.error) redact(*failure.error, exchange.secrets);
  if (failure.metadata) redact(*failure.metadata, exchange.secrets);
  std::vector<SessionStep> steps;
  steps.emplace_back(std::move(failure));
  return steps;
}

FailResponse unreadable(const core::Error& why) {
  FailResponse failure;
  failure.error_type = "unreadable_answer";
  failure.error = Json(why.message);
  return failure;
}

}  // namespace

std::vector<SessionStep> read_http_answer(const Api& api, const HttpExchange& exchange,
                                          bool streams, const events::AnswerIds& ids) {
  if (!exchange.status) {
    FailResponse failure;
    failure.error = Json("nothing came back");
    return failed(std::move(failure), exchange, ids);
  }
  const std::uint64_t status = *exchange.status;
  if (status < 200 || status > 299) {
    auto body = events::parse_json(exchange.answer);
    const Json said = body ? *std::move(body) : Json(exchange.answer.substr(0, kErrorTextMax));
    return failed(failure_of(api, static_cast<int>(status), said), exchange, ids);
  }
  Json body;
  Json track;
  if (is_stream(api, exchange, streams)) {
    events::StreamEnd end = read_stream(api, exchange.answer);
    if (end.error || !end.complete) {
      FailResponse failure;
      if (end.error) {
        failure = failure_of(api, static_cast<int>(status), *end.error);
      } else {
        failure.reason = FailureReason::truncated;
      }
      keep_partial(api, end.body, ids, failure);
      return failed(std::move(failure), exchange, ids);
    }
    body = std::move(end.body);
    track = std::move(end.track);
  } else {
    auto parsed = events::parse_json(exchange.answer);
    if (!parsed) return failed(unreadable(parsed.error()), exchange, ids);
    body = *std::move(parsed);
  }
  auto steps = api.answers.read(body, ids);
  if (!steps) {
    FailResponse failure = unreadable(steps.error());
    failure.metadata = Json::Object{{"body", std::move(body)}};
    return failed(std::move(failure), exchange, ids);
  }
  for (SessionStep& step : *steps) {
    auto* answer = std::get_if<RecordResponse>(&step);
    if (answer == nullptr) continue;
    answer->latency_us = exchange.latency_us;
    answer->served_from = events::ServedFrom::provider;
    if (answer->choice == 0 && !track.is_null()) answer->timing_track = track;
  }
  return *std::move(steps);
}

}  // namespace hansard::importers
