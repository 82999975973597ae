#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "commands.h"
#include "engine.h"
#include "hex.h"
#include "terminal.h"
#include "verification.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Result;

unsigned threads_of(const VerifyCommand& command) {
  if (command.threads) return *command.threads;
  return std::clamp(std::thread::hardware_concurrency(), 1U, rocks::kVerifyThreadsMax);
}

/// `SIZE:ROOT`, the root in hex.
std::optional<core::TreeHead> parse_head(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  core::TreeHead head;
  const char* const end = text.data() + colon;
  const auto size = std::from_chars(text.data(), end, head.size);
  const auto root = parse_hex(text.substr(colon + 1));
  if (size.ec != std::errc{} || size.ptr != end || !root || root->size() != head.root.size()) {
    return std::nullopt;
  }
  std::copy(root->begin(), root->end(), head.root.begin());
  return head;
}

/// How fast, and how long still, beside the bar.
class Pace {
 public:
  void show(const VerifyStep& step, Progress& progress) {
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
    progress.show(step.done, step.total, note);
  }

 private:
  std::string stage_;
  std::chrono::steady_clock::time_point since_;
  std::uint64_t first_ = 0;
};

}  // namespace

Result<int> run_verify(const Settings& settings, const VerifyCommand& command,
                       const Output& output) {
  VerifyPlan plan;
  plan.threads = threads_of(command);
  if (!command.from_head.empty()) {
    plan.trusted = parse_head(command.from_head);
    if (!plan.trusted) {
      return Error{Errc::invalid_argument,
                   "--from-head " + command.from_head + ": expected SIZE:ROOT, the root in hex",
                   "from-head"};
    }
  }
  auto engine = Engine::open(settings, {});
  if (!engine) return std::move(engine).error();
  std::optional<Progress> progress("verify");
  Pace pace;
  const auto found =
      verify_all((*engine)->store(), (*engine)->keyed_hash(), plan, [&](const VerifyStep& step) {
        pace.show(step, *progress);
        return true;
      });
  progress.reset();
  if (!found) return found.error();
  const events::Json report = to_json(*found);
  std::fputs((output.json ? dump(report) + "\n" : verification_text(report)).c_str(), stdout);
  return found->sound() ? 0 : core::traits(Errc::corruption).exit_code;
}

}  // namespace hansard::cli
