#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/event_log.h"
#include "core/hash.h"
#include "core/projection.h"
#include "projections/counters.h"

namespace hansard::projections {

/// The directory of sessions: one row per session, and one for its place in "newest activity
/// first". Holds no content. Names, tags, titles and previews are read from the log when a page is
/// rendered, so an erasure never touches this view and a rebuild equals live.
/// Row layout: `projections/src/session_row.h`.
class Sessions final : public core::Projection {
 public:
  [[nodiscard]] std::string_view name() const override { return "sessions"; }
  [[nodiscard]] std::uint32_t version() const override { return 3; }
  core::Status apply(const core::RecordedEvent& event, core::ReadModelBatch& batch) const override;
};

/// `active`: not ended, last activity within `active_within` of the query. `open`: not ended
/// (active or idle).
enum class SessionStatus : std::uint8_t { active, open, ended };

/// Models, agents and the like kept per session; later ones are counted, not named.
inline constexpr std::size_t kModelsPerSessionMax = 16;
inline constexpr std::size_t kSessionPageMax = 200;
/// Rows looked at for one page; a page may therefore be short, or empty, and still have a cursor.
inline constexpr std::size_t kSessionScanMax = 5000;
inline constexpr std::size_t kPreviewBytes = 160;
inline constexpr std::chrono::minutes kActiveWithin{30};

/// Facts of one session, from the view.
struct SessionRow {
  std::string name;                                  ///< of the stream, without `session-`
  std::optional<core::Position> created_at;          ///< where its SessionCreated is
  std::optional<core::Position> first_user_message;  ///< where its first message of role user is
  std::optional<std::string> user_hash;              ///< hex
  std::optional<std::string> agent;
  std::optional<std::string> app;
  std::optional<std::string> source;
  std::vector<std::pair<std::string, std::string>> tag_hashes;  ///< key -> hex
  std::vector<std::string> models;    ///< configured, asked or answering, in order of appearance
  bool models_left_out = false;       ///< there are more than kModelsPerSessionMax
  std::optional<std::string> parent;  ///< name of the session it was forked from
  std::uint64_t parent_at_version = 0;
  bool ended = false;
  core::Version head{};  ///< version of the last event
  core::Timestamp first_recorded{};
  core::Timestamp last_recorded{};
  std::optional<core::Timestamp> first_occurred;  ///< earliest and latest known `occurred_at`
  std::optional<core::Timestamp> last_occurred;
  /// When it was last active: the latest over its events of `occurred_at` (no later than
  /// `recorded_at`), or `recorded_at` where the event has none. An import of old conversations is
  /// old, and a clock running ahead does not pin a session to the top.
  core::Timestamp activity{};
  SessionCounters counters;
  std::uint64_t erasures_asked = 0;  ///< of content of its stream
  std::uint64_t erasures_done = 0;
  [[nodiscard]] bool erasing() const { return erasures_asked > erasures_done; }
};

/// What a row's events say in words, read from the log.
struct SessionText {
  std::optional<std::string> session_id;  ///< the client's id, where the name is its hash
  std::optional<std::string> user;
  std::optional<std::string> title;
  std::vector<std::pair<std::string, std::string>> tags;
  std::optional<std::string> preview;  ///< start of the first user message, <= kPreviewBytes
  bool erased = false;          ///< the SessionCreated's content is gone: user, title, tags are
  bool preview_erased = false;  ///< likewise of the first user message
};

struct SessionListing {
  SessionRow row;
  SessionText text;
  SessionStatus status = SessionStatus::open;  ///< as of the query's `now`
};

struct SessionQuery {
  core::ProjectId project;
  core::Timestamp now{};  ///< decides what is active; from the edge's clock
  std::chrono::microseconds active_within = kActiveWithin;
  // Filters; all that are given must hold.
  std::optional<std::string> user;  ///< the text; compared by keyed hash
  std::optional<std::string> agent;
  std::optional<std::string> app;
  std::optional<std::string> model;
  std::vector<std::pair<std::string, std::string>> tags;  ///< key, value
  std::optional<SessionStatus> status;
  std::optional<core::Timestamp> from;  ///< last activity at or after
  std::optional<core::Timestamp> to;    ///< last activity before
  std::size_t limit = 50;               ///< 1..kSessionPageMax
  std::string cursor;                   ///< `next` of the page before; empty: the first page
};

struct SessionPage {
  std::vector<SessionListing> sessions;  ///< newest activity first
  std::optional<std::string> next;       ///< cursor of the following page; absent at the end
  core::Position checkpoint;             ///< the position the answer reflects
};

/// Queries of the directory. The filter by user or tag finds erased sessions too: their keyed
/// hashes are facts. Both references outlive this; thread-safe.
class SessionDirectory {
 public:
  SessionDirectory(const core::EventLog& log, const core::KeyedHash& keyed_hash)
      : log_(log), keyed_hash_(keyed_hash) {}

  /// One page, at most kSessionScanMax rows looked at. Walking `next` over unchanged rows names
  /// every session once; a session active meanwhile moves to the front and is met on a new walk.
  /// Errors: invalid_argument (limit, cursor, active_within), and what model and log report.
  [[nodiscard]] core::Result<SessionPage> list(const core::ReadModel& model,
                                               const SessionQuery& query) const;

  /// One session, or nothing. `session` is the stream.
  [[nodiscard]] core::Result<std::optional<SessionListing>> find(
      const core::ReadModel& model, const core::ProjectId& project, const core::StreamId& session,
      core::Timestamp now, std::chrono::microseconds active_within = kActiveWithin) const;

 private:
  const core::EventLog& log_;
  const core::KeyedHash& keyed_hash_;
};

std::string_view to_word(SessionStatus status);
/// Errors: invalid_argument with field `status`.
core::Result<SessionStatus> parse_session_status(std::string_view text);

}  // namespace hansard::projections
