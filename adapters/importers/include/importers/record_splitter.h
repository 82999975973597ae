#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace hansard::importers {

/// One conversation's worth of JSON text, not yet validated, or why there is none.
struct SourceRecord {
  std::uint64_t line = 1;  ///< on which it begins, from 1
  std::string text;        ///< a JSON object, or an array of messages
  std::string problem;     ///< when not empty: why `text` is missing
};

using RecordSink = std::function<void(SourceRecord record)>;

/// Cuts a stream of bytes into records by structure alone: one JSON value per line, several
/// pretty-printed values, or the elements of top-level arrays. An array whose first element is a
/// message (`joins` says so) is itself one record. Holds at most one record in memory.
///
/// What is broken costs as little as the form allows: in a file of lines, that line; in a
/// pretty-printed document, the value that does not end. Which of both a file is shows at its first
/// line break.
/// Threads: caller synchronises.
class RecordSplitter {
 public:
  struct Options {
    std::size_t record_bytes_max = 64U << 20;  ///< longer records are a problem, not an allocation
  };
  using Joins = std::function<bool(std::string_view first_element)>;

  RecordSplitter(RecordSink sink, Joins joins);
  RecordSplitter(RecordSink sink, Joins joins, Options options);

  void feed(std::string_view bytes);
  /// Tells what was left open. Call once, after the last byte.
  void finish();

 private:
  enum class Form : std::uint8_t { unknown, lines, document };
  enum class State : std::uint8_t { between, in_array, in_value, skip_line };

  void take(char c);
  void take_between(char c);
  void take_in_array(char c);
  void take_in_value(char c);
  void newline();
  void begin_value(char c);
  void end_value();
  void end_array();
  void keep(char c);
  void give_up(std::string reason, State next);

  RecordSink sink_;
  Joins joins_;
  Options options_;
  Form form_ = Form::unknown;
  State state_ = State::between;
  std::uint64_t line_ = 1;
  std::size_t bytes_seen_ = 0;  ///< only to find a byte order mark

  bool array_open_ = false;
  bool array_joined_ = false;  ///< elements are messages of one conversation
  bool array_first_ = true;    ///< no element seen yet
  bool array_wants_comma_ = false;
  std::uint64_t array_line_ = 1;

  std::string text_;
  std::size_t element_begin_ = 0;  ///< within `text_`, when joined
  std::uint64_t record_line_ = 1;
  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool scalar_ = false;
  bool too_long_ = false;
  char last_ = ' ';  ///< last byte that was not white space
};

}  // namespace hansard::importers
