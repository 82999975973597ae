#include "projection_worker.h"

#include <algorithm>

namespace hansard::core {
namespace {

constexpr std::chrono::milliseconds kFirstPause{10};
/// Further behind than this there is nothing to gather.
constexpr std::uint64_t kGatherEventsMax = 1024;

std::string describe(Position position) { return std::to_string(position.value); }

}  // namespace

/// Somebody who waits for a position, as long as this lives.
class ProjectionWorker::Reader {
 public:
  explicit Reader(const ProjectionWorker& worker) : worker_(worker) {
    const std::lock_guard lock(worker_.signal_mutex_);
    ++worker_.readers_;
    if (worker_.resting_) worker_.signal_.notify_all();
  }
  ~Reader() {
    const std::lock_guard lock(worker_.signal_mutex_);
    --worker_.readers_;
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

 private:
  const ProjectionWorker& worker_;
};

/// A `when` that has not been answered. Recursive, so that `ready` may destroy its own handle.
struct ProjectionWorker::Waiter {
  std::optional<Reader> reader;  ///< until it is settled
  std::recursive_mutex mutex;
  Position at_least;
  std::function<void(Status)> ready;  ///< empty once called or cancelled

  void answer(const Status& status) {
    const std::lock_guard lock(mutex);
    if (!ready) return;
    const auto call = std::exchange(ready, nullptr);
    call(status);
  }
};

class ProjectionWorker::WaitHandle final : public Subscription {
 public:
  explicit WaitHandle(std::shared_ptr<Waiter> waiter) : waiter_(std::move(waiter)) {}
  ~WaitHandle() override {
    const std::lock_guard lock(waiter_->mutex);
    waiter_->ready = nullptr;
  }

 private:
  std::shared_ptr<Waiter> waiter_;
};

ProjectionWorker::ProjectionWorker(EventLog& log, ReadModelStore& store,
                                   const Projection& projection, const RunnerOptions& options)
    : log_(log), store_(store), projection_(projection), options_(options) {}

ProjectionWorker::~ProjectionWorker() {
  request_stop();
  join();
}

void ProjectionWorker::start() {
  thread_ = std::thread([this] { run(); });
}

void ProjectionWorker::request_stop() {
  {
    const std::lock_guard lock(signal_mutex_);
    stopping_ = true;
  }
  signal_.notify_all();
}

void ProjectionWorker::join() {
  if (thread_.joinable()) thread_.join();
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  settle_waiters();
}

void ProjectionWorker::wake() {
  {
    const std::lock_guard lock(signal_mutex_);
    if (std::exchange(woken_, true)) return;
    if (resting_ && readers_ == 0) return;  // it looks again when it has rested
  }
  signal_.notify_all();
}

// Each round does a little for both builds, so that a long rebuild does not hold up the live one.
void ProjectionWorker::run() {
  auto pause = kFirstPause;
  while (true) {
    bool worked = false;
    Status status = set_up();
    if (status) status = take_orders();
    if (status) status = advance_active(worked);
    if (status) status = advance_building(worked);
    {
      const std::lock_guard lock(mutex_);
      storage_error_ = status ? std::string() : status.error().message;
    }
    changed_.notify_all();
    settle_waiters();

    const bool much_left = far_behind();
    std::unique_lock lock(signal_mutex_);
    if (!status) {
      // Only a stop ends the pause: a busy log must not turn it into a busy loop.
      signal_.wait_for(lock, pause, [this] { return stopping_; });
      pause = std::min(pause * 2, std::max(kFirstPause, options_.retry_pause_max));
    } else {
      pause = kFirstPause;
      if (!worked) {
        signal_.wait(lock, [this] { return stopping_ || woken_; });
      } else if (!much_left) {
        rest(lock);
      }
      woken_ = false;
    }
    if (stopping_) return;
  }
}

void ProjectionWorker::rest(std::unique_lock<std::mutex>& signal_lock) {
  resting_ = true;
  signal_.wait_for(signal_lock, options_.gather,
                   [this] { return stopping_ || (woken_ && readers_ != 0); });
  resting_ = false;
}

bool ProjectionWorker::far_behind() const {
  const std::lock_guard lock(mutex_);
  return !set_up_ || building_ || retry_ordered_ || rebuild_ordered_ || !active_ ||
         log_.end().value > active_->checkpoint.value + kGatherEventsMax;
}

/// Finds the builds that a former process left: the active one, and one that was being built.
Status ProjectionWorker::set_up() {
  {
    const std::lock_guard lock(mutex_);
    if (set_up_) return Ok{};
  }
  const auto active = store_.active(projection_.name());
  if (!active) return active.error();
  const auto builds = store_.builds();
  if (!builds) return builds.error();

  std::optional<Build> serving;
  if (*active) {
    const auto rows = store_.open(**active);
    if (!rows) return rows.error();
    // A log that lost its end (accepted by its operator) leaves views ahead of it: they answer
    // nothing any more, and are built anew.
    if ((*rows)->checkpoint() <= log_.end()) serving = Build{**active, (*rows)->checkpoint(), {}};
  }
  std::optional<Build> resumed;
  for (const ViewId& view : *builds) {
    if (!is_current(view)) continue;
    if (*active && is_current(**active) && view.generation <= (*active)->generation) continue;
    if (resumed && view.generation < resumed->view.generation) continue;
    const auto rows = store_.open(view);
    if (!rows) return rows.error();
    if ((*rows)->checkpoint() <= log_.end()) resumed = Build{view, (*rows)->checkpoint(), {}};
  }
  if (!resumed && (!serving || !is_current(serving->view))) {
    auto view = next_generation();
    if (!view) return view.error();
    resumed = Build{*std::move(view), {}, {}};
  }
  {
    const std::lock_guard lock(mutex_);
    active_ = std::move(serving);
    building_ = std::move(resumed);
    set_up_ = true;
  }
  return drop_leftovers();
}

/// A build of this version that nothing has been written to.
Result<ViewId> ProjectionWorker::next_generation() const {
  ViewId fresh{std::string(projection_.name()), projection_.version(), 0};
  const auto builds = store_.builds();
  if (!builds) return builds.error();
  const auto active = store_.active(projection_.name());
  if (!active) return active.error();
  for (const ViewId& view : *builds) {
    if (is_current(view)) fresh.generation = std::max(fresh.generation, view.generation + 1);
  }
  if (*active && is_current(**active)) {
    fresh.generation = std::max(fresh.generation, (*active)->generation + 1);
  }
  return fresh;
}

Status ProjectionWorker::take_orders() {
  bool rebuild = false;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(retry_ordered_, false)) {
      if (active_) active_->failure.reset();
      if (building_) building_->failure.reset();
    }
    rebuild = rebuild_ordered_;
  }
  if (!rebuild) return Ok{};
  auto view = next_generation();
  if (!view) return view.error();
  {
    const std::lock_guard lock(mutex_);
    building_ = Build{*std::move(view), {}, {}};
    rebuild_ordered_ = false;
  }
  return drop_leftovers();
}

