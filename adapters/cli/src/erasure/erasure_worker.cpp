#include "erasure/erasure_worker.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "backup/file_copy.h"

namespace hansard::cli {
namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::PositionSet;
using core::Status;

/// Whose rows are hashes of what was said. The other views hold facts only.
constexpr const char* kHashesView = "conversation_index";
constexpr std::chrono::milliseconds kFirstPause{500};
constexpr std::chrono::milliseconds kPauseMax{60'000};
constexpr std::chrono::milliseconds kLook{20};

}  // namespace

bool is_refusal(const Error& error) {
  return error.code == Errc::rejected || error.code == Errc::not_found ||
         error.code == Errc::invalid_argument || error.code == Errc::too_large;
}

std::vector<core::StreamId> streams_of(const ErasureOrder& order) {
  std::vector<core::StreamId> streams;
  for (const ErasureTarget& target : order.targets) streams.push_back(target.stream);
  return streams;
}

void ErasureWorker::start() {
  thread_ = std::thread([this] { run(); });
}

void ErasureWorker::stop() {
  book_.stop();
  ports_.eraser.stop();
  if (thread_.joinable()) thread_.join();
}

void ErasureWorker::run() {
  pthread_setname_np(pthread_self(), "erase");
  work_in_background();
  auto pause = kFirstPause;
  while (true) {
    ErasureWorks works = book_.wait();
    if (book_.stopping()) return;
    Status status = admit_new(works);
    if (status && !works.empty()) status = carry_out(works);
    if (status) {
      pause = kFirstPause;
      continue;
    }
    if (book_.stopping()) return;
    book_.set_failed(works, status.error());
    ports_.notice("an erasure is tried again: " + status.error().message);
    if (book_.pause(pause)) return;
    pause = std::min(2 * pause, kPauseMax);
  }
}

Status ErasureWorker::admit_new(ErasureWorks& works) {
  Status status = Ok{};
  for (const auto& work : works) {
    if (!status) break;
    status = admit_(*work);
    if (status || !is_refusal(status.error())) continue;
    ports_.notice("erasure " + work->order.id + " is not done: " + status.error().message);
    status = book_.drop(work);
  }
  std::erase_if(works, [this](const auto& work) { return !book_.is_ready(*work); });
  return status;
}

void ErasureWorker::forget(const ErasureWorks& works) {
  for (const auto& work : works) ports_.forget(work->order.project, streams_of(work->order));
}

Status ErasureWorker::carry_out(const ErasureWorks& works) {
  const auto began = std::chrono::steady_clock::now();
  PositionSet positions;
  for (const auto& work : works) {
    for (const ErasureTarget& target : work->order.targets) {
      if (target.positions) positions.add(*target.positions);
    }
    if (!work->order.reapplied) continue;
    if (auto asked = record_.request_again(work->order); !asked) return asked;
  }
  forget(works);
  if (auto over = await_backup(works); !over) return over;
  book_.set_phase(works, "views");
  if (auto folded = await_views(); !folded) return folded;
  rocks::EraseOptions options;
  options.views = {kHashesView};
  options.phase = [&](std::string_view phase) { book_.set_phase(works, phase); };
  const auto erased = ports_.eraser.erase(positions, options);
  if (!erased) return erased.error();
  book_.set_phase(works, "search");
  if (auto purged = purge_texts(); !purged) return purged;
  forget(works);  // what a call that was under way then has left behind
  book_.set_phase(works, "telling");
  for (const auto& work : works) {
    if (auto told = record_.complete(work->order); !told) return told;
  }
  if (auto saved = book_.finish(works, std::chrono::steady_clock::now() - began); !saved) {
    return saved;
  }
  ports_.eraser.unmask(positions);
  return Ok{};
}

Status ErasureWorker::await_backup(const ErasureWorks& works) {
  if (!ports_.backup_runs()) return Ok{};
  book_.set_phase(works, "waiting for a backup to end");
  while (ports_.backup_runs()) {
    if (book_.pause(kLook)) return Error{Errc::cancelled, "the store is closing"};
  }
  return Ok{};
}

Status ErasureWorker::await_views() {
  for (const core::ProjectionState& view : ports_.views.states()) {
    if (view.name == kHashesView && view.phase == core::ProjectionState::Phase::building) {
      return Error{Errc::unavailable, "the view " + view.name + " is being built anew"};
    }
  }
  const auto folded = ports_.views.read(kHashesView, ports_.log.end(),
                                        std::chrono::steady_clock::now() + kErasureViewPatience);
  if (!folded) return folded.error();
  return Ok{};
}

Status ErasureWorker::purge_texts() {
  if (ports_.texts == nullptr) return Ok{};
  using Phase = projections::SearchState::Phase;
  ports_.texts->rebuild("content was erased");
  const auto until = std::chrono::steady_clock::now() + kErasureViewPatience;
  while (ports_.texts->state().phase == Phase::opening) {
    if (std::chrono::steady_clock::now() >= until) {
      return Error{Errc::timed_out,
                   "the index of texts was not thrown away: " + ports_.texts->state().error};
    }
    if (book_.pause(kLook)) return Error{Errc::cancelled, "the store is closing"};
  }
  return Ok{};
}

}  // namespace hansard::cli
