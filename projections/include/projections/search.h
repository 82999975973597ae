#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/event_log.h"
#include "events/json.h"

/// Full-text search, as surfaces see it: a port, because the index is a technology of its own
/// (`adapters/search`) and surfaces may not know it.
namespace hansard::projections {

/// What a found text was.
enum class SearchKind : std::uint8_t {
  message,        ///< of MessageSent
  answer,         ///< of ResponseReceived
  failed_answer,  ///< what had come before a ResponseFailed
  system,         ///< the system text of SessionConfigured
  tool_call,      ///< the arguments
  tool_result,    ///< the output
  tool_error,     ///< why a tool failed
};
/// Who said it. A tool call is the assistant's, its outcome the tool's.
enum class SearchRole : std::uint8_t { system, developer, user, agent, assistant, tool, other };

std::string_view to_word(SearchKind kind);
std::string_view to_word(SearchRole role);
/// Errors: invalid_argument naming the words there are.
core::Result<SearchKind> parse_search_kind(std::string_view word);
core::Result<SearchRole> parse_search_role(std::string_view word);

inline constexpr std::size_t kSearchQueryBytesMax = 1024;
inline constexpr std::size_t kSearchLimitMax = 100;
inline constexpr std::size_t kSearchOffsetMax = 10'000;
inline constexpr std::size_t kSearchTagsMax = 16;
inline constexpr std::chrono::seconds kSearchTime{5};

/// What is searched for, and where. Absent filters let everything through.
struct SearchRequest {
  core::ProjectId project;
  /// words, "phrases", prefix*, -not, OR; several words must all be there. See
  /// `adapters/search/README.md`. 1..kSearchQueryBytesMax bytes of UTF-8.
  std::string query;
  std::optional<core::StreamId> stream = {};  ///< of one session
  std::optional<std::string> user_hash = {};  ///< `events::user_hash`
  std::optional<std::string> agent = {};
  std::optional<std::string> app = {};
  std::optional<std::string> source = {};  ///< who recorded the session: `api`, `import`, ...
  /// Keys with `events::tag_hash` of their values; the session has all of them.
  std::vector<std::pair<std::string, std::string>> tag_hashes = {};
  std::optional<std::string> provider = {};  ///< of answers
  std::optional<std::string> model = {};     ///< of answers
  std::optional<std::string> tool = {};      ///< of tool calls and their outcomes
  std::vector<SearchKind> kinds = {};        ///< any of them; empty: all
  std::vector<SearchRole> roles = {};        ///< likewise
  std::optional<core::Timestamp> from = {};  ///< inclusive; compared with `SearchHit::at`
  std::optional<core::Timestamp> to = {};    ///< exclusive
  std::size_t limit = 20;                    ///< 1..kSearchLimitMax
  std::size_t offset = 0;                    ///< 0..kSearchOffsetMax, in the order of rank
  core::Position at_least = {};              ///< waits until the index has absorbed all below
  /// Only texts below this position, so that pages do not shift as the log grows; absent: all.
  std::optional<core::Position> below = {};
  /// Of waiting and of the search; unset: kSearchTime from now.
  std::chrono::steady_clock::time_point deadline{};
};

/// A piece of the text, cut from the log's own event.
struct SearchSnippet {
  std::string text;
  /// Half-open ranges of bytes in `text` that matched, in order, disjoint.
  std::vector<std::pair<std::size_t, std::size_t>> matches;
  bool cut_before = false;  ///< there is text in front
  bool cut_after = false;
};

struct SearchHit {
  core::StreamId stream;
  std::string session_id;  ///< as the client knows it; the stream's name once that is erased
  std::optional<std::string> user = {};  ///< whom the session is with
  std::optional<std::string> agent = {};
  core::Version version;
  core::Position position;
  core::EventId event_id;
  SearchKind kind = SearchKind::message;
  SearchRole role = SearchRole::other;
  std::string message_id;  ///< of the message, of the answer, or that asked for the tool; or empty
  std::optional<std::string> tool = {};
  std::optional<std::string> provider = {};
  std::optional<std::string> model = {};
  core::Timestamp recorded_at;
  std::optional<core::Timestamp> occurred_at = {};
  /// When it was said, as far as is known: the earlier of `occurred_at` and `recorded_at`.
  core::Timestamp at;
  /// Which of its session's messages and answers it is, from 1 (of anything else: how many stood
  /// before it), and how many there are. What a fork inherits is its parent's.
  std::uint64_t place = 0;
  std::uint64_t places = 0;
  double score = 0;  ///< BM25, higher is better; comparable within one answer only
  SearchSnippet snippet;
};

struct SearchAnswer {
  std::vector<SearchHit> hits;  ///< best first; of equal score the newest first
  /// Texts that match, filters included; erased ones count until the index is purged of them.
  std::uint64_t matched = 0;
  /// There are more matches than were ranked: only the newest `matched` were.
  bool more = false;
  std::optional<std::size_t> next_offset = {};  ///< of the next page; absent: this is the last
  core::Position position;                      ///< the index holds everything below it
  core::Position below;                         ///< what was searched: the request's, or `position`
};

/// Where the next page begins, as text: `cursor` of a request, `next` of an answer.
std::optional<std::string> next_cursor(const SearchAnswer& answer);
/// Sets `offset` and `below`. Errors: invalid_argument with field `cursor`.
core::Status apply_cursor(std::string_view cursor, SearchRequest& request);

/// Where the index stands.
struct SearchState {
  enum class Phase : std::uint8_t { opening, catching_up, live, stopped };
  Phase phase = Phase::opening;
  std::uint32_t version = 0;   ///< of the database's schema
  core::Position checkpoint;   ///< everything below is in the index
  std::string error;           ///< why it stopped, or what is being tried again
  std::uint64_t rebuilds = 0;  ///< since the start
  std::string notice;          ///< the last one: why it was built anew
};

/// Threads: all members are safe to call concurrently.
class SearchIndex {
 public:
  SearchIndex() = default;
  SearchIndex(const SearchIndex&) = delete;
  SearchIndex& operator=(const SearchIndex&) = delete;
  virtual ~SearchIndex() = default;
  /// Blocks until answered, or until the deadline.
  /// Errors: invalid_argument (query, with the place; filters; bounds), timed_out, unavailable (the
  /// index is being opened or was found damaged), corruption and unavailable of the log.
  [[nodiscard]] virtual core::Result<SearchAnswer> search(const SearchRequest& request) const = 0;
  [[nodiscard]] virtual SearchState state() const = 0;
  /// Drops the index and builds it from the log, as after an erasure. Returns at once; from then on
  /// `state()` says `opening`, then `catching_up`.
  virtual void rebuild(std::string reason) = 0;
  /// Tries again now what would be tried again after a pause.
  virtual void retry() = 0;
};

/// One shape for every surface. A snippet is a list of pieces, those that matched marked.
events::Json to_json(const SearchAnswer& answer);

}  // namespace hansard::projections
