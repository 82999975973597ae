#include "sample.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "text/json_view.h"

namespace hansard::cli {

using core::Error;
using core::Ok;
using core::Result;
using core::Status;
using core::Timestamp;
using events::Json;

namespace {

struct SampleRequest {
  std::string target;
  Json body;
  Timestamp occurred_at;
};

Error broken(const std::string& why) {
  return Error{core::Errc::internal, "a sample request " + why};
}

Result<std::vector<SampleRequest>> read_sample() {
  std::vector<SampleRequest> all;
  std::string_view rest = sample_requests();
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.empty()) continue;
    auto request = events::parse_json(line);
    if (!request) return request.error();
    const Json* body = request->find("body");
    if (body == nullptr) return broken("without a body");
    const auto time = core::parse_time(text_at(*body, "occurred_at"));
    if (!time) return broken("without a time");
    all.push_back({text_at(*request, "post"), *body, *time});
  }
  if (all.empty()) return broken("is missing");
  return all;
}

/// How many days later than written the sample takes place: what it shows should be of these days,
/// and once recorded it stays when it was.
Result<std::chrono::days> days_later(Backend& backend, const std::vector<SampleRequest>& all,
                                     Timestamp now) {
  const SampleRequest& first = all.front();
  const auto begun = get_json(backend, first.target + "/" + text_at(first.body, "session_id"));
  if (!begun && begun.error().code != core::Errc::not_found) return begun.error();
  if (begun) {
    const auto when = core::parse_time(text_at(*begun, "first_occurred_at"));
    if (!when) return Error{when.error().code, "the recorded sample has no time"};
    return std::chrono::floor<std::chrono::days>(*when - first.occurred_at);
  }
  const auto newest =
      std::max_element(all.begin(), all.end(), [](const SampleRequest& a, const SampleRequest& b) {
        return a.occurred_at < b.occurred_at;
      })->occurred_at;
  return std::chrono::floor<std::chrono::days>(now - newest);
}

void set_time(Json& body, Timestamp time) {
  for (auto& [name, value] : *body.if_object()) {
    if (name == "occurred_at") value = Json(core::format_time(time));
  }
}

}  // namespace

Status record_sample(Backend& backend, Timestamp now) {
  auto all = read_sample();
  if (!all) return all.error();
  const auto later = days_later(backend, *all, now);
  if (!later) return later.error();
  for (SampleRequest& request : *all) {
    set_time(request.body, request.occurred_at + *later);
    const std::string key = "sample " + std::to_string(&request - all->data());
    auto answer =
        call_json(backend, Call{http::Method::post, request.target, dump(request.body), key});
    if (!answer) {
      Error error = std::move(answer).error();
      error.message = "sample: " + request.target + ": " + error.message;
      return error;
    }
  }
  return Ok{};
}

}  // namespace hansard::cli
