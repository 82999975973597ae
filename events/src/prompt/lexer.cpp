#include "prompt/lexer.h"

#include <algorithm>
#include <array>
#include <optional>

namespace hansard::events::prompt {

namespace {

using core::Result;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

class Cutter {
 public:
  explicit Cutter(std::string_view source) : source_(source) {}

  Result<std::vector<Piece>> run() {
    while (at_ < source_.size()) {
      const std::size_t mark = next_mark();
      add_text(mark);
      if (at_ == source_.size()) break;
      const Place opened = place_;
      const char kind = source_[at_ + 1];
      advance(2);
      const bool trims = at_ < source_.size() && source_[at_] == '-';
      if (trims) advance(1);
      if (trims) trim_end();
      auto done = kind == '#' ? skip_comment(opened) : add_tokens(kind, opened);
      if (!done) return std::move(done.error());
    }
    return std::move(pieces_);
  }

 private:
  [[nodiscard]] std::size_t next_mark() const {
    for (std::size_t i = at_; i + 1 < source_.size(); ++i) {
      if (source_[i] != '{') continue;
      const char next = source_[i + 1];
      if (next == '{' || next == '%' || next == '#') return i;
    }
    return source_.size();
  }

  void advance(std::size_t bytes) {
    for (; bytes > 0; --bytes, ++at_) {
      const auto byte = static_cast<unsigned char>(source_[at_]);
      if (byte == '\n') {
        place_ = {place_.line + 1, 1};
      } else if ((byte & 0xC0U) != 0x80U) {  // continuation bytes are no characters of their own
        ++place_.column;
      }
    }
  }

  void add_text(std::size_t end) {
    if (end == at_) return;
    std::string_view text = source_.substr(at_, end - at_);
    const Place place = place_;
    advance(text.size());
    if (trims_next_) {
      const auto from = std::find_if_not(text.begin(), text.end(), is_space);
      text.remove_prefix(static_cast<std::size_t>(from - text.begin()));
    }
    trims_next_ = false;
    if (!text.empty()) pieces_.push_back({Piece::Kind::text, place, std::string(text), {}});
  }

  void trim_end() {
    if (pieces_.empty() || pieces_.back().kind != Piece::Kind::text) return;
    std::string& text = pieces_.back().text;
    while (!text.empty() && is_space(text.back())) text.pop_back();
    if (text.empty()) pieces_.pop_back();
  }

  core::Status skip_comment(Place opened) {
    const std::size_t end = source_.find("#}", at_);
    if (end == std::string_view::npos) return at(opened, "the comment has no `#}`");
    trims_next_ = end > at_ && source_[end - 1] == '-';
    advance(end + 2 - at_);
    return core::Ok{};
  }

  core::Status add_tokens(char kind, Place opened) {
    const bool output = kind == '{';
    const std::string_view close = output ? "}}" : "%}";
    Piece piece{output ? Piece::Kind::output : Piece::Kind::statement, opened, {}, {}};
    for (;;) {
      while (at_ < source_.size() && is_space(source_[at_])) advance(1);
      const bool trims = source_.substr(at_, 1) == "-" && source_.substr(at_ + 1, 2) == close;
      if (trims || source_.substr(at_, 2) == close) {
        piece.tokens.push_back({Token::Kind::end, {}, place_});
        advance(trims ? 3 : 2);
        trims_next_ = trims;
        pieces_.push_back(std::move(piece));
        return core::Ok{};
      }
      if (at_ == source_.size()) {
        return at(opened, "this has no `" + std::string(close) + "`");
      }
      auto token = next_token();
      if (!token) return std::move(token.error());
      piece.tokens.push_back(*std::move(token));
    }
  }

  Result<Token> next_token() {
    const Place place = place_;
    const char first = source_[at_];
    if (is_letter(first)) {
      return Token{Token::Kind::name, take([](char c) { return is_letter(c) || is_digit(c); }),
                   place};
    }
    if (is_digit(first) || (first == '-' && at_ + 1 < source_.size() && is_digit(source_[at_ + 1])))
      return number(place);
    if (first == '"' || first == '\'') return quoted(place);
    static constexpr std::array<std::string_view, 12> kSigns{"==", "!=", "<=", ">=", "<", ">",
                                                             "|",  ".",  "[",  "]",  "(", ")"};
    for (const std::string_view sign : kSigns) {
      if (source_.substr(at_, sign.size()) != sign) continue;
      advance(sign.size());
      return Token{Token::Kind::sign, std::string(sign), place};
    }
    if (first == ',') {
      advance(1);
      return Token{Token::Kind::sign, ",", place};
    }
    return at(place, "this character means nothing here");
  }

  template <class While>
  std::string take(While more) {
    const std::size_t from = at_;
    std::size_t end = at_;
    while (end < source_.size() && more(source_[end])) ++end;
    advance(end - from);
    return std::string(source_.substr(from, end - from));
  }

  /// As JSON has them, without exponents.
  Result<Token> number(Place place) {
    std::string text;
    if (source_[at_] == '-') text += '-', advance(1);
    const std::string whole = take(is_digit);
    if (whole.size() > 1 && whole[0] == '0') return at(place, "a number does not begin with 0");
    text += whole;
    if (at_ + 1 < source_.size() && source_[at_] == '.' && is_digit(source_[at_ + 1])) {
      advance(1);
      text += '.' + take(is_digit);
    }
    return Token{Token::Kind::number, std::move(text), place};
  }

  Result<Token> quoted(Place place) {
    const char quote = source_[at_];
    advance(1);
    std::string text;
    while (at_ < source_.size() && source_[at_] != quote) {
      if (source_[at_] != '\\') {
        text += source_[at_];
        advance(1);
        continue;
      }
      const char escaped = at_ + 1 < source_.size() ? source_[at_ + 1] : '\0';
      const std::optional<char> meant = unescape(escaped);
      if (!meant) return at(place_, R"(only \n, \t, \\, \" and \' are escapes)");
      text += *meant;
      advance(2);
    }
    if (at_ == source_.size()) return at(place, "the text has no closing quote");
    advance(1);
    return Token{Token::Kind::text, std::move(text), place};
  }

  static std::optional<char> unescape(char escaped) {
    switch (escaped) {
      case 'n':
        return '\n';
      case 't':
        return '\t';
      case '\\':
      case '"':
      case '\'':
        return escaped;
      default:
        return std::nullopt;
    }
  }

  std::string_view source_;
  std::size_t at_ = 0;
  Place place_;
  bool trims_next_ = false;
  std::vector<Piece> pieces_;
};

}  // namespace

core::Error at(Place place, const std::string& what, core::Errc code) {
  return core::Error{code,
                     "line " + std::to_string(place.line) + ", column " +
                         std::to_string(place.column) + ": " + what,
                     "template"};
}

Result<std::vector<Piece>> cut(std::string_view source) { return Cutter(source).run(); }

}  // namespace hansard::events::prompt
