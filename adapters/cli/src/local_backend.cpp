#include "local_backend.h"

#include <chrono>
#include <future>
#include <thread>
#include <utility>

#include "http/problem.h"
#include "http/target.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;
using std::chrono::steady_clock;

/// A command waits for its engine as long as the engine needs.
constexpr std::chrono::hours kPatience{24};
/// How often one looks how far the index of texts is.
constexpr std::chrono::milliseconds kLook{2};

class LocalBackend final : public Backend {
 public:
  LocalBackend(Engine& engine, core::ProjectId project, std::string place,
               std::unique_ptr<Engine> owned)
      : owned_(std::move(owned)),
        engine_(engine),
        project_(std::move(project)),
        place_(std::move(place)) {}

  Result<Answer> call(const Call& call) override {
    auto response = respond(call);
    if (!response) return std::move(response).error();
    Answer answer{response->status, std::move(response->body)};
    const Status drained = drain(*response, [&](std::string_view piece) {
      answer.body += piece;
      return true;
    });
    if (!drained) return drained.error();
    return answer;
  }

  Status stream_call(const Call& call, const std::function<bool(std::string_view)>& sink) override {
    auto response = respond(call);
    if (!response) return std::move(response).error();
    if (response->status / 100 != 2) {
      return error_of(Answer{response->status, std::move(response->body)});
    }
    if (!response->body.empty() && !sink(response->body)) return Ok{};
    return drain(*response, sink);
  }

  [[nodiscard]] std::string place() const override { return place_; }
  [[nodiscard]] bool live() const override { return false; }

 private:
  /// Finds the handler and waits for its answer; without one a problem document.
  Result<http::Response> respond(const Call& call) {
    auto target = http::parse_target(call.target);
    if (!target) return std::move(target).error();
    auto request = std::make_shared<http::Request>();
    request->method = call.method;
    request->target = call.target;
    request->segments = std::move(target->segments);
    request->query = std::move(target->query);
    request->body = call.body;
    if (!call.key.empty()) request->headers.add("Idempotency-Key", call.key);
    request->peer = "local";
    request->local = true;
    request->principal.project = project_;
    request->principal.scopes = http::Scopes::all();
    request->received_at = engine_.clock().now();
    request->deadline = steady_clock::now() + kPatience;
    auto match = engine_.router().match(request->method, request->segments);
    if (match.route == nullptr) {
      return Error{Errc::not_found, "this build has no " + call.target};
    }
    request->params = std::move(match.params);

    auto promise = std::make_shared<std::promise<http::Response>>();
    std::future<http::Response> answer = promise->get_future();
    match.route->handler(request, http::Responder([promise](http::Response response) {
                           promise->set_value(std::move(response));
                         }));
    return answer.get();
  }

  static Status drain(http::Response& response, const std::function<bool(std::string_view)>& sink) {
    while (response.stream) {
      auto promise = std::make_shared<std::promise<Result<std::string>>>();
      std::future<Result<std::string>> piece = promise->get_future();
      response.stream->next(
          [promise](Result<std::string> bytes) { promise->set_value(std::move(bytes)); });
      const Result<std::string> bytes = piece.get();
      if (!bytes) return bytes.error();
      if (bytes->empty() || !sink(*bytes)) response.stream.reset();
    }
    return Ok{};
  }

  std::unique_ptr<Engine> owned_;
  Engine& engine_;
  core::ProjectId project_;
  std::string place_;
};

Result<std::unique_ptr<Backend>> make(Engine& engine, const Settings& settings,
                                      std::unique_ptr<Engine> owned) {
  auto project = core::ProjectId::parse(settings.project);
  if (!project) return std::move(project).error();
  return std::unique_ptr<Backend>(
      std::make_unique<LocalBackend>(engine, *std::move(project), settings.data, std::move(owned)));
}

/// Until the index of texts has what the log has. Errors: unavailable (it has stopped).
Status await_texts(Engine& engine) {
  using Phase = projections::SearchState::Phase;
  const core::Position end = engine.store().log().end();
  Progress progress("search");
  for (;; std::this_thread::sleep_for(kLook)) {
    const auto state = engine.texts();
    if (!state || (state->phase != Phase::opening && state->checkpoint >= end)) return Ok{};
    if (state->phase == Phase::stopped || !state->error.empty()) {
      return Error{Errc::unavailable, "the index of texts: " + state->error};
    }
    progress.show(state->checkpoint.value, end.value, "indexing");
  }
}

}  // namespace

Result<std::unique_ptr<Backend>> local_backend(Engine& engine, const Settings& settings) {
  return make(engine, settings, nullptr);
}

Result<std::unique_ptr<Backend>> open_local(const Settings& settings, Access access) {
  Engine::Options options;
  options.access = access;
  options.create = access == Access::record;
  auto engine = Engine::open(settings, std::move(options));
  if (!engine) return std::move(engine).error();
  if (access == Access::read_views || access == Access::operate) {
    // A view that stopped says so itself when it is asked.
    for (const core::ProjectionState& view : (*engine)->views().states()) {
      (void)(*engine)->views().read(view.name, (*engine)->store().log().end(),
                                    steady_clock::now() + kPatience);
    }
  }
  if (access == Access::read_texts) {
    if (const auto status = await_texts(**engine); !status) return status.error();
  }
  Engine& opened = **engine;
  return make(opened, settings, *std::move(engine));
}

}  // namespace hansard::cli
