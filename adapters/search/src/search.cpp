#include "search/search.h"

#include <pthread.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "reader_pool.h"
#include "schema.h"
#include "writer.h"

namespace hansard::search {
namespace {

using projections::SearchAnswer;
using projections::SearchRequest;
using projections::SearchState;

constexpr std::chrono::milliseconds kFirstPause{10};
/// Of the thread that follows the log.
constexpr int kNice = 10;
/// Further behind than this there is nothing to gather.
constexpr std::uint64_t kGatherEventsMax = 1024;

core::Status check(const SearchRequest& request) {
  if (request.limit == 0 || request.limit > projections::kSearchLimitMax) {
    return events::bad_field("limit",
                             "expected 1 to " + std::to_string(projections::kSearchLimitMax));
  }
  if (request.offset > projections::kSearchOffsetMax) {
    return events::bad_field("offset",
                             "expected at most " + std::to_string(projections::kSearchOffsetMax));
  }
  if (request.tag_hashes.size() > projections::kSearchTagsMax) {
    return events::bad_field("tag",
                             "expected at most " + std::to_string(projections::kSearchTagsMax));
  }
  if (request.from && request.to && *request.from >= *request.to) {
    return events::bad_field("to", "must be after `from`");
  }
  return core::Ok{};
}

}  // namespace

struct Search::Impl {
  Impl(core::EventLog& of, SearchOptions with)
      : log(of), options(std::move(with)), readers(std::max<std::size_t>(options.readers, 1)) {}

  core::EventLog& log;
  const SearchOptions options;
  ReaderPool readers;

  mutable std::mutex mutex;
  mutable std::condition_variable changed;  ///< the checkpoint moved, or an order came
  // Guarded by `mutex`:
  SearchState state;
  bool stopping = false;
  bool woken = false;
  bool retrying = false;
  std::size_t waiting = 0;                   ///< searches that wait for a position
  std::optional<std::string> rebuild_order;  ///< why
  bool doubted = false;  ///< what may be a fault of ours has cost a rebuild already: not another

  // The thread's own:
  std::optional<Writer> writer;
  std::thread thread;
  std::unique_ptr<core::Subscription> subscription;

  void run();
  core::Status round(bool& worked);
  core::Status open();
  core::Status discard();
  void note(const std::string& reason);
  void rest(const core::Status& status, bool worked, std::chrono::milliseconds& pause);
  void order_rebuild(std::string reason);
  bool first_doubt();
  bool blames_database(const core::Error& error);
  core::Status wait_for(const SearchRequest& request);
  core::Error ended_early(const SearchRequest& request) const;
};

void Search::Impl::run() {
  pthread_setname_np(pthread_self(), "search");
  // Recording goes first. Linux keeps priority per thread; failing to lower it costs latency only.
  static_cast<void>(setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice));
  auto pause = kFirstPause;
  while (true) {
    {
      const std::lock_guard lock(mutex);
      if (stopping) return;
      woken = false;
    }
    bool worked = false;
    const core::Status status = round(worked);
    rest(status, worked, pause);
  }
}

core::Status Search::Impl::round(bool& worked) {
  std::optional<std::string> order;
  {
    const std::lock_guard lock(mutex);
    order = std::exchange(rebuild_order, std::nullopt);
  }
  if (order) {
    if (auto status = discard(); !status) {
      order_rebuild(*std::move(order));  // tried again after the pause
      return status;
    }
    note("the search database is built anew: " + *order);
  }
  if (!writer) {
    if (auto status = open(); !status) return status;
  }
  const core::Position end = log.end();
  auto absorbed = writer->absorb(log, end, {options.batch_events, options.batch_text_bytes});
  if (!absorbed) {
    if (blames_database(absorbed.error())) order_rebuild("it is damaged");
    return absorbed.error();
  }
  const std::lock_guard lock(mutex);
  if (rebuild_order) return core::Ok{};  // what was absorbed goes with the rest
  worked = absorbed->checkpoint != state.checkpoint;
  state.checkpoint = absorbed->checkpoint;
  state.phase =
      absorbed->checkpoint >= end ? SearchState::Phase::live : SearchState::Phase::catching_up;
  state.error.clear();
  if (absorbed->log_error) {
    // Nothing is passed over: what comes after is not searched until this can be read.
    state.phase = SearchState::Phase::stopped;
    state.error = "stopped at position " + std::to_string(absorbed->checkpoint.value) + ": " +
                  absorbed->log_error->message;
  }
  changed.notify_all();
  if (absorbed->log_error) return *absorbed->log_error;
  return core::Ok{};
}

