#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hansard::http {

/// Cuts bytes that come in pieces into lines. A line over the limit is dropped while it comes, and
/// told as too long; the next one is read as usual. Holds one piece and the line it ends within.
/// Caller synchronises.
class LineCutter {
 public:
  explicit LineCutter(std::size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

  struct Line {
    std::uint64_t number = 0;  ///< from 1; empty lines count, and are not told
    std::string text;          ///< without its end (LF, or CR LF)
    bool too_long = false;     ///< then `text` is empty
  };

  /// @pre `next` has said that there is nothing more.
  void take(std::string piece);
  /// The body ended whole: what is left is a line without an end.
  void finish() { finished_ = true; }
  /// The next line that is complete.
  std::optional<Line> next();

  [[nodiscard]] std::size_t held() const { return partial_.size() + piece_.size() - at_; }

 private:
  std::optional<Line> end_line();

  const std::size_t line_bytes_max_;
  std::string piece_;
  std::size_t at_ = 0;  ///< first byte of `piece_` not looked at
  std::string partial_;
  bool too_long_ = false;
  bool finished_ = false;
  std::uint64_t number_ = 0;
};

}  // namespace hansard::http
