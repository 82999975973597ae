#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

struct sqlite3;
struct sqlite3_stmt;

/// The little of SQLite that this folder needs, with its errors translated in one place.
namespace hansard::search {

/// What `code` of SQLite means; `doing` begins the sentence. Holds no text of any event.
core::Error translate(sqlite3* database, int code, std::string_view doing);

class Connection;

/// A prepared statement. Confined to its connection's thread; outlived by the connection.
class Statement {
 public:
  Statement() = default;

  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::string_view value);  ///< lent until `reset`
  Statement& bind(int index, const std::optional<std::int64_t>& value);
  /// A pointer of ours, for a function of ours that asks for `kind`; lent until `reset`.
  Statement& bind(int index, void* value, const char* kind);
  Statement& bind(int index, const std::optional<std::string>& value);

  /// True while there is a row. Errors of `bind` show here.
  [[nodiscard]] core::Result<bool> step();
  /// Runs to the end and resets: for statements without rows.
  core::Status run();
  /// Ready to be bound and run again.
  void reset();

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double real(int column) const;
  [[nodiscard]] std::string text(int column) const;  ///< empty for NULL
  [[nodiscard]] bool null(int column) const;

 private:
  friend class Connection;
  struct Finalise {
    void operator()(sqlite3_stmt* statement) const;
  };
  void keep(int code);

  std::unique_ptr<sqlite3_stmt, Finalise> statement_;
  int failed_ = 0;  ///< the first code of a `bind` that went wrong
};

/// One connection, with the tokenizer `hansard` known to it. Used by one thread at a time.
class Connection {
 public:
  enum class Mode : std::uint8_t {
    read,
    write
  };  ///< `write` creates the file, readable by its
      ///< owner only

  static core::Result<Connection> open(const std::string& path, Mode mode);

  core::Status run(const std::string& sql);
  [[nodiscard]] core::Result<Statement> prepare(std::string_view sql) const;
  /// The first column of the first row; nothing without rows.
  [[nodiscard]] core::Result<std::optional<std::int64_t>> number(std::string_view sql) const;
  [[nodiscard]] core::Result<std::optional<std::string>> text(std::string_view sql) const;
  [[nodiscard]] std::int64_t last_rowid() const;
  [[nodiscard]] sqlite3* handle() const { return database_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::unique_ptr<sqlite3, Close> database_;
};

/// Rolls back unless committed.
class Transaction {
 public:
  static core::Result<Transaction> begin(Connection& connection, std::string_view kind);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  core::Status commit();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

}  // namespace hansard::search
