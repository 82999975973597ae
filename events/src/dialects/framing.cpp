#include "events/dialects/framing.h"

#include <algorithm>
#include <utility>

namespace hansard::events {
namespace {

constexpr std::string_view kLineEnds = "\r\n";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// Gives back what has been read, once it is worth moving the rest.
void compact(std::string& bytes, std::size_t& read, std::size_t& scanned) {
  if (read < 4096 && read < bytes.size()) return;
  bytes.erase(0, read);
  scanned -= std::min(scanned, read);
  read = 0;
}

}  // namespace

void SseSplitter::feed(std::string_view bytes) {
  compact(bytes_, read_, scanned_);
  bytes_ += bytes;
}

void SseSplitter::end() { over_ = true; }

std::optional<SplitFrame> SseSplitter::next() {
  while (read_ < bytes_.size()) {
    if (after_cr_) {
      after_cr_ = false;
      if (bytes_[read_] == '\n') {
        // Of the blank line that ended an event: it went out with that event's last byte.
        if (begin_ == at_) ++begin_;
        ++read_;
        ++at_;
        continue;
      }
    }
    const auto line_end = bytes_.find_first_of(kLineEnds, std::max(read_, scanned_));
    if (line_end == std::string::npos) {
      scanned_ = bytes_.size();
      if (skipping_ || bytes_.size() - read_ > kFrameBytesMax) skip();
      break;
    }
    const std::string_view line = std::string_view(bytes_).substr(read_, line_end - read_);
    // CRLF is one end; whether a CR stands alone may show only with the next bytes.
    const bool cr = bytes_[line_end] == '\r';
    const bool crlf = cr && line_end + 1 < bytes_.size() && bytes_[line_end + 1] == '\n';
    after_cr_ = cr && !crlf;
    auto frame = take_line(line, line.size() + (crlf ? 2 : 1));
    if (frame) return frame;
  }
  if (!over_) return {};
  if (read_ < bytes_.size()) {
    const std::string_view line = std::string_view(bytes_).substr(read_);
    if (auto frame = take_line(line, line.size())) return frame;
  }
  return finish();
}

void SseSplitter::skip() {
  if (!skipping_ && bytes_[read_] != ':') too_long_ = true;
  skipping_ = true;
  at_ += bytes_.size() - read_;
  read_ = bytes_.size();
}

/// @param length  of the line with its end
std::optional<SplitFrame> SseSplitter::take_line(std::string_view line, std::size_t length) {
  std::string text(line);  // `line` is of `bytes_`
  if (at_ == 0 && text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  read_ += length;
  at_ += length;
  // What is left of a line that was too long says nothing, and is no blank line either.
  if (std::exchange(skipping_, false)) return {};
  if (text.empty()) return finish();
  const auto colon = text.find(':');
  if (colon == 0) return {};
  const std::string_view name = std::string_view(text).substr(0, colon);
  std::string_view value;
  if (colon != std::string::npos) value = std::string_view(text).substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "data") {
    if (data_.size() + value.size() > kFrameBytesMax) {
      too_long_ = true;
      data_.clear();
    }
    if (!too_long_) {
      if (has_data_) data_ += '\n';
      data_ += value;
    }
    has_data_ = true;
  } else if (name == "event") {
    event_ = value;
    has_event_ = true;
  }
  return {};
}

std::optional<SplitFrame> SseSplitter::finish() {
  const bool says_something = has_data_ || has_event_ || too_long_;
  if (!says_something) return {};  // comments go with the event that follows them
  SplitFrame frame;
  frame.event = std::exchange(event_, {});
  frame.data = too_long_ ? std::string() : std::exchange(data_, {});
  frame.begin = std::exchange(begin_, at_);
  frame.end = at_;
  frame.too_long = std::exchange(too_long_, false);
  data_.clear();
  has_data_ = false;
  has_event_ = false;
  return frame;
}

void LineSplitter::feed(std::string_view bytes) {
  compact(bytes_, read_, scanned_);
  bytes_ += bytes;
}

std::optional<SplitFrame> LineSplitter::next() {
  while (read_ < bytes_.size() || too_long_) {
    auto line_end = bytes_.find('\n', std::max(read_, scanned_));
    const bool ends = line_end != std::string::npos;
    if (!ends && !over_) {
      scanned_ = bytes_.size();
      too_long_ = too_long_ || bytes_.size() - read_ > kFrameBytesMax;
      if (!too_long_) return {};
      at_ += bytes_.size() - read_;  // dropped as it comes
      read_ = bytes_.size();
      return {};
    }
    if (!ends) line_end = bytes_.size();
    SplitFrame frame;
    frame.data = bytes_.substr(read_, line_end - read_);
    const std::size_t length = line_end - read_ + (ends ? 1 : 0);
    read_ += length;
    at_ += length;
    frame.begin = std::exchange(begin_, at_);
    frame.end = at_;
    if (frame.data.ends_with('\r')) frame.data.pop_back();
    frame.too_long = std::exchange(too_long_, false) || frame.data.size() > kFrameBytesMax;
    if (frame.too_long) frame.data.clear();
    if (frame.too_long || !frame.data.empty()) return frame;
  }
  return {};
}

}  // namespace hansard::events
