#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "audit/kept_heads.h"
#include "audit/verification.h"
#include "commands.h"
#include "engine/engine.h"
#include "local_backend.h"
#include "rocksdb_store/restore.h"
#include "text/json_view.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Result;
using core::Status;
using events::Json;

/// How fast, and how long still, beside the bar.
class Pace {
 public:
  Pace() : progress_("verify") {}

  void show(const VerifyStep& step) {
    const auto now = std::chrono::steady_clock::now();
    if (stage_ != step.stage) {
      stage_ = step.stage;
      since_ = now;
      first_ = step.done;
    }
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(now - since_).count();
    const auto microseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(took, 1));
    const std::uint64_t done = step.done - std::min(first_, step.done);
    std::string note = stage_ + " " + grouped(step.done);
    if (step.bytes != 0) {
      note += ", " + grouped(step.bytes >> 20) + " MiB, " +
              grouped(step.bytes * 1'000'000 / microseconds >> 20) + " MiB/s";
    }
    if (done != 0 && step.total > step.done) {
      note += ", " + duration_text((step.total - step.done) * microseconds / done) + " left";
    }
    progress_.show(step.done, step.total, note);
  }

 private:
  Progress progress_;
  std::string stage_;
  std::chrono::steady_clock::time_point since_;
  std::uint64_t first_ = 0;
};

Json head_json(const core::TreeHead& head) {
  Json out;
  out.add("size", head.size);
  out.add("root", core::to_hex(core::as_bytes(head.root)));
  return out;
}

/// What the files of the command say.
Status read_heads(const VerifyCommand& command, const std::optional<core::Uuid>& log_id,
                  VerifyPlan& plan) {
  if (!command.from_head.empty()) {
    std::error_code ignored;
    if (std::filesystem::exists(command.from_head, ignored)) {
      const auto heads = read_kept_heads(command.from_head, log_id);
      if (!heads) return heads.error();
      plan.trusted = heads->back();
    } else {
      const auto head = parse_head(command.from_head);
      if (!head) {
        return Error{head.error().code, "--from-head " + head.error().message, "from-head"};
      }
      plan.trusted = *head;
    }
  }
  for (const std::string& file : command.against) {
    const auto heads = read_kept_heads(file, log_id);
    if (!heads) return heads.error();
    plan.heads.insert(plan.heads.end(), heads->begin(), heads->end());
  }
  return core::Ok{};
}

/// On a server: what it tells, line by line.
Result<Json> verify_live(Backend& server, const VerifyCommand& command, const VerifyPlan& plan) {
  Json body;
  if (command.threads) body.add("threads", *command.threads);
  if (plan.trusted) body.add("from_head", head_json(*plan.trusted));
  Json heads(Json::Array{});
  for (const core::TreeHead& head : plan.heads) heads.push(head_json(head));
  body.add("heads", std::move(heads));
  body.add("views", plan.views);
  Pace pace;
  std::string held;
  std::optional<Json> last;
  const Call call{http::Method::post, "/v1/admin/verify", dump(body)};
  const auto streamed = server.stream_call(call, [&](std::string_view piece) {
    held += piece;
    for (std::size_t end = held.find('\n'); end != std::string::npos; end = held.find('\n')) {
      auto line = events::parse_json(held.substr(0, end));
      held.erase(0, end + 1);
      if (!line) continue;
      const std::string stage = text_at(*line, "stage");
      if (stage.empty()) {
        last = *std::move(line);
        continue;
      }
      pace.show({stage, number_at(*line, "done").value_or(0), number_at(*line, "total").value_or(0),
                 number_at(*line, "bytes").value_or(0)});
    }
    return true;
  });
  if (!streamed) return streamed.error();
  if (last) {
    if (const Json* report = last->find("report")) return *report;
    if (const Json* error = last->find("error")) {
      return Error{Errc::unavailable, "the server stopped verifying: " + text_at(*error, "detail")};
    }
  }
  return Error{Errc::unavailable, "the server ended without a report"};
}

Result<Json> verify_here(const Settings& settings, const VerifyPlan& plan) {
  Engine::Options options;
  options.contradicted = true;
  auto engine = Engine::open(settings, std::move(options));
  if (!engine) return std::move(engine).error();
  Pace pace;
  const auto found =
      verify_all((*engine)->store(), (*engine)->keyed_hash(), plan, [&](const VerifyStep& step) {
        pace.show(step);
        return true;
      });
  if (!found) return found.error();
  return to_json(*found);
}

/// The server that runs on the directory, or the one that was named; none: nobody runs on it.
Result<std::unique_ptr<Backend>> running_server(const Settings& settings) {
  if (settings.url) {
    return connect_url(*settings.url, settings.project, settings.key.value_or(""),
                       settings.ca_file);
  }
  auto socket =
      connect_socket(std::filesystem::path(settings.data) / kSocketName, settings.project);
  if (socket || socket.error().code != Errc::not_found) return socket;
  return std::unique_ptr<Backend>();
}

}  // namespace

Result<int> run_verify(const Settings& settings, const VerifyCommand& command,
                       const Output& output) {
  VerifyPlan plan;
  plan.threads = command.threads.value_or(
      std::clamp(std::thread::hardware_concurrency(), 1U, rocks::kVerifyThreadsMax));
  plan.views = command.views;
  plan.texts = command.views;
  std::optional<core::Uuid> log_id;
  if (!settings.url) {
    const auto identity = rocks::read_identity(settings.data);
    if (identity) log_id = identity->log_id;  // otherwise opening says what is wrong
  }
  if (auto read = read_heads(command, log_id, plan); !read) return read.error();
  auto server = running_server(settings);
  if (!server) return std::move(server).error();
  const auto report = *server ? verify_live(**server, command, plan) : verify_here(settings, plan);
  if (!report) return report.error();
  std::fputs((output.json ? dump(*report) + "\n" : verification_text(*report)).c_str(), stdout);
  return flag_at(*report, "sound") ? 0 : core::traits(Errc::corruption).exit_code;
}

}  // namespace hansard::cli
