#include "importers/record_splitter.h"

#include <utility>

namespace hansard::importers {

namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

RecordSplitter::RecordSplitter(RecordSink sink, Joins joins)
    : RecordSplitter(std::move(sink), std::move(joins), Options{}) {}

RecordSplitter::RecordSplitter(RecordSink sink, Joins joins, Options options)
    : sink_(std::move(sink)), joins_(std::move(joins)), options_(options) {}

void RecordSplitter::feed(std::string_view bytes) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  for (const char c : bytes) {
    const std::size_t at = bytes_seen_++;
    if (at < kByteOrderMark.size() && c == kByteOrderMark[at]) continue;
    take(c);
  }
}

void RecordSplitter::take(char c) {
  if (c == '\n') {
    newline();
    ++line_;
    return;
  }
  switch (state_) {
    case State::between:
      return take_between(c);
    case State::in_array:
      return take_in_array(c);
    case State::in_value:
      return take_in_value(c);
    case State::skip_line:
      return;
  }
}

void RecordSplitter::newline() {
  if (state_ == State::skip_line) {
    state_ = State::between;
    return;
  }
  if (state_ == State::between) return;
  if (in_string_) return give_up("the line ends inside a string", State::between);
  if (scalar_) end_value();
  if (form_ == Form::unknown) {
    // A document is broken where a writer breaks lines; a line cut short ends anywhere.
    const bool broken_on_purpose = last_ == '{' || last_ == '[' || last_ == ',' || last_ == ':' ||
                                   (state_ == State::in_array && last_ == '}');
    form_ = broken_on_purpose ? Form::document : Form::lines;
  }
  if (form_ == Form::lines) return give_up("the line ends inside the value", State::between);
  if (state_ == State::in_value) keep('\n');
}

void RecordSplitter::take_between(char c) {
  if (is_space(c)) return;
  last_ = c;
  record_line_ = line_;
  if (c == '[') {
    array_open_ = true;
    array_joined_ = false;
    array_first_ = true;
    array_wants_comma_ = false;
    array_line_ = line_;
    text_.clear();
    state_ = State::in_array;
  } else if (c == '{') {
    text_.clear();
    begin_value(c);
  } else {
    give_up("expected an object or a list of messages", State::skip_line);
  }
}

void RecordSplitter::take_in_array(char c) {
  if (is_space(c)) return;
  last_ = c;
  if (c == ']') return end_array();
  if (c == ',' && array_wants_comma_) {
    array_wants_comma_ = false;
    return;
  }
  if (array_wants_comma_ || c == ',' || c == '}') {
    return give_up("the list is malformed: expected ',' or ']'", State::skip_line);
  }
  if (!array_joined_) {
    text_.clear();
    record_line_ = line_;
  } else {
    keep(',');
  }
  element_begin_ = text_.size();
  begin_value(c);
}

void RecordSplitter::begin_value(char c) {
  state_ = State::in_value;
  depth_ = 0;
  in_string_ = escaped_ = scalar_ = false;
  if (!array_joined_) too_long_ = false;
  take_in_value(c);
}

void RecordSplitter::take_in_value(char c) {
  if (in_string_) {
    keep(c);
    if (escaped_) {
      escaped_ = false;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      in_string_ = false;
      last_ = c;
      if (depth_ == 0) end_value();
    }
    return;
  }
  if (scalar_ && (c == ',' || c == ']' || c == '}' || is_space(c))) {
    end_value();
    return take(c);
  }
  if (!is_space(c)) last_ = c;
  keep(c);
  if (c == '"') {
    in_string_ = true;
  } else if (c == '{' || c == '[') {
    ++depth_;
  } else if (c == '}' || c == ']') {
    if (--depth_ == 0) end_value();
  } else if (depth_ == 0) {
    scalar_ = true;  // a number or word as an element; whoever reads the record says what is wrong
  }
}

void RecordSplitter::keep(char c) {
  if (too_long_) return;
  if (text_.size() >= options_.record_bytes_max) {
    too_long_ = true;
    text_.clear();
    text_.shrink_to_fit();
    return;
  }
  text_.push_back(c);
}

void RecordSplitter::end_value() {
  scalar_ = false;
  depth_ = 0;
  if (array_open_) {
    state_ = State::in_array;
    array_wants_comma_ = true;
    if (array_first_) {
      array_first_ = false;
      array_joined_ = !too_long_ && text_.front() == '{' && joins_(text_);
      if (array_joined_) {
        text_.insert(text_.begin(), '[');
        record_line_ = array_line_;
      }
    }
    if (array_joined_) return;
  } else {
    if (form_ == Form::unknown) form_ = Form::lines;
    state_ = State::between;
  }
  SourceRecord record{record_line_, {}, {}};
  if (too_long_) {
    record.problem = "longer than " + std::to_string(options_.record_bytes_max) + " bytes";
  } else {
    record.text = std::exchange(text_, {});
  }
  too_long_ = false;
  sink_(std::move(record));
}

void RecordSplitter::end_array() {
  const bool joined = array_joined_;
  array_open_ = array_joined_ = false;
  if (form_ == Form::unknown) form_ = Form::lines;
  if (!joined) {
    state_ = State::between;
    return;
  }
  keep(']');
  record_line_ = array_line_;
  end_value();
}

void RecordSplitter::give_up(std::string reason, State next) {
  const std::uint64_t line = state_ == State::in_value && !array_joined_ ? record_line_
                             : array_open_ && array_joined_              ? array_line_
                                                                         : line_;
  array_open_ = array_joined_ = in_string_ = escaped_ = scalar_ = too_long_ = false;
  depth_ = 0;
  text_.clear();
  state_ = next;
  sink_(SourceRecord{line, {}, std::move(reason)});
}

void RecordSplitter::finish() {
  if (scalar_) end_value();
  if (state_ == State::in_value) {
    give_up(in_string_ ? "the file ends inside a string" : "the file ends inside the value",
            State::between);
  } else if (state_ == State::in_array) {
    give_up("the file ends inside the list", State::between);
  }
}

}  // namespace hansard::importers
