#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "core/result.h"

namespace hansard::http {

enum class Level : std::uint8_t { debug, info, warn, error, off };

/// Errors: invalid_argument.
core::Result<Level> parse_level(std::string_view text);

/// One named value of a log line.
struct LogField {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, double, bool> value;
};

struct LogOptions {
  Level level = Level::info;
  std::map<std::string, Level, std::less<>> components;  ///< `http`, `server`, ...: their own level
  std::string file;                                      ///< appended to; empty: stderr
};

/// Structured log: one JSON object a line: time, level, component, message, fields.
/// What goes in is chosen at each call: never content, keys, ids out of bodies, or raw paths.
/// Written by a thread of its own through a queue of kLogQueueLines; when the disk is slower than
/// that, the oldest waiting lines are dropped: logging never holds up an event loop.
/// Threads: all members are safe to call concurrently.
inline constexpr std::size_t kLogQueueLines = 8192;
class Log {
 public:
  /// Errors: unavailable (the file cannot be opened).
  static core::Result<std::unique_ptr<Log>> open(LogOptions options);
  /// A log that keeps nothing.
  static std::unique_ptr<Log> silent();
  ~Log();  ///< writes what waits

  void write(std::string_view component, Level level, std::string_view message,
             std::initializer_list<LogField> fields = {}) const;
  [[nodiscard]] bool enabled(std::string_view component, Level level) const;

 private:
  struct Impl;
  explicit Log(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// One line as `Log` writes it, without the newline (pure; for tests).
std::string format_line(std::string_view time, std::string_view component, Level level,
                        std::string_view message, std::initializer_list<LogField> fields);

}  // namespace hansard::http
