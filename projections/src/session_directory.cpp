#include <algorithm>
#include <charconv>

#include "event_kind.h"
#include "events/session/ids.h"
#include "point_read.h"
#include "projections/sessions.h"
#include "session_row.h"

namespace hansard::projections {
namespace {

/// Index rows fetched at a time: the model is not asked for rows while it scans.
constexpr std::size_t kScanChunk = 256;

core::Error bad(std::string field, std::string what) {
  return core::Error{core::Errc::invalid_argument, field + ": " + std::move(what),
                     std::move(field)};
}

/// A cursor is the place of the last row looked at: its activity in microseconds, a dot, its name.
std::string cursor_of(const OrderPlace& place) {
  return std::to_string(place.activity) + "." + place.name;
}

core::Result<OrderPlace> parse_cursor(std::string_view text) {
  OrderPlace place;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, place.activity);
  if (error != std::errc{} || stop == end || *stop != '.') {
    return bad("cursor", "is not one that a page gave");
  }
  place.name.assign(stop + 1, end);
  if (!core::StreamId::is_plain_name(place.name)) {
    return bad("cursor", "is not one that a page gave");
  }
  return place;
}

/// The filters of a query, with texts hashed once.
class Filter {
 public:
  Filter(const SessionQuery& query, const core::KeyedHash& hash) : query_(query) {
    if (query.user) user_hash_ = events::user_hash(query.project, *query.user, hash);
    for (const auto& [key, value] : query.tags) {
      tag_hashes_.emplace_back(key, events::tag_hash(query.project, key, value, hash));
    }
    if (query.from) since_ = query.from->time_since_epoch().count();
    if (query.status == SessionStatus::active) {
      const auto active_since = (query.now - query.active_within).time_since_epoch().count();
      since_ = since_ ? std::max(*since_, active_since) : active_since;
    }
  }

  /// Rows are met newest first, so the first one that is too old ends the scan.
  [[nodiscard]] bool too_old(std::int64_t activity) const { return since_ && activity < *since_; }

  [[nodiscard]] bool accepts(const SessionRow& row) const {
    const auto is = [](const auto& wanted, const auto& actual) {
      return !wanted || actual == wanted;
    };
    if (!is(user_hash_, row.user_hash) || !is(query_.agent, row.agent) ||
        !is(query_.app, row.app)) {
      return false;
    }
    if (query_.model &&
        std::find(row.models.begin(), row.models.end(), *query_.model) == row.models.end()) {
      return false;
    }
    for (const auto& tag : tag_hashes_) {
      if (std::find(row.tag_hashes.begin(), row.tag_hashes.end(), tag) == row.tag_hashes.end()) {
        return false;
      }
    }
    return !query_.status || (*query_.status == SessionStatus::ended) == row.ended;
  }

 private:
  const SessionQuery& query_;
  std::optional<std::string> user_hash_;
  std::vector<std::pair<std::string, std::string>> tag_hashes_;
  std::optional<std::int64_t> since_;
};

SessionStatus status_of(const SessionRow& row, core::Timestamp now,
                        std::chrono::microseconds active_within) {
  if (row.ended) return SessionStatus::ended;
  return row.activity >= now - active_within ? SessionStatus::active : SessionStatus::open;
}

core::Result<SessionText> text_of(const core::EventLog& log, const core::ProjectId& project,
                                  const SessionRow& row) {
  const std::string stream = std::string(kSessionPrefix) + row.name;
  SessionText text;
  if (row.created_at) {
    auto read = read_at(log, *row.created_at, project.text(), stream);
    if (!read) return read.error();
    if (*read) {
      text.erased = (*read)->erased;
      if (auto* created = std::get_if<events::SessionCreated>(&(*read)->event)) {
        // What the filter put in an id's place finds nothing; the name of the stream does.
        if (created->session_id && !events::is_pseudonym(*created->session_id)) {
          text.session_id = std::move(created->session_id);
        }
        text.user = std::move(created->user);
        text.title = std::move(created->title);
        text.tags = std::move(created->tags);
      }
    }
  }
  if (row.first_user_message) {
    auto read = read_at(log, *row.first_user_message, project.text(), stream);
    if (!read) return read.error();
    if (*read) {
      text.preview_erased = (*read)->erased;
      const auto* message = std::get_if<events::MessageSent>(&(*read)->event);
      if (message && !text.preview_erased) {
        const std::string said = events::plain_text(message->parts);
        if (!said.empty()) text.preview = cut(said, kPreviewBytes);
      }
    }
  }
  return text;
}

core::Status check(const SessionQuery& query) {
  if (query.limit < 1 || query.limit > kSessionPageMax) {
    return bad("limit", "must be 1.." + std::to_string(kSessionPageMax));
  }
  if (query.active_within.count() < 0) return bad("active_within", "must not be negative");
  return core::Ok{};
}

/// Places in the order from `start` (a key) on, at most `count`.
core::Result<std::vector<OrderPlace>> places(const core::ReadModel& model, std::string_view prefix,
                                             const std::string& start, std::size_t count) {
  std::vector<OrderPlace> found;
  core::Status status = core::Ok{};
  auto scanned = model.scan(prefix, start, [&](std::string_view key, std::string_view) {
    auto place = parse_order_key(key, prefix.size());
    if (!place) {
      status = place.error();
      return false;
    }
    found.push_back(*std::move(place));
    return found.size() < count;
  });
  if (!scanned) return scanned.error();
  if (!status) return status.error();
  return found;
}

core::Result<SessionRow> row_at(const core::ReadModel& model, const core::ProjectId& project,
                                const std::string& name) {
  const auto row = model.get(session_key(project.text(), name));
  if (!row) return row.error();
  if (!*row) {
    return core::Error{core::Errc::corruption,
                       "view 'sessions' lists session '" + name + "' but has no row for it"};
  }
  return unpack_session(name, **row);
}

}  // namespace

