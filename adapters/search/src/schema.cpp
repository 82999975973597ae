#include "schema.h"

#include <optional>
#include <string_view>

namespace hansard::search {
namespace {

core::Result<std::string> anchor_in(const core::EventLog& log, core::Position position) {
  std::string anchor;
  const auto read = log.read(position, [&](const core::RecordedEvent& event) {
    anchor = anchor_of(event);
    return false;
  });
  if (!read) return read.error();
  return anchor;
}

}  // namespace

core::Status create_tables(Connection& connection) {
  // The size of pages has to be said before anything is written.
  return connection.run(
      "PRAGMA page_size=4096;"
      "BEGIN IMMEDIATE;"
      "PRAGMA application_id=" +
      std::to_string(kApplicationId) + ";PRAGMA user_version=" + std::to_string(kSchema) +
      ";CREATE TABLE state(id INTEGER PRIMARY KEY CHECK(id=1), log TEXT NOT NULL,"
      " checkpoint INTEGER NOT NULL, anchor TEXT NOT NULL);"
      "CREATE TABLE projects(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
      "CREATE TABLE words(id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE);"
      "CREATE TABLE sessions(id INTEGER PRIMARY KEY, project INTEGER NOT NULL,"
      " stream TEXT NOT NULL, created INTEGER, user_hash TEXT, agent INTEGER, app INTEGER,"
      " source INTEGER, messages INTEGER NOT NULL, first INTEGER, last INTEGER,"
      " UNIQUE(project, stream));"
      "CREATE INDEX sessions_of_user ON sessions(project, user_hash) WHERE user_hash IS NOT NULL;"
      // In the order of the key: of another order SQLite's quick_check says that there are NULLs.
      "CREATE TABLE tags(tag TEXT NOT NULL, session INTEGER NOT NULL,"
      " PRIMARY KEY(tag, session)) WITHOUT ROWID;"
      "CREATE TABLE documents(position INTEGER PRIMARY KEY, session INTEGER NOT NULL,"
      " place INTEGER NOT NULL, kind INTEGER NOT NULL, role INTEGER NOT NULL, at INTEGER NOT NULL,"
      " provider INTEGER, model INTEGER, tool INTEGER);"
      "COMMIT");
}

core::Status set_up_writer(Connection& connection) {
  // Without a sync per commit a power cut loses the latest commits and nothing else: they are made
  // again from the log.
  return connection.run(
      "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA cache_size=-6144;"
      "PRAGMA journal_size_limit=16777216;PRAGMA temp_store=MEMORY");
}

core::Status set_up_reader(Connection& connection) {
  return connection.run("PRAGMA query_only=1;PRAGMA cache_size=-1536;PRAGMA temp_store=MEMORY");
}

std::string texts_table(std::int64_t project) { return "texts_" + std::to_string(project); }

std::string tag_text(std::string_view key, std::string_view value_hash) {
  // The hash comes first: it has no spaces, a key may.
  return std::string(value_hash) + " " + std::string(key);
}

std::string anchor_of(const core::RecordedEvent& event) {
  // FNV-1a: nobody forges it here, it only has to differ where logs do. Header and facts outlive an
  // erasure.
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const std::string_view bytes : {event.header, event.facts}) {
    for (const char c : bytes) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
    }
  }
  return core::to_string(event.id) + " " + std::to_string(hash);
}

core::Result<std::string> find_fault(const Connection& connection, const core::EventLog& log,
                                     const std::string& log_id, bool check_pages) {
  const auto application = connection.number("PRAGMA application_id");
  if (!application) return application.error();
  if (*application != kApplicationId) return std::string("it is not a search database");
  const auto schema = connection.number("PRAGMA user_version");
  if (!schema) return schema.error();
  if (*schema != kSchema) {
    return std::string(**schema > kSchema ? "a newer" : "an older") +
           " version wrote it: its schema is " + std::to_string(**schema) + ", ours is " +
           std::to_string(kSchema);
  }
  // Fails where a table or column is missing.
  const auto tables = connection.prepare(
      "SELECT d.session, d.place, d.kind, d.role, d.at, d.provider, d.model, d.tool, s.stream,"
      " s.created, s.user_hash, s.agent, s.app, s.source, s.messages, s.first, s.last, t.tag,"
      " w.word, p.name FROM documents d, sessions s, tags t, words w, projects p");
  if (!tables) return tables.error();
  auto statement = connection.prepare("SELECT log, checkpoint, anchor FROM state");
  if (!statement) return statement.error();
  const auto row = statement->step();
  if (!row) return row.error();
  if (!*row) return std::string("its checkpoint is missing");
  if (statement->text(0) != log_id) return std::string("it belongs to another log");
  const std::int64_t checkpoint = statement->integer(1);
  const auto end = static_cast<std::int64_t>(log.end().value);
  if (checkpoint < 0 || checkpoint > end) {
    return "it is ahead of the log: it has absorbed " + std::to_string(checkpoint) +
           " events, the log has " + std::to_string(end);
  }
  if (checkpoint > 0) {
    const auto anchor = anchor_in(log, core::Position{static_cast<std::uint64_t>(checkpoint - 1)});
    // A log that is damaged there says so itself when it is read; that is no fault of the index.
    if (anchor && *anchor != statement->text(2)) {
      return "the log has another event at position " + std::to_string(checkpoint - 1) +
             " than it had";
    }
    if (!anchor && anchor.error().code != core::Errc::corruption) return anchor.error();
  }
  if (!check_pages) return std::string();
  const auto found = connection.text("PRAGMA quick_check(1)");
  if (!found) return found.error();
  if (*found != "ok") return std::string("it is damaged");
  return std::string();
}

}  // namespace hansard::search
