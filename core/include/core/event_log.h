#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/event.h"
#include "core/merkle.h"

namespace hansard::core {

/// What a caller relies on about a stream, judged against the state just before the append.
struct Expected {
  enum class Kind : std::uint8_t { any, none, exists, exact };
  Kind kind = Kind::any;
  Version version{};  ///< of the last event, `exact` only

  static Expected any() { return {}; }
  static Expected none() { return {Kind::none, {}}; }
  static Expected exists() { return {Kind::exists, {}}; }
  static Expected exactly(Version version) { return {Kind::exact, version}; }
  bool operator==(const Expected&) const = default;
};

/// A check on any stream of the project, written by this append or not.
struct Check {
  StreamId stream;
  Expected expected;
};

/// When the receipt is sent. Both kinds commit with the same sync.
enum class Durability : std::uint8_t {
  strict,  ///< after the sync: what the receipt names survives any crash
  relaxed  ///< once numbered; visible, and durable, at the next sync
};

/// What to do with records whose id is stored already, next to records that are new.
enum class Known : std::uint8_t {
  fail,  ///< all known: the original receipt; partly known: partial_duplicate
  skip   ///< known ones answer `duplicate`, new ones are appended (importers: files grow)
};

/// Limits of one append; the larger surfaces refuse earlier with the same names.
inline constexpr std::size_t kMaxAppendRecords = 1024;
inline constexpr std::size_t kMaxAppendChecks = 1024;
inline constexpr std::size_t kMaxEventBytes = 16U << 20;   ///< facts + content of one event
inline constexpr std::size_t kMaxAppendBytes = 64U << 20;  ///< facts + content of one append

/// Records and the checks they depend on: all of it commits, or nothing.
struct AppendRequest {
  ProjectId project;
  std::vector<NewEvent> records;  ///< 1..kMaxAppendRecords, over any streams, sealed
  std::vector<Check> checks;      ///< 0..kMaxAppendChecks
  Timestamp recorded_at;          ///< the edge's clock; stored as max(previous, this)
  KeyId actor;
  Durability durability = Durability::strict;
  Known known = Known::fail;
  bool completes_answer = false;  ///< may use the space kept back for answers in flight
};

/// Where one record of an append is.
struct RecordReceipt {
  Position position;
  Version version;
  bool duplicate = false;   ///< stored by an earlier append; these are its original numbers
  bool erased = false;      ///< the stored event's content has been erased since
  Timestamp recorded_at{};  ///< as stored
};

struct Receipt {
  std::vector<RecordReceipt> records;  ///< as in the request
  Durability durability = Durability::strict;
  /// One past the last position this receipt names: `at_least` of a read that must see it.
  [[nodiscard]] Position end() const;
  [[nodiscard]] bool duplicate() const;  ///< true when nothing was written
};

using AppendDone = std::function<void(Result<Receipt>)>;

/// Receives events in order; return false to stop. The event is lent for the call only.
using EventSink = std::function<bool(const RecordedEvent&)>;

/// Keeps a callback registered; destroying it unregisters and waits for a running call.
class Subscription {
 public:
  virtual ~Subscription() = default;
};

/// The append-only log, as the domain sees it. Adapters implement it; tests use InMemoryEventLog,
/// which passes the same contract suite (`tests/contracts/event_log_contract.h`).
///
/// Visible means synced: nothing at or beyond `end()` is read, projected or hashed into `tree()`.
/// Threads: all members are safe to call concurrently.
class EventLog {
 public:
  virtual ~EventLog() = default;

  /// Queues `request` and returns at once; it commits together with its neighbours (one sync for
  /// all).
  /// @param done  called exactly once, on a thread of the log, never under a lock; it must not
  /// block. Errors: invalid_argument (malformed record, repeated id, empty request), too_large,
  ///   id_reused, partial_duplicate, version_conflict (every violated check), overloaded (queue
  ///   full), out_of_space, unavailable (the outcome is unknown: retry with the same ids),
  ///   cancelled (the log is closing). On every error but `unavailable` nothing was written.
  /// An answer that rests on other appends still being synced (a duplicate of theirs, a conflict
  /// with
  ///   them) waits for them: what it names is visible when it is given, or it is `unavailable` too.
  /// Order of judgement: form, idempotency, checks; so a full duplicate answers its original
  /// receipt whatever the checks say. Cost: O(bytes appended), independent of stream length. Never
  /// blocks on disk.
  virtual void append(AppendRequest request, AppendDone done) = 0;

  /// One past the last visible position; never decreases. Cost: one atomic load.
  [[nodiscard]] virtual Position end() const = 0;

  /// Feeds visible events from `from` in position order until `sink` returns false or the end.
  /// @return the position to continue from.
  /// Errors: corruption (names the position; events before it were delivered), unavailable.
  virtual Result<Position> read(Position from, const EventSink& sink) const = 0;

  /// Feeds visible events of one stream from version `from`, in order. A missing stream feeds
  /// nothing.
  /// @return the version to continue from. Errors: as `read`.
  virtual Result<Version> read_stream(const ProjectId& project, const StreamId& stream,
                                      Version from, const EventSink& sink) const = 0;

  /// Version of the last visible event of a stream; nothing when it has none. Errors: unavailable,
  /// corruption.
  [[nodiscard]] virtual Result<std::optional<Version>> head(const ProjectId& project,
                                                            const StreamId& stream) const = 0;

  /// Position of a visible event by its id. Errors: unavailable, corruption.
  [[nodiscard]] virtual Result<std::optional<Position>> find(const ProjectId& project,
                                                             const EventId& id) const = 0;

  /// Size and root of the RFC 6962 tree over all visible events.
  [[nodiscard]] virtual TreeHead tree() const = 0;

  /// Calls `advanced(end)` after the visible end moved, at least once after each move (several
  /// moves may be told as one), on a thread of the log; it must not block. A log that stops for
  /// good calls it a last time.
  [[nodiscard]] virtual std::unique_ptr<Subscription> subscribe(
      std::function<void(Position end)> advanced) = 0;
};

/// True unless the client's `occurred_at` changed: both requests gave the same one, or neither gave
/// any (then ours may differ). What every `EventEquivalence` uses for that field.
[[nodiscard]] bool same_occurred_at(const RecordedEvent& stored, const NewEvent& sent);

/// Says whether a stored event is what a client sends again: same stream, type, facts and content,
/// and same `occurred_at` where the client supplied it. Payload shapes evolve, so the comparison
/// is the vocabulary's: `events` upcasts both to today's shape and compares JSON trees. The plain
/// one below compares bytes. Never looks at salt, position, recorded_at. With `stored.erased` only
/// what remains is compared.
/// Threads: safe to call concurrently. Pure.
class EventEquivalence {
 public:
  virtual ~EventEquivalence() = default;
  [[nodiscard]] virtual bool same(const RecordedEvent& stored, const NewEvent& sent) const;
};

}  // namespace hansard::core