core::Status Search::Impl::open() {
  // Its folder is ours to make; where that fails, opening says so.
  const std::string folder = std::filesystem::path(options.path).parent_path().string();
  static_cast<void>(::mkdir(folder.c_str(), 0700));
  std::string notice;
  auto opened = Writer::open(options.path, log, options.log_id, options.check_bytes_max, notice);
  if (!opened) return opened.error();
  writer.emplace(*std::move(opened));
  if (!notice.empty()) note(notice);
  readers.open(options.path);
  const std::lock_guard lock(mutex);
  state.checkpoint = writer->checkpoint();
  state.phase = SearchState::Phase::catching_up;
  changed.notify_all();
  return core::Ok{};
}

core::Status Search::Impl::discard() {
  {
    const std::lock_guard lock(mutex);
    state.phase = SearchState::Phase::opening;
    state.checkpoint = {};
  }
  readers.close();
  writer.reset();
  return Writer::remove(options.path);
}

void Search::Impl::note(const std::string& reason) {
  {
    const std::lock_guard lock(mutex);
    ++state.rebuilds;
    state.notice = reason;
  }
  if (options.notice) options.notice(reason);
}

void Search::Impl::rest(const core::Status& status, bool worked, std::chrono::milliseconds& pause) {
  const bool much_left =
      log.end().value > (writer ? writer->checkpoint().value : 0) + kGatherEventsMax;
  std::unique_lock lock(mutex);
  if (!status) {
    if (state.phase != SearchState::Phase::stopped) state.error = status.error().message;
    // Only a stop, or somebody who asks for it, ends the pause: neither a busy log nor an order
    // that fails makes a busy loop.
    changed.wait_for(lock, pause, [this] { return stopping || retrying; });
    retrying = false;
    pause = std::min(pause * 2, std::max(kFirstPause, options.retry_pause_max));
    return;
  }
  pause = kFirstPause;
  retrying = false;
  if (rebuild_order) return;
  if (!worked) {
    changed.wait(lock, [this] { return stopping || woken || rebuild_order; });
  } else if (!much_left) {
    changed.wait_for(lock, options.gather,
                     [this] { return stopping || rebuild_order || (woken && waiting != 0); });
  }
}

void Search::Impl::order_rebuild(std::string reason) {
  const std::lock_guard lock(mutex);
  rebuild_order = std::move(reason);
  state.phase = SearchState::Phase::opening;
  state.checkpoint = {};
  changed.notify_all();
}

bool Search::Impl::first_doubt() {
  const std::lock_guard lock(mutex);
  return !std::exchange(doubted, true);
}

/// Is it the database that is wrong, so that a new one would be right? A statement that makes no
/// sense (internal) has met other tables than ours, or is a mistake of ours, which no new database
/// cures: that is tried once. The log's own damage names a position and is none of this.
bool Search::Impl::blames_database(const core::Error& error) {
  if (!error.message.starts_with("search database")) return false;
  if (error.code == core::Errc::corruption) return true;
  return error.code == core::Errc::internal && first_doubt();
}

