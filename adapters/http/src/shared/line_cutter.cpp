#include "shared/line_cutter.h"

#include <algorithm>
#include <utility>

namespace hansard::http {

void LineCutter::take(std::string piece) {
  piece_ = std::move(piece);
  at_ = 0;
}

std::optional<LineCutter::Line> LineCutter::next() {
  while (at_ < piece_.size()) {
    const std::size_t end = std::min(piece_.find('\n', at_), piece_.size());
    const std::string_view more = std::string_view(piece_).substr(at_, end - at_);
    too_long_ = too_long_ || partial_.size() + more.size() > line_bytes_max_;
    if (too_long_) {
      std::string().swap(partial_);
    } else {
      partial_ += more;
    }
    at_ = std::min(end + 1, piece_.size());
    if (end == piece_.size()) break;
    if (auto line = end_line()) return line;
  }
  piece_.clear();
  at_ = 0;
  if (!finished_) return std::nullopt;
  return end_line();
}

std::optional<LineCutter::Line> LineCutter::end_line() {
  ++number_;
  Line line{number_, std::exchange(partial_, {}), std::exchange(too_long_, false)};
  if (!line.text.empty() && line.text.back() == '\r') line.text.pop_back();
  const bool blank = line.text.find_first_not_of(" \t") == std::string::npos;
  if (blank && !line.too_long) return std::nullopt;
  return line;
}

}  // namespace hansard::http
