#include "sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <utility>

#include "fts_rank.h"
#include "fts_tokenizer.h"

namespace hansard::search {
namespace {

/// Another process at the same file (a command beside a server) is waited for this long.
constexpr int kBusyMilliseconds = 2000;

core::Errc meaning(int code) {
  switch (code & 0xFF) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
      return core::Errc::corruption;
    case SQLITE_FULL:
      return core::Errc::out_of_space;
    case SQLITE_INTERRUPT:
      return core::Errc::timed_out;
    case SQLITE_TOOBIG:
      return core::Errc::too_large;
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_MISMATCH:
    case SQLITE_CONSTRAINT:
      return core::Errc::internal;
    default:
      return core::Errc::unavailable;
  }
}

}  // namespace

core::Error translate(sqlite3* database, int code, std::string_view doing) {
  // SQLite's own message may quote an expression, which is a user's text; the code's name never
  // does.
  static_cast<void>(database);
  return core::Error{meaning(code), "search database: " + std::string(doing) + ": " +
                                        sqlite3_errstr(code) + " (" + std::to_string(code) + ")"};
}

void Statement::Finalise::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

void Statement::keep(int code) {
  if (code != SQLITE_OK && failed_ == SQLITE_OK) failed_ = code;
}

Statement& Statement::bind(int index, std::int64_t value) {
  keep(sqlite3_bind_int64(statement_.get(), index, value));
  return *this;
}

Statement& Statement::bind(int index, std::string_view value) {
  // An empty view may have no data; SQLite would take that for NULL.
  keep(sqlite3_bind_text64(statement_.get(), index, value.empty() ? "" : value.data(), value.size(),
                           SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(int index, void* value, const char* kind) {
  keep(sqlite3_bind_pointer(statement_.get(), index, value, kind, nullptr));
  return *this;
}

Statement& Statement::bind(int index, const std::optional<std::int64_t>& value) {
  if (value) return bind(index, *value);
  keep(sqlite3_bind_null(statement_.get(), index));
  return *this;
}

Statement& Statement::bind(int index, const std::optional<std::string>& value) {
  if (value) return bind(index, std::string_view(*value));
  keep(sqlite3_bind_null(statement_.get(), index));
  return *this;
}

core::Result<bool> Statement::step() {
  const int code = failed_ != SQLITE_OK ? failed_ : sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return translate(sqlite3_db_handle(statement_.get()), code, "running a statement");
}

core::Status Statement::run() {
  const auto row = step();
  reset();
  if (!row) return row.error();
  return core::Ok{};
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  failed_ = SQLITE_OK;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

double Statement::real(int column) const { return sqlite3_column_double(statement_.get(), column); }

std::string Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (data == nullptr) return {};
  return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

bool Statement::null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

void Connection::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

core::Result<Connection> Connection::open(const std::string& path, Mode mode) {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE;
  if (mode == Mode::write) {
    // What is indexed can be guessed from the index, so nobody else may read it. SQLite gives its
    // other files the same mode.
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) {
      return core::Error{core::Errc::unavailable, "search database: cannot open " + path};
    }
    ::close(file);
  }
  Connection connection;
  sqlite3* database = nullptr;
  int code = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
  connection.database_.reset(database);
  if (code == SQLITE_OK) code = sqlite3_extended_result_codes(database, 1);
  if (code == SQLITE_OK) code = sqlite3_busy_timeout(database, kBusyMilliseconds);
  if (code == SQLITE_OK) code = register_tokenizer(database);
  if (code == SQLITE_OK) code = register_rank(database);
  if (code != SQLITE_OK) return translate(database, code, "opening");
  return connection;
}

core::Status Connection::run(const std::string& sql) {
  const int code = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return translate(database_.get(), code, "running a statement");
  return core::Ok{};
}

core::Result<Statement> Connection::prepare(std::string_view sql) const {
  sqlite3_stmt* made = nullptr;
  const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &made, nullptr);
  Statement statement;
  statement.statement_.reset(made);
  if (code != SQLITE_OK) return translate(database_.get(), code, "preparing a statement");
  return statement;
}

core::Result<std::optional<std::int64_t>> Connection::number(std::string_view sql) const {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  const auto row = statement->step();
  if (!row) return row.error();
  if (!*row || statement->null(0)) return std::optional<std::int64_t>{};
  return std::optional<std::int64_t>{statement->integer(0)};
}

core::Result<std::optional<std::string>> Connection::text(std::string_view sql) const {
  auto statement = prepare(sql);
  if (!statement) return statement.error();
  const auto row = statement->step();
  if (!row) return row.error();
  if (!*row || statement->null(0)) return std::optional<std::string>{};
  return std::optional<std::string>{statement->text(0)};
}

std::int64_t Connection::last_rowid() const { return sqlite3_last_insert_rowid(database_.get()); }

core::Result<Transaction> Transaction::begin(Connection& connection, std::string_view kind) {
  if (auto status = connection.run("BEGIN " + std::string(kind)); !status) return status.error();
  return Transaction(connection);
}

Transaction::Transaction(Transaction&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)) {}

Transaction::~Transaction() {
  // After some errors SQLite has rolled back by itself, and says there is nothing to roll back.
  if (connection_ != nullptr) static_cast<void>(connection_->run("ROLLBACK"));
}

core::Status Transaction::commit() {
  if (auto status = connection_->run("COMMIT"); !status) return status.error();
  connection_ = nullptr;
  return core::Ok{};
}

}  // namespace hansard::search
