#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/event_bytes.h"
#include "core/event_log.h"
#include "core/lanes.h"
#include "core/state_cache.h"

namespace hansard::core {

/// A stream type: an initial state, what commands mean, and what events leave behind. Pure; shared
/// by threads. `evolve` accepts every event ever stored; `decide` returns the records of one
/// append, their ids derived from the command, so that a retry is the same event.
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
  {
    decider.bytes(state)
    } -> std::convertible_to<std::size_t>;  ///< approximate memory, for the cache
};

/// Runs `work` somewhere that may block on storage. Core names no executor; adapters give a pool.
using Post = std::function<void(std::function<void()> work)>;

struct CommandLoopOptions {
  std::size_t state_cache_bytes = 64U << 20;  ///< folded states kept, least recently used dropped
  std::size_t waiting_max = 4096;  ///< commands not yet answered, over all streams; then overloaded
  int attempts_max = 8;            ///< loads and decisions per command before the conflict is told
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
  bool may_block = false;  ///< who brings the command: it may then be decided there in any case
  std::optional<Version> expected_version;  ///< the client's own check, or none
  /// What else must hold, of other streams: a conflict with them is told at once.
  std::vector<Check> checks{};
};

/// The parts of the loop that no state type changes.
namespace command_loop {

/// Appended payloads up to this size are kept to be folded; larger ones are read back when needed.
inline constexpr std::size_t kFoldCopyBytesMax = 256U << 10;
/// Up to here events are folded on the thread of the log: some microseconds, less than a switch.
inline constexpr std::size_t kFoldHereBytesMax = 16U << 10;
inline constexpr std::size_t kFoldHereEventsMax = 4;
/// States up to this size are decided on by whoever brings the command (a decision may copy them).
inline constexpr std::size_t kDecideHereBytesMax = 256U << 10;

using StateFold = std::function<Status(const RecordedEvent& event)>;

/// Seals `records` and adds the checks: the stream is where the decision saw it (`next` is the
/// version of its next event), and the client's own.
AppendRequest make_request(const CommandContext& context, std::vector<NewEvent> records,
                           Version next, const Hasher& hasher);
/// The log has judged, and not by writing: what it judged may have been decided on an old state.
bool wrote_nothing(const Result<Receipt>& receipt);
/// True when `conflict` says that the client's own check does not hold.
bool client_check_failed(const CommandContext& context, const Error& conflict);
/// The conflict to answer when the client's own check does not hold for a stream at `next`.
std::optional<Error> client_check(const CommandContext& context, Version next);
Error overloaded(std::size_t waiting_max);
/// The records of `stream`, in their places; other places are empty events. Nothing when too large.
std::vector<NewEvent> copy_for_folding(const std::vector<NewEvent>& records,
                                       const StreamId& stream);
/// Few and small enough to be folded on the thread of the log.
bool is_small(const std::vector<NewEvent>& events);
/// Feeds what `receipt` says was written to `fold`, as stored, as far as versions follow `next`.
Status fold_appended(const CommandContext& context, const std::vector<NewEvent>& records,
                     const Receipt& receipt, Version& next, const StateFold& fold);

}  // namespace command_loop

/// Load, fold, decide, append, and again on a conflict: written once, for every stream type.
/// Commands on one stream run one after another (a strand per stream), so conflicts come only from
/// writers elsewhere; correctness rests on the log's version check alone. Folded states are cached
/// and discardable. The append always checks that the stream is where the decision saw it; a
/// decision that only repeats known events passes nevertheless, since the log answers those first.
/// Threads: safe to call concurrently.
template <Decider D>
class CommandLoop {
 public:
  using State = typename D::State;
  using Command = typename D::Command;

  /// `log`, `decider` and `hasher` outlive the loop; `post` is called for every load and decision.
  CommandLoop(EventLog& log, const D& decider, const Hasher& hasher, Post post,
              CommandLoopOptions options = {})
      : log_(log),
        decider_(decider),
        hasher_(hasher),
        post_(std::make_shared<const Post>(std::move(post))),
        options_(options),
        cache_(options.state_cache_bytes),
        lanes_(options.waiting_max) {}

