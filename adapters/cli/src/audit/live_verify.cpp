#include "audit/live_verify.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Result;
using events::Json;
using std::chrono::steady_clock;

/// Reading everything yields to whoever records and asks.
constexpr int kNice = 10;
constexpr std::chrono::milliseconds kTellEvery{250};

/// What one verification tells. The thread that verifies never waits for the client: a line of
/// progress that is not taken gives way to the next one.
class Telling {
 public:
  using Done = std::function<void(Result<std::string>)>;

  /// False once nobody listens.
  bool progress(const VerifyStep& step) {
    {
      const std::lock_guard lock(mutex_);
      if (ended_) return false;
      const auto now = steady_clock::now();
      if (told_ && now - *told_ < kTellEvery) return true;
      told_ = now;
    }
    Json line;
    line.add("stage", step.stage);
    line.add("done", step.done);
    line.add("total", step.total);
    line.add("bytes", step.bytes);
    say(dump(line) + "\n", false);
    return true;
  }
  void last(const Json& line) { say(dump(line) + "\n", true); }

  void next(Done done) {
    std::string line;
    {
      const std::lock_guard lock(mutex_);
      if (!line_ && !finished_) {
        waiting_ = std::move(done);
        return;
      }
      if (line_) line = *std::exchange(line_, std::nullopt);
    }
    done(std::move(line));
  }

  /// Nobody listens any more, or the server stops.
  void end() {
    Done dropped;
    const std::lock_guard lock(mutex_);
    ended_ = true;
    dropped.swap(waiting_);
  }

 private:
  void say(std::string line, bool last) {
    Done done;
    {
      const std::lock_guard lock(mutex_);
      finished_ = last;
      if (!waiting_) {
        line_ = std::move(line);
        return;
      }
      done.swap(waiting_);
    }
    done(std::move(line));
  }

  std::mutex mutex_;
  std::optional<std::string> line_;
  Done waiting_;
  std::optional<steady_clock::time_point> told_;
  bool finished_ = false;  ///< `line_` is the last one, or it was taken
  bool ended_ = false;
};

class TellingBody final : public http::BodySource {
 public:
  explicit TellingBody(std::shared_ptr<Telling> telling) : telling_(std::move(telling)) {}
  ~TellingBody() override { telling_->end(); }
  TellingBody(const TellingBody&) = delete;
  TellingBody& operator=(const TellingBody&) = delete;
  void next(Telling::Done done) override { telling_->next(std::move(done)); }
  [[nodiscard]] bool endless() const override { return true; }

 private:
  const std::shared_ptr<Telling> telling_;
};

}  // namespace

struct LiveVerify::State {
  State(rocks::RocksStore& of, const core::KeyedHash& with) : store(of), keyed_hash(with) {}

  void run(const VerifyPlan& plan, Telling& telling) {
    // Linux keeps priority per thread, and gives it to those that this one starts.
    static_cast<void>(setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice));
    const auto found = verify_all(store, keyed_hash, plan,
                                  [&](const VerifyStep& step) { return telling.progress(step); });
    Json line;
    if (found) {
      Json report = to_json(*found);
      if (plan.views) {
        Json texts;
        texts.add("remark",
                  "not compared: the server has it open; verify again when it has stopped");
        report.add("texts", std::move(texts));
      }
      line.add("report", std::move(report));
    } else {
      Json error;
      error.add("code", core::traits(found.error().code).name);
      error.add("detail", found.error().message);
      line.add("error", std::move(error));
    }
    {
      const std::lock_guard lock(mutex);
      running.reset();
    }
    telling.last(line);
  }

  rocks::RocksStore& store;
  const core::KeyedHash& keyed_hash;
  std::mutex mutex;
  std::shared_ptr<Telling> running;  ///< guarded by mutex, as are the others
  std::thread thread;
  bool stopped = false;
};

LiveVerify::LiveVerify(rocks::RocksStore& store, const core::KeyedHash& keyed_hash)
    : state_(std::make_unique<State>(store, keyed_hash)) {}

LiveVerify::~LiveVerify() { stop(); }

Result<std::unique_ptr<http::BodySource>> LiveVerify::start(VerifyPlan plan) {
  const std::lock_guard lock(state_->mutex);
  if (state_->stopped) return Error{Errc::unavailable, "the server is stopping"};
  if (state_->running) {
    return Error{Errc::overloaded, "the log is being verified already; one at a time"};
  }
  if (state_->thread.joinable()) state_->thread.join();  // it has said its last
  auto telling = std::make_shared<Telling>();
  state_->running = telling;
  state_->thread =
      std::thread([this, telling, plan = std::move(plan)] { state_->run(plan, *telling); });
  return std::unique_ptr<http::BodySource>(std::make_unique<TellingBody>(std::move(telling)));
}

void LiveVerify::stop() {
  std::thread ending;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopped = true;
    if (state_->running) state_->running->end();
    ending.swap(state_->thread);
  }
  if (ending.joinable()) ending.join();
}

}  // namespace hansard::cli
