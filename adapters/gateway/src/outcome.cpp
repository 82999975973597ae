#include "outcome.h"

#include <string_view>
#include <utility>

#include "other_call.h"

namespace hansard::gateway {

namespace {

using events::Api;
using events::FailResponse;
using events::FailureReason;
using events::Json;
using events::RecordResponse;

constexpr std::size_t kErrorTextMax = 64U << 10;
constexpr std::string_view kRedacted = "(key)";

/// The body of an error: a document, or as much of its text as is worth keeping.
Json document(const std::string& bytes) {
  auto parsed = events::parse_json(bytes);
  if (parsed) return *std::move(parsed);
  // Text that is no UTF-8 cannot stand in an event.
  const std::string text = bytes.substr(0, kErrorTextMax);
  std::string quoted;
  events::dump_string_to(text, quoted);
  return events::check_json(quoted) ? Json(text) : Json("(bytes that are no text)");
}

void time(FailResponse& failure, const AnswerTee* tee, std::uint64_t latency_us) {
  failure.latency_us = latency_us;
  if (tee != nullptr) failure.ttft_us = tee->first_content_us();
}

void redact(std::string& text, const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) {
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
      text.replace(at, secret.size(), kRedacted);
      at += kRedacted.size();
    }
  }
}

FailResponse unreadable(const core::Error& why, int status) {
  FailResponse failure;
  failure.error_type = "unreadable_answer";
  failure.status = static_cast<std::uint64_t>(status);
  failure.error = Json(why.message);
  return failure;
}

}  // namespace

void redact(Json& value, const std::vector<std::string>& secrets) {
  if (std::string* text = value.if_string()) return redact(*text, secrets);
  if (Json::Array* list = value.if_array()) {
    for (Json& each : *list) redact(each, secrets);
  } else if (Json::Object* object = value.if_object()) {
    for (Json::Member& member : *object) redact(member.value, secrets);
  }
}

FailResponse refused(const Api& api, int status, const std::string& body,
                     std::uint64_t latency_us) {
  const events::ProviderError error = api.read_error(status, document(body));
  FailResponse failure;
  failure.error_type = error.type;
  failure.error = error.error;
  failure.retryable = error.retryable;
  failure.status = static_cast<std::uint64_t>(status);
  time(failure, nullptr, latency_us);
  return failure;
}

Outcome outcome_of(const Api& api, int status, AnswerTee& tee, const events::AnswerIds& ids,
                   std::uint64_t latency_us, std::shared_ptr<const KeptAnswer>* whole,
                   const std::function<bool(Json&)>& clean) {
  if (status < 200 || status > 299) {
    return refused(api, status, tee.bytes(), latency_us);
  }
  Json body;
  Json track;
  if (tee.streams()) {
    events::StreamEnd end = tee.take_stream();
    if (end.error || !end.complete) {
      FailResponse failure;
      failure.reason = end.error ? FailureReason::error : FailureReason::truncated;
      failure.status = static_cast<std::uint64_t>(status);
      if (end.error) {
        const events::ProviderError error = api.read_error(200, *end.error);
        failure.error_type = error.type;
        failure.error = error.error;
        failure.retryable = error.retryable;
      }
      keep_partial(api, end.body, ids, failure);
      time(failure, &tee, latency_us);
      return failure;
    }
    body = std::move(end.body);
    track = std::move(end.track);
  } else if (&api == &events::other_api()) {
    body = other_answer(status, tee);
  } else {
    auto parsed = events::parse_json(tee.bytes());
    if (!parsed || tee.cut()) {
      FailResponse failure = unreadable(
          parsed ? core::Error{core::Errc::too_large, "the answer is too long to be kept"}
                 : parsed.error(),
          status);
      time(failure, &tee, latency_us);
      return failure;
    }
    body = *std::move(parsed);
  }
  Json came;
  if (clean && whole != nullptr) came = body;
  const bool cleaned = clean && clean(body);
  auto steps = api.answers.read(body, ids);
  if (!steps) {
    FailResponse failure = unreadable(steps.error(), status);
    failure.metadata = Json::Object{{"body", std::move(body)}};
    time(failure, &tee, latency_us);
    return failure;
  }
  for (events::SessionStep& step : *steps) {
    auto* answer = std::get_if<RecordResponse>(&step);
    if (answer == nullptr) continue;
    answer->latency_us = latency_us;
    if (tee.streams()) answer->ttft_us = tee.first_content_us();
    if (answer->choice == 0 && !track.is_null()) answer->timing_track = track;
  }
  if (whole != nullptr) {
    *whole = std::make_shared<const KeptAnswer>(
        KeptAnswer{&api, dump(cleaned ? came : body), std::move(track), latency_us});
  }
  return *std::move(steps);
}

