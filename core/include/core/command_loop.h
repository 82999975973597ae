#pragma once

#include <concepts>
#include <functional>
#include <vector>

#include "core/event_log.h"

namespace hansard::core {

/// A stream type: an initial state, what commands mean, and what events leave behind. Pure; shared by
/// threads. `evolve` accepts every event ever stored; `decide` returns the records of one append, their
/// ids derived from the command, so that a retry is the same event.
template <class D>
concept Decider = requires(const D& decider, const typename D::State& state,
                           typename D::State mutable_state, const typename D::Command& command,
                           const RecordedEvent& event, const ProjectId& project,
                           const StreamId& stream) {
  { decider.initial() } -> std::same_as<typename D::State>;
  { decider.evolve(std::move(mutable_state), event) } -> std::same_as<Result<typename D::State>>;
  {
    decider.decide(state, project, stream, command)
  } -> std::same_as<Result<std::vector<NewEvent>>>;
  { decider.bytes(state) } -> std::convertible_to<std::size_t>;  ///< approximate memory, for the cache
};

/// Runs `work` somewhere that may block on storage. Core names no executor; adapters give a pool.
using Post = std::function<void(std::function<void()> work)>;

struct CommandLoopOptions {
  std::size_t state_cache_bytes = 64U << 20;  ///< folded states kept, least recently used dropped
  std::size_t waiting_max = 4096;             ///< commands waiting over all streams; then overloaded
  int attempts_max = 8;                       ///< loads and decisions per command before the conflict is told
};

/// Who acts, and when, for one command.
struct CommandContext {
  ProjectId project;
  StreamId stream;
  Timestamp recorded_at;
  KeyId actor;
  Durability durability = Durability::strict;
  Known known = Known::fail;
  bool completes_answer = false;
  std::optional<Version> expected_version;  ///< the client's own check, or none
};

/// Load, fold, decide, append, and again on a conflict: written once, for every stream type.
/// Commands on one stream run one after another (a strand per stream), so conflicts come only from
/// writers elsewhere; correctness rests on the log's version check alone. Folded states are cached
/// and discardable. The append checks that the stream is where the decision saw it, except where the
/// decision only repeats known events.
/// Threads: safe to call concurrently.
template <Decider D>
class CommandLoop {
 public:
  /// `log` and `decider` outlive the loop; `post` is called for every load and decision.
  CommandLoop(EventLog& log, const D& decider, const Hasher& hasher, Post post, CommandLoopOptions options = {});
  ~CommandLoop();

  /// Decides and appends; `done` gets the receipt, exactly once, on a thread of `post` or the log.
  /// A decision of no events answers an empty receipt.
  /// Errors: the decider's, the log's; version_conflict after `attempts_max` rounds, or at once when
  /// `context.expected_version` does not hold; overloaded.
  void execute(CommandContext context, typename D::Command command, AppendDone done);

  /// The folded state of a stream up to the log's visible end. Blocks on storage.
  Result<typename D::State> load(const ProjectId& project, const StreamId& stream);

  [[nodiscard]] std::size_t cached_bytes() const;
};

}  // namespace hansard::core
