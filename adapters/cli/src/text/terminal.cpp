#include "text/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "core/assert.h"

namespace hansard::cli {

namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowest = 8;  ///< a shrinking column keeps this much

bool continues_code_point(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

void append_escaped(std::string& out, unsigned char byte) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += "\\x";
  out += kHex[byte >> 4U];
  out += kHex[byte & 0xFU];
}

}  // namespace

std::string printable(std::string_view text, bool multiline) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080..U+009F are control characters too: 0xC2 0x80..0x9F.
    const bool c1 =
        byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c1) {
      append_escaped(out, static_cast<unsigned char>(text[++i]));
    } else if (byte == '\n' || byte == '\t') {
      out += multiline ? text[i] : ' ';
    } else if (byte < 0x20 || byte == 0x7F) {
      append_escaped(out, byte);
    } else {
      out += text[i];
    }
  }
  return out;
}

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues_code_point(c); }));
}

std::string shorten(std::string_view text, std::size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  std::size_t end = 0;
  for (std::size_t kept = 0; end < text.size(); ++end) {
    if (!continues_code_point(text[end]) && ++kept == columns) break;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::string grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string duration_text(std::uint64_t microseconds) {
  std::array<char, 32> text{};
  const auto value = static_cast<double>(microseconds);
  if (microseconds < 1000) {
    std::snprintf(text.data(), text.size(), "%.0f us", value);
  } else if (microseconds < 1'000'000) {
    std::snprintf(text.data(), text.size(), "%.0f ms", value / 1e3);
  } else {
    std::snprintf(text.data(), text.size(), "%.1f s", value / 1e6);
  }
  return text.data();
}

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

std::size_t terminal_columns() {
  winsize size{};
  if (!is_terminal(STDOUT_FILENO) || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::add(std::vector<std::string> cells) {
  HANSARD_ASSERT(cells.size() == columns_.size(), "a row has one cell per column");
  for (std::string& cell : cells) cell = printable(cell);
  rows_.push_back(std::move(cells));
}

std::string Table::text(std::size_t width) const {
  std::vector<std::size_t> widths(columns_.size());
  std::size_t total = 0;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    widths[i] = columns_of(columns_[i].title);
    for (const auto& row : rows_) widths[i] = std::max(widths[i], columns_of(row[i]));
    total += widths[i] + (i == 0 ? 0 : kGap);
  }
  for (std::size_t i = 0; i < columns_.size() && width > 0 && total > width; ++i) {
    if (!columns_[i].shrinks || widths[i] <= kNarrowest) continue;
    const std::size_t cut = std::min(total - width, widths[i] - kNarrowest);
    widths[i] -= cut;
    total -= cut;
  }
  std::string out;
  const auto line = [&](const auto& cell_at) {
    std::string text;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) text.append(kGap, ' ');
      const std::string cell = shorten(cell_at(i), widths[i]);
      const std::size_t pad = widths[i] - std::min(widths[i], columns_of(cell));
      if (columns_[i].align == Align::right) text.append(pad, ' ');
      text += cell;
      if (columns_[i].align == Align::left) text.append(pad, ' ');
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text;
    out += '\n';
  };
  line([&](std::size_t i) -> std::string_view { return columns_[i].title; });
  for (const auto& row : rows_) line([&](std::size_t i) -> std::string_view { return row[i]; });
  return out;
}

Progress::Progress(std::string label)
    : label_(std::move(label)), active_(is_terminal(STDERR_FILENO)) {}

Progress::~Progress() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
}

void Progress::show(std::uint64_t done, std::uint64_t total, std::string_view note) {
  if (!active_) return;
  using namespace std::chrono;
  const std::int64_t now =
      duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
  if (drawn_ && now - last_ms_ < 100) return;
  last_ms_ = now;
  drawn_ = true;
  constexpr std::size_t kBar = 30;
  std::string text = "\r\x1b[K" + label_ + " ";
  if (total > 0) {
    const std::uint64_t capped = std::min(done, total);
    const auto filled = static_cast<std::size_t>(capped * kBar / total);
    text += "[" + std::string(filled, '#') + std::string(kBar - filled, '.') + "] " +
            std::to_string(capped * 100 / total) + " %";
  } else {
    text += grouped(done);
  }
  if (!note.empty()) text += "  " + printable(note);
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace hansard::cli
