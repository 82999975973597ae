#include "reader.h"

#include <sqlite3.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "document.h"
#include "events/session/fast_facts.h"
#include "events/session/ids.h"
#include "schema.h"
#include "snippet.h"

namespace hansard::search {
namespace {

using projections::SearchHit;
using projections::SearchRequest;

/// Steps of SQLite's machine between two looks at the deadline: tens of microseconds.
constexpr int kStepsPerLook = 1000;

/// Looks at the deadline while this lives.
class Watch {
 public:
  Watch(sqlite3* database, int (*look)(void*), void* context) : database_(database) {
    sqlite3_progress_handler(database_, kStepsPerLook, look, context);
  }
  ~Watch() { sqlite3_progress_handler(database_, 0, nullptr, nullptr); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  sqlite3* database_;
};

/// What its SessionCreated says of whose it is. Names that are erased stay out.
core::Status add_names(const core::EventLog& log, core::Position created, SearchHit& hit) {
  const auto read = log.read(created, [&](const core::RecordedEvent& event) {
    if (event.type != events::SessionCreated::kType || event.stream != hit.stream.text()) {
      return false;
    }
    auto decoded = events::session_codec().decode(event, events::Want::all);
    if (!decoded) return false;  // the hit stands without them
    auto& names = std::get<events::SessionCreated>(decoded->event);
    if (names.session_id && !events::is_pseudonym(*names.session_id)) {
      hit.session_id = *std::move(names.session_id);
    }
    hit.user = std::move(names.user);
    hit.agent = std::move(names.agent);
    return false;
  });
  if (!read) return read.error();
  return core::Ok{};
}

}  // namespace

core::Result<std::unique_ptr<Reader>> Reader::open(const std::string& path,
                                                   const std::atomic<bool>& stop) {
  auto connection = Connection::open(path, Connection::Mode::read);
  if (!connection) return connection.error();
  if (auto status = set_up_reader(*connection); !status) return status.error();
  return std::unique_ptr<Reader>(new Reader(*std::move(connection), stop));
}

int Reader::interrupted(void* self) {
  const auto& reader = *static_cast<const Reader*>(self);
  return reader.stop_.load(std::memory_order_relaxed) ||
                 std::chrono::steady_clock::now() >= reader.deadline_
             ? 1
             : 0;
}

core::Result<Found> Reader::search(const core::EventLog& log, const SearchRequest& request,
                                   const Query& query, std::size_t ranked_max) {
  deadline_ = request.deadline;
  const Watch watch(connection_.handle(), interrupted, this);
  // One snapshot for everything: the checkpoint is that of what is searched.
  auto transaction = Transaction::begin(connection_, "DEFERRED");
  if (!transaction) return transaction.error();
  const auto checkpoint = connection_.number("SELECT checkpoint FROM state");
  if (!checkpoint) return checkpoint.error();
  Found found;
  found.answer.position = core::Position{static_cast<std::uint64_t>(checkpoint->value_or(0))};
  found.answer.below =
      std::min(found.answer.position, request.below.value_or(found.answer.position));

  auto project = connection_.prepare("SELECT id FROM projects WHERE name=?1");
  if (!project) return project.error();
  project->bind(1, std::string_view(request.project.text()));
  const auto known = project->step();
  if (!known) return known.error();
  if (!*known) return found;  // nothing has been said in it

  const Selection selection = select_texts(request, query, project->integer(0), found.answer.below);
  auto ranked = rank(selection, query, request.query, ranked_max, found.answer.more);
  if (!ranked) return ranked.error();
  found.answer.matched = ranked->size();
  std::size_t next = request.offset;
  for (; next < ranked->size() && found.answer.hits.size() < request.limit; ++next) {
    auto hit = resolve(log, request, query, (*ranked)[next], found.contradicted);
    if (!hit) return hit.error();
    if (*hit) found.answer.hits.push_back(**std::move(hit));
  }
  if (next < ranked->size()) found.answer.next_offset = next;
  return found;
}

/// Who asks about few sessions need not walk what all others said. Sessions that overlap are walked
/// together, so that the newest still come first.
core::Result<std::vector<Reader::Stretch>> Reader::stretches(const Selection& selection) const {
  const std::vector<Stretch> all{{0, selection.end - 1}};
  if (!selection.sessions) return all;
  auto statement = connection_.prepare(selection.sessions->sql);
  if (!statement) return statement.error();
  for (std::size_t i = 0; i < selection.sessions->texts.size(); ++i) {
    statement->bind(static_cast<int>(i + 1), std::string_view(selection.sessions->texts[i]));
  }
  std::vector<Stretch> found;
  while (true) {
    const auto row = statement->step();
    if (!row) return row.error();
    if (!*row) break;
    if (found.size() == kStretchesMax) return all;
    found.push_back({statement->integer(0), std::min(statement->integer(1), selection.end - 1)});
  }
  std::sort(found.begin(), found.end(),
            [](const Stretch& a, const Stretch& b) { return a.last > b.last; });
  std::vector<Stretch> disjoint;
  for (const Stretch& each : found) {
    if (each.first > each.last) continue;  // it began behind what is searched
    if (!disjoint.empty() && each.last >= disjoint.back().first) {
      disjoint.back().first = std::min(disjoint.back().first, each.first);
    } else {
      disjoint.push_back(each);
    }
  }
  return disjoint;
}

core::Result<VisitedRows> Reader::walk(const Selection& selection, std::size_t ranked_max,
                                       bool& more) const {
  VisitedRows rows;
  const auto ways = stretches(selection);
  if (!ways) return ways.error();
  auto statement = connection_.prepare(selection.walk.sql);
  if (!statement) return statement.error();
  for (const Stretch& stretch : *ways) {
    statement->bind(1, &rows, kVisitedRows).bind(2, stretch.first).bind(3, stretch.last);
    for (std::size_t i = 0; i < selection.walk.texts.size(); ++i) {
      statement->bind(static_cast<int>(i + 4), std::string_view(selection.walk.texts[i]));
    }
    while (true) {
      const auto row = statement->step();
      if (!row) return row.error();
      if (!*row) break;
      if (rows.positions.size() <= ranked_max) continue;
      rows.positions.pop_back();  // the one too many was visited as well
      more = true;
      return rows;
    }
    statement->reset();
  }
  return rows;
}

core::Result<std::vector<Scored>> Reader::rank(const Selection& selection, const Query& query,
                                               std::string_view text, std::size_t ranked_max,
                                               bool& more) const {
  auto visited = walk(selection, ranked_max, more);
  if (!visited) return visited.error();
  const VisitedRows& rows = *visited;
  std::vector<double> weights(rows.phrases, 1.0);
  const auto terms = terms_in_order(query);
  // What only one thing is looked for by weighs the same in every text.
  const auto wanted =
      std::count_if(terms.begin(), terms.end(), [](const Term* term) { return !term->excluded; });
  for (std::size_t i = 0; wanted > 1 && !rows.positions.empty() && i < terms.size(); ++i) {
    if (terms[i]->excluded || i >= weights.size()) continue;
    weights[i] = 0;
    for (const std::string& word : words_of(*terms[i], text)) {
      const auto each = weight(selection.table, word, rows, selection.end);
      if (!each) return each.error();
      weights[i] += *each;
    }
  }
  return score(rows, weights);
}

core::Result<double> Reader::weight(const std::string& table, std::string_view expression,
                                    const VisitedRows& rows, std::int64_t end) const {
  auto statement = connection_.prepare("SELECT rowid FROM " + table + " WHERE " + table +
                                       " MATCH ?1 AND rowid<?2" + " ORDER BY rowid DESC LIMIT " +
                                       std::to_string(kCountedTextsMax));
  if (!statement) return statement.error();
  statement->bind(1, expression).bind(2, end);
  Frequency frequency;
  while (true) {
    const auto row = statement->step();
    if (!row) return row.error();
    if (!*row) break;
    ++frequency.texts;
    frequency.reaches = statement->integer(0);
  }
  return weight_of(frequency, rows.texts, end);
}

core::Result<std::optional<SearchHit>> Reader::resolve(const core::EventLog& log,
                                                       const SearchRequest& request,
                                                       const Query& query, const Scored& ranked,
                                                       bool& contradicted) {
  SearchHit hit;
  hit.position = core::Position{static_cast<std::uint64_t>(ranked.position)};
  hit.score = ranked.score;
  std::optional<Document> document;
  core::Status status = core::Ok{};
  bool erased = false;
  bool here = false;
  const auto read = log.read(hit.position, [&](const core::RecordedEvent& event) {
    erased = event.erased;
    here = event.project == request.project.text();
    if (erased || !here) return false;
    auto text = read_document(event, events::session_codec());
    auto stream = core::StreamId::parse(event.stream);
    if (!text || !stream) {
      status = text ? stream.error() : text.error();
      return false;
    }
    document = *std::move(text);
    hit.stream = *std::move(stream);
    hit.version = event.version;
    hit.event_id = event.id;
    hit.recorded_at = event.recorded_at;
    hit.occurred_at = event.occurred_at;
    return false;
  });
  if (!read) return read.error();
  if (!status) return status.error();
  if (erased) return std::optional<SearchHit>{};
  const Match matched = here && document ? match(query, document->text, tokenizer_) : Match{};
  if (!matched.matches) {
    contradicted = true;
    return std::optional<SearchHit>{};
  }
  hit.session_id = hit.stream.name();
  hit.kind = document->kind;
  hit.role = document->role;
  hit.message_id = std::move(document->message_id);
  hit.tool = std::move(document->tool);
  hit.provider = std::move(document->provider);
  hit.model = std::move(document->model);
  hit.snippet = cut_snippet(document->text, matched);
  if (status = add_row(log, ranked.position, hit); !status) return status.error();
  return std::optional<SearchHit>{std::move(hit)};
}

core::Status Reader::add_row(const core::EventLog& log, std::int64_t position,
                             SearchHit& hit) const {
  auto statement = connection_.prepare(
      "SELECT d.at, d.place, s.messages, s.created FROM documents AS d JOIN sessions AS s ON "
      "s.id=d.session"
      " WHERE d.position=?1");
  if (!statement) return statement.error();
  statement->bind(1, position);
  const auto row = statement->step();
  if (!row) return row.error();
  if (!*row) {
    return core::Error{core::Errc::corruption, "search database: a text at position " +
                                                   std::to_string(position) +
                                                   " belongs to no session"};
  }
  hit.at = core::Timestamp{std::chrono::microseconds{statement->integer(0)}};
  hit.place = static_cast<std::uint64_t>(statement->integer(1));
  hit.places = static_cast<std::uint64_t>(statement->integer(2));
  if (statement->null(3)) return core::Ok{};
  return add_names(log, core::Position{static_cast<std::uint64_t>(statement->integer(3))}, hit);
}

}  // namespace hansard::search
