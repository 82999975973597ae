#include "queries/report_text.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "shared/html.h"

namespace hansard::http {

namespace {

/// One code point of valid UTF-8, and its length.
struct CodePoint {
  std::uint32_t value = 0;
  std::size_t bytes = 1;
};

CodePoint code_point(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return {first, 1};
  if (first < 0xE0) return {((first & 0x1FU) << 6U) | (byte(1) & 0x3FU), 2};
  if (first < 0xF0) {
    return {((first & 0x0FU) << 12U) | ((byte(1) & 0x3FU) << 6U) | (byte(2) & 0x3FU), 3};
  }
  return {((first & 0x07U) << 18U) | ((byte(1) & 0x3FU) << 12U) | ((byte(2) & 0x3FU) << 6U) |
              (byte(3) & 0x3FU),
          4};
}

/// Controls, and what changes the direction or the lines of what follows.
bool hides(std::uint32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x200E || point == 0x200F ||
         (point >= 0x2028 && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069) ||
         point == 0xFEFF || (point >= 0xE0000 && point <= 0xE007F);
}

std::size_t longest_run(std::string_view text, char of) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == of ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

class Markdown final : public ReportText {
 public:
  void heading(int level, std::string_view ours) override {
    part();
    out_.append(static_cast<std::size_t>(level), '#').append(" ").append(ours).append("\n");
  }
  void sentence(std::string_view ours) override {
    part();
    out_.append(ours).append("\n");
  }
  void fact(std::string_view label, std::string_view value) override {
    if (!listing_) part();
    listing_ = true;
    out_.append("- ").append(label).append(": ").append(span(value)).append("\n");
  }
  void said(std::string_view text) override { fenced("text", made_visible(text, true)); }
  void lines(std::string_view text) override { fenced("", std::string(text)); }
  [[nodiscard]] std::size_t size() const override { return out_.size(); }
  Response take(const core::Hasher& /*hasher*/, std::string_view /*title*/) override {
    Response response;
    response.headers.add("Content-Type", "text/markdown; charset=utf-8");
    response.body = std::move(out_);
    return response;
  }

 private:
  void part() {
    if (!out_.empty()) out_.push_back('\n');
    listing_ = false;
  }
  /// A code span: nothing in it is markup, however many backticks it has (CommonMark §6.1).
  static std::string span(std::string_view value) {
    const std::string shown = made_visible(value, false);
    if (shown.find_first_not_of(' ') == std::string::npos) return "(empty)";
    const std::string ticks(longest_run(shown, '`') + 1, '`');
    const bool apart = shown.front() == '`' || shown.back() == '`' ||
                       (shown.front() == ' ' && shown.back() == ' ');
    const std::string_view space = apart ? " " : "";
    return ticks + std::string(space) + shown + std::string(space) + ticks;
  }
  /// Only a longer fence ends it (CommonMark §4.5).
  void fenced(std::string_view kind, const std::string& text) {
    part();
    const std::string fence(std::max<std::size_t>(3, longest_run(text, '`') + 1), '`');
    out_.append(fence).append(kind).append("\n").append(text);
    if (text.empty() || text.back() != '\n') out_.push_back('\n');
    out_.append(fence).append("\n");
  }

  std::string out_;
  bool listing_ = false;
};

class Html final : public ReportText {
 public:
  void heading(int level, std::string_view ours) override {
    const std::string tag = "h" + std::to_string(level);
    out_ += "<" + tag + ">" + escaped(ours) + "</" + tag + ">";
  }
  void sentence(std::string_view ours) override { out_ += "<p>" + escaped(ours) + "</p>"; }
  void fact(std::string_view label, std::string_view value) override {
    out_ += "<div><span class=\"soft\">" + escaped(label) + "</span> " +
            escaped(made_visible(value, false)) + "</div>";
  }
  void said(std::string_view text) override {
    out_ += "<article class=\"message\"><div class=\"text\">" + escaped(made_visible(text, true)) +
            "</div></article>";
  }
  void lines(std::string_view text) override { out_ += "<pre>" + escaped(text) + "</pre>"; }
  [[nodiscard]] std::size_t size() const override { return out_.size(); }
  Response take(const core::Hasher& hasher, std::string_view title) override {
    return page(hasher, 200, made_visible(title, false), out_);
  }

 private:
  std::string out_;
};

}  // namespace

std::string made_visible(std::string_view text, bool multiline) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point(text, at);
    const bool space = point.value == '\n' || point.value == '\t';
    if (space) {
      out.push_back(multiline ? text[at] : ' ');
    } else if (hides(point.value)) {
      std::array<char, 16> shown{};
      std::snprintf(shown.data(), shown.size(), "\\u{%x}", static_cast<unsigned>(point.value));
      out += shown.data();
    } else {
      out.append(text.substr(at, point.bytes));
    }
    at += point.bytes;
  }
  return out;
}

std::unique_ptr<ReportText> ReportText::make(ReportFormat format) {
  if (format == ReportFormat::html) return std::make_unique<Html>();
  return std::make_unique<Markdown>();
}

}  // namespace hansard::http