core::Result<SessionPage> SessionDirectory::list(const core::ReadModel& model,
                                                 const SessionQuery& query) const {
  if (auto status = check(query); !status) return status.error();
  const Filter filter(query, keyed_hash_);
  const std::string& project = query.project.text();
  const std::string prefix = order_prefix(project);
  std::string start = prefix;
  if (query.to) {
    // Keys run from new to old: begin with the last moment before `to`.
    start = order_key(project, query.to->time_since_epoch().count() - 1, {});
  }
  if (!query.cursor.empty()) {
    const auto place = parse_cursor(query.cursor);
    if (!place) return place.error();
    start = std::max(start, order_key(project, place->activity, place->name) + '\0');
  }

  SessionPage page;
  page.checkpoint = model.checkpoint();
  std::size_t looked_at = 0;
  while (true) {
    const auto chunk = places(model, prefix, start, kScanChunk);
    if (!chunk) return chunk.error();
    for (const OrderPlace& place : *chunk) {
      if (filter.too_old(place.activity)) return page;
      if (page.sessions.size() == query.limit || looked_at == kSessionScanMax) {
        page.next = cursor_of(*parse_order_key(start.substr(0, start.size() - 1), prefix.size()));
        return page;
      }
      ++looked_at;
      start = order_key(project, place.activity, place.name) + '\0';
      auto row = row_at(model, query.project, place.name);
      if (!row) return row.error();
      if (!filter.accepts(*row)) continue;
      auto text = text_of(log_, query.project, *row);
      if (!text) return text.error();
      const SessionStatus status = status_of(*row, query.now, query.active_within);
      page.sessions.push_back({*std::move(row), *std::move(text), status});
    }
    if (chunk->size() < kScanChunk) return page;
  }
}

core::Result<std::optional<SessionListing>> SessionDirectory::find(
    const core::ReadModel& model, const core::ProjectId& project, const core::StreamId& session,
    core::Timestamp now, std::chrono::microseconds active_within) const {
  const std::string_view name = session_name(session.text());
  const auto stored = model.get(session_key(project.text(), name));
  if (!stored) return stored.error();
  if (!*stored) return std::optional<SessionListing>{};
  auto row = unpack_session(name, **stored);
  if (!row) return row.error();
  auto text = text_of(log_, project, *row);
  if (!text) return text.error();
  const SessionStatus status = status_of(*row, now, active_within);
  return std::optional<SessionListing>{SessionListing{*std::move(row), *std::move(text), status}};
}

std::string_view to_word(SessionStatus status) {
  switch (status) {
    case SessionStatus::active:
      return "active";
    case SessionStatus::open:
      return "open";
    case SessionStatus::ended:
      return "ended";
  }
  return "open";
}

core::Result<SessionStatus> parse_session_status(std::string_view text) {
  for (const auto status : {SessionStatus::active, SessionStatus::open, SessionStatus::ended}) {
    if (to_word(status) == text) return status;
  }
  return bad("status", "must be active, open or ended");
}

}  // namespace hansard::projections