Spent spent_by(const Outcome& outcome, const SentTo& to, const std::optional<std::string>& asked) {
  Spent spent;
  spent.provider = to.provider;
  const auto take = [&](const auto& of) {
    spent.usage = of.usage;
    spent.model = of.model ? *of.model : to.model ? *to.model : asked.value_or("");
    const Json* tier = of.raw_usage ? of.raw_usage->find("service_tier") : nullptr;
    if (tier != nullptr && tier->is_string()) spent.tier = *tier->if_string();
  };
  if (const auto* failure = std::get_if<FailResponse>(&outcome)) {
    take(*failure);
    return spent;
  }
  for (const events::SessionStep& step : std::get<std::vector<events::SessionStep>>(outcome)) {
    const auto* answer = std::get_if<RecordResponse>(&step);
    if (answer == nullptr || answer->choice != 0) continue;
    take(*answer);
    break;
  }
  return spent;
}

std::uint64_t tokens_in(const std::optional<events::Usage>& usage) {
  std::uint64_t tokens = 0;
  if (!usage) return tokens;
  for_each_class(*usage, [&](std::string_view, std::optional<std::uint64_t> count) {
    tokens += count.value_or(0);
  });
  return tokens;
}

std::uint64_t tokens_in(const Outcome& outcome) {
  if (const auto* failure = std::get_if<FailResponse>(&outcome)) return tokens_in(failure->usage);
  std::uint64_t tokens = 0;
  for (const events::SessionStep& step : std::get<std::vector<events::SessionStep>>(outcome)) {
    const auto* answer = std::get_if<RecordResponse>(&step);
    if (answer != nullptr && answer->choice == 0) tokens += tokens_in(answer->usage);
  }
  return tokens;
}

Outcome broken_off(const Api& api, const core::Error& error, AnswerTee* tee,
                   const events::AnswerIds& ids, std::uint64_t latency_us) {
  FailResponse failure;
  switch (error.code) {
    case core::Errc::cancelled:
      failure.reason = FailureReason::cancelled;
      break;
    case core::Errc::timed_out:
      failure.reason = FailureReason::timeout;
      break;
    default:
      failure.reason = error.field == "truncated" ? FailureReason::truncated : FailureReason::error;
  }
  // We went down, not the client.
  if (error.field == "stopping") failure.reason = FailureReason::interrupted;
  if (!error.field.empty()) failure.error_type = error.field;
  failure.error = Json(error.message);
  failure.retryable = failure.reason != FailureReason::cancelled &&
                      core::traits(error.code).retry != core::Retry::never;
  if (tee != nullptr && tee->streams()) keep_partial(api, tee->take_stream().body, ids, failure);
  time(failure, tee, latency_us);
  return failure;
}

void redact(FailResponse& failure, const std::vector<std::string>& secrets) {
  if (failure.error) redact(*failure.error, secrets);
  if (failure.metadata) redact(*failure.metadata, secrets);
}

void redact(std::vector<events::SessionStep>& answer, const std::vector<std::string>& secrets) {
  for (events::SessionStep& step : answer) {
    auto* received = std::get_if<RecordResponse>(&step);
    if (received != nullptr && received->extra) redact(*received->extra, secrets);
  }
}

}  // namespace hansard::gateway
