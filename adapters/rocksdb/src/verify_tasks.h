#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "core/result.h"

namespace hansard::rocks {

/// Does `work(i)` for every i below `count` on `threads` threads, this one among them, and gives
/// what comes out to `merge`, one call at a time and in the order of i: so the outcome does not
/// depend on how many there are. At most four results a thread wait to be merged. The first error
/// of either ends it. New threads have the priority of the caller.
/// @pre `work` is safe to call concurrently.
template <class Part, class Work, class Merge>
core::Status in_order(std::uint64_t count, unsigned threads, const Work& work, const Merge& merge) {
  struct Shared {
    std::mutex mutex;
    std::condition_variable merged;
    std::map<std::uint64_t, Part> waiting;  ///< done, and not yet their turn
    std::uint64_t next = 0;                 ///< not yet taken
    std::uint64_t turn = 0;                 ///< to be merged next
    std::optional<core::Error> error;
  } shared;
  const std::uint64_t ahead_max = 4 * std::uint64_t{threads};
  const auto run = [&] {
    std::unique_lock lock(shared.mutex);
    while (true) {
      shared.merged.wait(lock, [&] {
        return shared.error || shared.next == count || shared.next < shared.turn + ahead_max;
      });
      if (shared.error || shared.next == count) return;
      const std::uint64_t mine = shared.next++;
      lock.unlock();
      core::Result<Part> part = work(mine);
      lock.lock();
      if (shared.error) return;
      if (!part) {
        shared.error = part.error();
      } else {
        shared.waiting.emplace(mine, *std::move(part));
      }
      for (auto first = shared.waiting.begin();
           !shared.error && first != shared.waiting.end() && first->first == shared.turn;
           first = shared.waiting.begin()) {
        Part ready = std::move(first->second);
        shared.waiting.erase(first);
        ++shared.turn;
        if (auto done = merge(std::move(ready)); !done) shared.error = done.error();
      }
      shared.merged.notify_all();
    }
  };
  std::vector<std::thread> helpers;
  const std::uint64_t useful = std::min<std::uint64_t>(std::max(threads, 1U), count);
  for (std::uint64_t i = 1; i < useful; ++i) helpers.emplace_back(run);
  run();
  for (std::thread& helper : helpers) helper.join();
  if (shared.error) return *std::move(shared.error);
  return core::Ok{};
}

}  // namespace hansard::rocks