core::Status Search::Impl::wait_for(const SearchRequest& request) {
  std::unique_lock lock(mutex);
  const auto there = [&] {
    return state.phase != SearchState::Phase::opening && state.checkpoint >= request.at_least;
  };
  ++waiting;
  if (!there()) changed.notify_all();
  const bool answered = changed.wait_until(lock, request.deadline, [&] {
    return stopping || there() || state.phase == SearchState::Phase::stopped;
  });
  --waiting;
  if (stopping) return core::Error{core::Errc::unavailable, "the search index is stopping"};
  if (there()) return core::Ok{};
  const std::string reached = std::to_string(state.checkpoint.value);
  if (!answered) {
    const std::string why = state.error.empty() ? "" : ": " + state.error;
    return core::Error{core::Errc::timed_out, "the search index has absorbed positions below " +
                                                  reached + ", not below " +
                                                  std::to_string(request.at_least.value) + why};
  }
  return core::Error{core::Errc::unavailable, "the search index is " + state.error};
}

/// A search is interrupted by its deadline, or because the database is taken from under it.
core::Error Search::Impl::ended_early(const SearchRequest& request) const {
  if (std::chrono::steady_clock::now() < request.deadline) {
    return core::Error{core::Errc::unavailable, "the search index is being replaced"};
  }
  return core::Error{core::Errc::timed_out,
                     "the search took too long; narrow it by session, time or rarer words"};
}

Search::Search(core::EventLog& log, SearchOptions options)
    : impl_(std::make_unique<Impl>(log, std::move(options))) {}

Search::~Search() { stop(); }

void Search::start() {
  Impl& impl = *impl_;
  impl.subscription = impl.log.subscribe([&impl](core::Position /*end*/) {
    const std::lock_guard lock(impl.mutex);
    if (std::exchange(impl.woken, true)) return;
    impl.changed.notify_all();
  });
  impl.thread = std::thread([&impl] { impl.run(); });
}

void Search::stop() {
  Impl& impl = *impl_;
  {
    const std::lock_guard lock(impl.mutex);
    impl.stopping = true;
  }
  impl.changed.notify_all();
  impl.subscription.reset();
  if (impl.thread.joinable()) impl.thread.join();
  impl.readers.close();
  impl.writer.reset();
}

core::Result<SearchAnswer> Search::search(const SearchRequest& asked) const {
  Impl& impl = *impl_;
  if (auto status = check(asked); !status) return status.error();
  Tokenizer tokenizer;
  const auto query = parse_query(asked.query, tokenizer);
  if (!query) return query.error();
  SearchRequest request = asked;
  // An index that is being built anew has not yet what the page before was cut from.
  if (request.below) request.at_least = std::max(request.at_least, *request.below);
  if (request.deadline == std::chrono::steady_clock::time_point{}) {
    request.deadline = std::chrono::steady_clock::now() + projections::kSearchTime;
  }
  if (auto status = impl.wait_for(request); !status) return status.error();
  auto reader = impl.readers.lease(request.deadline);
  if (!reader) return reader.error();
  auto found = (*reader)->search(impl.log, request, *query, impl.options.ranked_max);
  if (!found) {
    if (found.error().code == core::Errc::timed_out) return impl.ended_early(request);
    if (!impl.blames_database(found.error())) return found.error();
    impl.order_rebuild("it is damaged");
    return core::Error{core::Errc::unavailable,
                       "the search index was found damaged and is being built anew"};
  }
  if (found->contradicted && impl.first_doubt()) {
    impl.order_rebuild("it has a text that the log does not have");
  }
  return std::move(found->answer);
}

SearchState Search::state() const {
  const std::lock_guard lock(impl_->mutex);
  SearchState state = impl_->state;
  state.version = static_cast<std::uint32_t>(kSchema);
  return state;
}

void Search::rebuild(std::string reason) { impl_->order_rebuild(std::move(reason)); }

std::size_t Search::memory_bytes() { return static_cast<std::size_t>(sqlite3_memory_used()); }

void Search::retry() {
  const std::lock_guard lock(impl_->mutex);
  impl_->retrying = true;
  impl_->changed.notify_all();
}

}  // namespace hansard::search