Status ProjectionWorker::advance_active(bool& worked) {
  std::optional<Build> build;
  {
    const std::lock_guard lock(mutex_);
    build = active_;
  }
  const Position end = log_.end();
  if (!build || !is_current(build->view) || build->failure || build->checkpoint >= end) return Ok{};
  auto outcome = fold_batch(log_, store_, projection_, build->view, end, options_);
  if (!outcome) return outcome.error();
  const std::lock_guard lock(mutex_);
  active_->checkpoint = outcome->checkpoint;
  active_->failure = std::move(outcome->failure);
  worked = true;
  return Ok{};
}

Status ProjectionWorker::advance_building(bool& worked) {
  std::optional<Build> build;
  {
    const std::lock_guard lock(mutex_);
    build = building_;
  }
  if (!build || build->failure) return Ok{};
  const Position end = log_.end();
  auto outcome = fold_batch(log_, store_, projection_, build->view, end, options_);
  if (!outcome) return outcome.error();
  worked = true;
  const bool complete = !outcome->failure && outcome->checkpoint >= end;
  {
    const std::lock_guard lock(mutex_);
    building_->checkpoint = outcome->checkpoint;
    building_->failure = std::move(outcome->failure);
  }
  return complete ? swap_in() : Ok{};
}

/// From here on the new build answers. Readers open snapshots under the lock, so none can pick the
/// old build once it may be dropped.
Status ProjectionWorker::swap_in() {
  ViewId view;
  {
    const std::lock_guard lock(mutex_);
    view = building_->view;
  }
  if (auto status = store_.activate(view); !status) return status;
  {
    const std::lock_guard lock(mutex_);
    active_ = std::move(building_);
    building_.reset();
  }
  return drop_leftovers();
}

/// Deletes builds of this projection that neither answer nor are being built. One that cannot be
/// deleted now is met again after the next swap.
Status ProjectionWorker::drop_leftovers() {
  const auto builds = store_.builds();
  if (!builds) return builds.error();
  const auto active = store_.active(projection_.name());
  if (!active) return active.error();
  for (const ViewId& view : *builds) {
    if (view.name != projection_.name() || *active == view) continue;
    {
      const std::lock_guard lock(mutex_);
      if (building_ && building_->view == view) continue;
    }
    if (auto status = store_.drop(view); !status) return status;
  }
  return Ok{};
}

bool ProjectionWorker::is_current(const ViewId& view) const {
  return view.name == projection_.name() && view.version == projection_.version();
}

bool ProjectionWorker::can_progress_locked() const {
  if (!set_up_ || retry_ordered_ || rebuild_ordered_) return true;
  return (active_ && is_current(active_->view) && !active_->failure) ||
         (building_ && !building_->failure);
}

