#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hansard::cli {

/// Text of others on our terminal: control characters become visible (`\x1b`), so that a recorded
/// message cannot drive the reader's screen; line feeds and tabs stay when `multiline`.
std::string printable(std::string_view text, bool multiline = false);

/// Columns that `text` takes, counting code points (wide characters count as one).
std::size_t columns_of(std::string_view text);

/// At most `columns` columns, the last one an ellipsis when something was left out.
std::string shorten(std::string_view text, std::size_t columns);

/// `12,345,678`.
std::string grouped(std::uint64_t number);
/// `1.4 s`, `312 ms`, `85 us`.
std::string duration_text(std::uint64_t microseconds);

/// Width of the terminal behind standard output; nothing limits a pipe.
std::size_t terminal_columns();
bool is_terminal(int fd);

/// A table for people: header, aligned columns, cells shortened where the terminal is too narrow.
class Table {
 public:
  enum class Align : std::uint8_t { left, right };
  struct Column {
    std::string title;
    Align align = Align::left;
    bool shrinks = false;  ///< gives way first when the terminal is narrow
  };
  explicit Table(std::vector<Column> columns);
  /// @pre as many cells as columns. Cells are made printable.
  void add(std::vector<std::string> cells);
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  /// @param width columns of the terminal, 0: unlimited.
  [[nodiscard]] std::string text(std::size_t width) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// A bar on standard error while a long command runs; silent when that is no terminal.
/// Threads: caller synchronises.
class Progress {
 public:
  explicit Progress(std::string label);
  ~Progress();  ///< erases the bar
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// @param total 0: unknown. Draws at most ten times a second.
  void show(std::uint64_t done, std::uint64_t total, std::string_view note = {});

 private:
  std::string label_;
  bool active_;
  bool drawn_ = false;
  std::int64_t last_ms_ = 0;
};

}  // namespace hansard::cli