  /// Waits for the commands in flight; the log and `post` must still work.
  ~CommandLoop() = default;
  CommandLoop(const CommandLoop&) = delete;
  CommandLoop& operator=(const CommandLoop&) = delete;

  /// Decides and appends; `done` gets the receipt, exactly once, on a thread of `post` or the log,
  /// or on this one (`overloaded`, and what the log answers at once). It must not block.
  /// Where the stream is idle and its state at hand, the decision is made on this thread: it needs
  /// no storage, and a lone client is spared a thread switch. Never blocks, unless the context says
  /// that it may.
  /// A decision of no events answers an empty receipt.
  /// Errors: the decider's, the log's; version_conflict after `attempts_max` rounds, or at once
  /// when `context.expected_version` does not hold; overloaded.
  void execute(CommandContext context, Command command, AppendDone done) {
    auto job = std::make_shared<Job>(Job{std::move(context), std::move(command), std::move(done)});
    job->stream = StreamKey{job->context.project.text(), job->context.stream.text()};
    switch (lanes_.enter(job->stream, [this, job] { run([this, job] { attempt(job); }); })) {
      case Lanes::Entered::owner:
        if (attempt_here(job)) return;
        if (job->context.may_block) return attempt(job);
        return run([this, job] { attempt(job); });
      case Lanes::Entered::queued:
        return;
      case Lanes::Entered::full:
        return job->done(command_loop::overloaded(options_.waiting_max));
    }
  }

  /// The folded state of a stream up to the log's visible end. Blocks on storage.
  /// Errors: the log's, `evolve`'s.
  Result<State> load(const ProjectId& project, const StreamId& stream) {
    const StreamKey key{project.text(), stream.text()};
    auto folded = catch_up(key, project, stream, false);
    if (!folded) return folded.error();
    State copy = folded->state;
    keep(key, *std::move(folded));
    return copy;
  }

  /// Lets go of what is kept of a stream, because content of its events was destroyed; it is folded
  /// anew when it is next asked for. A command being decided at this moment keeps the state that it
  /// has, and does not leave it behind.
  void forget(const ProjectId& project, const StreamId& stream) {
    cache_.forget(StreamKey{project.text(), stream.text()});
  }

  [[nodiscard]] std::size_t cached_bytes() const { return cache_.bytes(); }

 private:
  using Folded = FoldedState<State>;

  /// One command on its way; owned by whoever acts for it next, so never by two threads at once.
  struct Job {
    CommandContext context;
    Command command;
    AppendDone done;
    StreamKey stream{};
    int attempts = 0;
    bool unlooked = false;             ///< decided without a look at the stream's head
    std::vector<NewEvent> appended{};  ///< copies to fold into the cached state afterwards
  };
  using JobPtr = std::shared_ptr<Job>;

  /// The last job may end, and this object with it, before the call that posted it returns.
  void run(std::function<void()> work) {
    const auto post = post_;
    (*post)(std::move(work));
  }

  void keep(const StreamKey& key, Folded folded) {
    const std::size_t bytes = decider_.bytes(folded.state);
    cache_.put(key, std::move(folded), bytes);
  }

  /// The state at the visible end of the stream, or later where a relaxed append of ours is not yet
  /// visible. `distrust` a later one after a conflict: that append may have failed.
  Result<Folded> catch_up(const StreamKey& key, const ProjectId& project, const StreamId& stream,
                          bool distrust) {
    auto cached = cache_.take(key);
    Folded folded = cached ? *std::move(cached) : beginning();
    const auto head = log_.head(project, stream);
    if (!head) return head.error();
    const Version visible{*head ? (*head)->value + 1 : 0};
    if (folded.next > visible && distrust) folded = beginning();
    if (folded.next >= visible) return folded;

    Status status = Ok{};
    const auto read =
        log_.read_stream(project, stream, folded.next, [&](const RecordedEvent& event) {
          status = evolve(folded, event);
          return static_cast<bool>(status);
        });
    if (!status) return status.error();
    if (!read) return read.error();
    return folded;
  }

  Folded beginning() const { return Folded{decider_.initial(), {}, cache_.generation()}; }