ProjectionState ProjectionWorker::state_locked() const {
  using Phase = ProjectionState::Phase;
  ProjectionState state;
  state.name = projection_.name();
  state.version = active_ ? active_->view.version : projection_.version();
  if (active_) state.checkpoint = active_->checkpoint;
  state.error = storage_error_;
  const FoldFailure* failure = nullptr;
  if (building_) {
    state.phase = Phase::building;
    state.building_checkpoint = building_->checkpoint;
    if (building_->failure) failure = &*building_->failure;
  } else if (active_) {
    state.phase = active_->checkpoint >= log_.end() ? Phase::live : Phase::catching_up;
    if (active_->failure) failure = &*active_->failure;
  }
  if (failure != nullptr) {
    state.phase = Phase::stopped;
    state.failed_at = failure->position;
    state.failed_event = failure->event_id;
    state.error = failure->message;
  }
  return state;
}

ProjectionState ProjectionWorker::state() const {
  const std::lock_guard lock(mutex_);
  return state_locked();
}

Status ProjectionWorker::retry() {
  {
    const std::lock_guard lock(mutex_);
    const bool failed = (active_ && active_->failure) || (building_ && building_->failure);
    if (!failed) {
      return Error{Errc::rejected, "projection '" + std::string(name()) + "' has not stopped"};
    }
    retry_ordered_ = true;
  }
  wake();
  return Ok{};
}

Status ProjectionWorker::rebuild() {
  {
    const std::lock_guard lock(mutex_);
    if (rebuild_ordered_ || !set_up_ || (building_ && !building_->failure)) {
      return Error{Errc::rejected,
                   "projection '" + std::string(name()) + "' is already being built"};
    }
    rebuild_ordered_ = true;
  }
  wake();
  return Ok{};
}

Error ProjectionWorker::behind_locked(Position at_least) const {
  const std::string who = "projection '" + std::string(name()) + "' ";
  const ProjectionState state = state_locked();
  if (ended_) return Error{Errc::cancelled, who + "is being shut down"};
  if (state.phase == ProjectionState::Phase::stopped && !can_progress_locked()) {
    return Error{Errc::unavailable, who + "stopped at position " + describe(*state.failed_at) +
                                        ", event " + state.failed_event + ": " + state.error};
  }
  if (!active_) {
    return Error{Errc::unavailable, who + "is being built: " + describe(state.building_checkpoint) +
                                        " of " + describe(log_.end()) + " events" +
                                        (state.error.empty() ? "" : "; " + state.error)};
  }
  return Error{Errc::timed_out, who + "has absorbed the log up to position " +
                                    describe(state.checkpoint) + ", asked for " +
                                    describe(at_least) +
                                    (state.error.empty() ? "" : "; " + state.error)};
}

/// What a reader that needs `at_least` can be told already; nothing while waiting makes sense.
std::optional<Status> ProjectionWorker::verdict_locked(Position at_least) const {
  if (active_ && active_->checkpoint >= at_least && !ended_) return Ok{};
  if (ended_ || !can_progress_locked()) return behind_locked(at_least);
  return {};
}

Result<std::unique_ptr<ReadModel>> ProjectionWorker::read(
    Position at_least, std::chrono::steady_clock::time_point deadline) const {
  std::unique_lock lock(mutex_);
  std::optional<Status> verdict = verdict_locked(at_least);
  std::optional<Reader> waiting;
  if (!verdict) waiting.emplace(*this);
  changed_.wait_until(lock, deadline, [&] {
    verdict = verdict_locked(at_least);
    return verdict.has_value();
  });
  if (!verdict) return behind_locked(at_least);
  if (!*verdict) return verdict->error();
  return store_.open(active_->view);  // under the lock: see swap_in
}

std::unique_ptr<Subscription> ProjectionWorker::when(Position at_least,
                                                     std::function<void(Status)> ready) {
  auto waiter = std::make_shared<Waiter>();
  waiter->at_least = at_least;
  waiter->ready = std::move(ready);
  std::optional<Status> verdict;
  {
    const std::lock_guard lock(mutex_);
    verdict = verdict_locked(at_least);
    if (!verdict) {
      waiter->reader.emplace(*this);
      waiters_.push_back(waiter);
    }
  }
  if (verdict) waiter->answer(*verdict);
  return std::make_unique<WaitHandle>(std::move(waiter));
}

void ProjectionWorker::settle_waiters() {
  std::vector<std::pair<std::shared_ptr<Waiter>, Status>> settled;
  {
    const std::lock_guard lock(mutex_);
    const auto keep = [&](const std::shared_ptr<Waiter>& waiter) {
      if (waiter.use_count() == 1) return false;  // its handle is gone
      auto verdict = verdict_locked(waiter->at_least);
      if (!verdict) return true;
      waiter->reader.reset();
      settled.emplace_back(waiter, *std::move(verdict));
      return false;
    };
    waiters_.erase(std::stable_partition(waiters_.begin(), waiters_.end(), keep), waiters_.end());
  }
  for (const auto& [waiter, status] : settled) waiter->answer(status);
}

}  // namespace hansard::core
