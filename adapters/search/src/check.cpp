#include "search/check.h"

#include <array>
#include <vector>

#include "schema.h"
#include "sqlite.h"
#include "writer.h"

namespace hansard::search {
namespace {

using core::Errc;
using core::Error;
using core::Position;
using core::Result;
using core::Status;

constexpr BatchLimits kBatch{16'384, 8U << 20};

/// Rows that both databases must have, in an order that both give them in.
struct Rows {
  std::string name;
  std::string query;
  int columns;
};

const std::array<Rows, 6> kTables = {
    Rows{"state", "SELECT log, checkpoint, anchor FROM state ORDER BY id", 3},
    Rows{"projects", "SELECT id, name FROM projects ORDER BY id", 2},
    Rows{"words", "SELECT id, word FROM words ORDER BY id", 2},
    Rows{"sessions",
         "SELECT id, project, stream, created, user_hash, agent, app, source, messages, first, last"
         " FROM sessions ORDER BY id",
         11},
    Rows{"tags", "SELECT tag, session FROM tags ORDER BY tag, session", 2},
    Rows{"documents",
         "SELECT position, session, place, kind, role, at, provider, model, tool FROM documents"
         " ORDER BY position",
         9}};

/// The first difference, or nothing. Errors: those of reading either.
Result<std::string> compare(const Connection& live, const Connection& rebuilt, const Rows& rows,
                            std::uint64_t& count) {
  auto ours = live.prepare(rows.query);
  if (!ours) return ours.error();
  auto wanted = rebuilt.prepare(rows.query);
  if (!wanted) return wanted.error();
  for (std::uint64_t row = 0;; ++row, ++count) {
    const auto there = ours->step();
    if (!there) return there.error();
    const auto due = wanted->step();
    if (!due) return due.error();
    if (!*there && !*due) return std::string();
    const std::string at = rows.name + ", row " + std::to_string(row);
    if (*there != *due) return at + ": " + (*there ? "one too many" : "it is missing");
    for (int column = 0; column < rows.columns; ++column) {
      if (ours->null(column) != wanted->null(column) ||
          ours->text(column) != wanted->text(column)) {
        return at + ": it differs";
      }
    }
  }
}

/// Where every word is, read from the index itself; what the index keeps beside it; and that the
/// index is of one piece.
Result<std::string> compare_texts(Connection& live, Connection& rebuilt, std::int64_t project,
                                  std::uint64_t& count) {
  const std::string texts = texts_table(project);
  const std::string look = "temp.places_" + std::to_string(project);
  for (Connection* each : {&live, &rebuilt}) {
    auto made = each->run("CREATE VIRTUAL TABLE " + look + " USING fts5vocab('main','" + texts +
                          "','instance')");
    if (!made) return made.error();
  }
  const std::array<Rows, 3> parts = {
      Rows{"words of messages", "SELECT term, doc, col, \"offset\" FROM " + look, 4},
      Rows{"lengths of messages", "SELECT id, hex(sz) FROM " + texts + "_docsize ORDER BY id", 2},
      Rows{"settings of the index", "SELECT k, v FROM " + texts + "_config ORDER BY k", 2}};
  for (const Rows& part : parts) {
    auto fault = compare(live, rebuilt, part, count);
    if (!fault || !fault->empty()) return fault;
  }
  auto whole = live.run("INSERT INTO " + texts + "(" + texts + ") VALUES('integrity-check')");
  if (!whole) return whole.error();
  return std::string();
}

/// Damage, of whatever the file holds now, as against a disk that fails us.
bool is_damage(const Error& error) {
  return error.code == Errc::corruption || error.code == Errc::internal ||
         error.code == Errc::unsupported;
}

Status build(const core::EventLog& log, const std::string& path, const std::string& log_id,
             Position end, const std::function<bool(Position)>& advanced) {
  std::string notice;
  auto writer = Writer::open(path, log, log_id, 0, notice);
  if (!writer) return writer.error();
  while (writer->checkpoint() < end) {
    const auto absorbed = writer->absorb(log, end, kBatch);
    if (!absorbed) return absorbed.error();
    if (absorbed->log_error) return *absorbed->log_error;
    if (!advanced(absorbed->checkpoint)) return Error{Errc::cancelled, "verifying was stopped"};
  }
  return core::Ok{};
}

Result<std::string> compare_all(Connection& live, const std::string& rebuilt_path,
                                std::uint64_t& count) {
  auto rebuilt = Connection::open(rebuilt_path, Connection::Mode::write);
  if (!rebuilt) return rebuilt.error();
  for (const Rows& table : kTables) {
    auto fault = compare(live, *rebuilt, table, count);
    if (!fault || !fault->empty()) return fault;
  }
  std::vector<std::int64_t> projects;
  auto list = rebuilt->prepare("SELECT id FROM projects ORDER BY id");
  if (!list) return list.error();
  for (auto row = list->step(); row && *row; row = list->step()) {
    projects.push_back(list->integer(0));
  }
  for (const std::int64_t project : projects) {
    auto fault = compare_texts(live, *rebuilt, project, count);
    if (!fault || !fault->empty()) return fault;
  }
  auto whole = live.text("PRAGMA integrity_check(1)");
  if (!whole) return whole.error();
  return *whole == "ok" ? std::string() : "its pages: " + whole->value_or("unreadable");
}

}  // namespace

Result<SearchCheck> check(const core::EventLog& log, const std::string& log_id,
                          const std::filesystem::path& path, const std::filesystem::path& folder,
                          const std::function<bool(Position at)>& advanced) {
  SearchCheck out;
  const auto settle = [&](const Error& error) -> Result<SearchCheck> {
    if (!is_damage(error)) return error;
    out.fault = error.message;
    return out;
  };
  auto live = Connection::open(path.string(), Connection::Mode::write);
  if (!live) return settle(live.error());
  auto fault = find_fault(*live, log, log_id, false);
  if (!fault) return settle(fault.error());
  if (!fault->empty()) {
    out.fault = *fault;
    return out;
  }
  const auto checkpoint = live->number("SELECT checkpoint FROM state");
  if (!checkpoint) return settle(checkpoint.error());
  out.checkpoint = Position{static_cast<std::uint64_t>(checkpoint->value_or(0))};
  const std::string rebuilt = (folder / "rebuilt.sqlite").string();
  if (auto built = build(log, rebuilt, log_id, out.checkpoint, advanced); !built) {
    if (!is_damage(built.error())) return built.error();
    out.fault =
        "the events cannot be indexed: " + built.error().message;  // which verify names, too
    return out;
  }
  auto differs = compare_all(*live, rebuilt, out.rows);
  if (!differs) return settle(differs.error());
  out.fault = *differs;
  return out;
}

}  // namespace hansard::search