  Status evolve(Folded& folded, const RecordedEvent& event) {
    auto evolved = decider_.evolve(std::move(folded.state), event);
    if (!evolved) return evolved.error();
    folded.state = *std::move(evolved);
    folded.next = Version{event.version.value + 1};
    return Ok{};
  }

  /// Decides on the cached state, without looking whether the stream has moved on since: the append
  /// finds out. Any other outcome than one that writes may be owed to an old state, and is not
  /// told: a refusal, nothing to do, an event that is known already.
  /// @return false when nothing came of it.
  bool attempt_here(const JobPtr& job) {
    auto folded = cache_.take(job->stream);
    if (!folded) return false;
    const CommandContext& context = job->context;
    const Version next = folded->next;
    const bool small = decider_.bytes(folded->state) <= command_loop::kDecideHereBytesMax;
    std::optional<Result<std::vector<NewEvent>>> decided;
    if (small) {
      decided = decider_.decide(folded->state, context.project, context.stream, job->command);
    }
    keep(job->stream, *std::move(folded));
    if (!decided || !*decided || (*decided)->empty()) return false;
    job->unlooked = true;
    append(job, **std::move(decided), next);
    return true;
  }

  /// One round: load, decide, append. On a thread of `post`.
  void attempt(const JobPtr& job) {
    const CommandContext& context = job->context;
    auto folded = catch_up(job->stream, context.project, context.stream, job->attempts > 0);
    if (!folded) return finish(job, folded.error());
    const Version next = folded->next;
    auto decided = decider_.decide(folded->state, context.project, context.stream, job->command);
    keep(job->stream, *std::move(folded));
    if (!decided || decided->empty()) {
      if (auto conflict = command_loop::client_check(context, next)) {
        return finish(job, *std::move(conflict));
      }
      if (!decided) return finish(job, decided.error());
      return finish(job, Receipt{});
    }
    append(job, *std::move(decided), next);
  }

  void append(const JobPtr& job, std::vector<NewEvent> events, Version next) {
    ++job->attempts;
    job->appended = command_loop::copy_for_folding(events, job->context.stream);
    log_.append(command_loop::make_request(job->context, std::move(events), next, hasher_),
                [this, job](Result<Receipt> receipt) { appended(job, std::move(receipt)); });
  }

  /// The log's answer. On a thread of the log, so that anything longer is posted.
  void appended(const JobPtr& job, Result<Receipt> receipt) {
    const bool unlooked = std::exchange(job->unlooked, false);
    if (unlooked && command_loop::wrote_nothing(receipt)) {
      return run([this, job] { attempt(job); });
    }
    if (receipt) {
      job->done(*receipt);
      if (receipt->duplicate()) return lanes_.leave(job->stream);
      if (command_loop::is_small(job->appended)) return absorb(job, *receipt);
      return run([this, job, written = *std::move(receipt)] { absorb(job, written); });
    }
    const bool again = receipt.error().code == Errc::version_conflict &&
                       job->attempts < options_.attempts_max &&
                       !command_loop::client_check_failed(job->context, receipt.error());
    if (!again) return finish(job, std::move(receipt));
    run([this, job] { attempt(job); });
  }

  /// Folds what was written into the cached state, so that the next command reads nothing.
  void absorb(const JobPtr& job, const Receipt& written) {
    auto folded = cache_.take(job->stream);
    if (folded) {
      Version next = folded->next;
      const auto status = command_loop::fold_appended(
          job->context, job->appended, written, next,
          [&](const RecordedEvent& event) { return evolve(*folded, event); });
      if (status) keep(job->stream, *std::move(folded));  // else: the next load meets the error
    }
    lanes_.leave(job->stream);
  }

  void finish(const JobPtr& job, Result<Receipt> answer) {
    job->done(std::move(answer));
    lanes_.leave(job->stream);
  }

  EventLog& log_;
  const D& decider_;
  const Hasher& hasher_;
  const std::shared_ptr<const Post> post_;
  const CommandLoopOptions options_;
  StateCache<State> cache_;
  Lanes lanes_;  ///< last, so that it goes first: it waits for the commands that use the rest
};

}  // namespace hansard::core
