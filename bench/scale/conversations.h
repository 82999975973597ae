#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "core/event_log.h"
#include "core/hash.h"
#include "events/session/codec.h"
#include "workload.h"

namespace hansard::bench {

/// Bump when the same seed no longer gives the same events: kept directories are then not reused.
inline constexpr int kConversationsFormat = 1;

/// What the users of one deployment write and read over some months, as the gateway or the typed
/// routes would have recorded it: the real vocabulary, encoded by the real codec. A session is
/// created, goes through a few turns (a question; requests, tool calls and their results; an
/// answer) and mostly ends; `going` of them take turns at random, so one session's events are
/// spread over the log. Users, agents and models follow Zipf's law. About 1 KB an event.
/// The same seed gives the same events. Not thread-safe; several may run beside each other.
class Conversations {
 public:
  struct Options {
    std::uint64_t seed = 1;
    std::size_t going = 2000;          ///< sessions at a time
    std::uint64_t users = 20'000;      ///< all of them, not only those of these sessions
    core::Timestamp start{};           ///< of the first event
    std::chrono::microseconds step{};  ///< between events of the whole log, on average
  };
  /// `hash` outlives this.
  Conversations(const Options& options, const core::KeyedHash& hash);
  ~Conversations();
  Conversations(const Conversations&) = delete;
  Conversations& operator=(const Conversations&) = delete;

  /// The next `count` events, as one append without checks, not sealed. They occurred one `step`
  /// after another; the first is the log's event number `first`.
  core::AppendRequest next(std::uint64_t first, std::size_t count);

 private:
  struct Session;
  struct Recipes;
  core::NewEvent take(Session& session);

  const Options options_;
  const std::unique_ptr<Recipes> recipes_;
  std::vector<std::unique_ptr<Session>> sessions_;
  events::SessionCodec codec_;
};

}  // namespace hansard::bench
