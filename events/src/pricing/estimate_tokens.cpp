#include "events/pricing/estimate_tokens.h"

#include <array>
#include <cstddef>

namespace hansard::events::pricing {
namespace {

/// Hundredths of a token.
using Parts = std::uint64_t;
constexpr Parts kOne = 100;

/// Letters of a word that are one token nearly always, and how many more a further one takes.
constexpr std::size_t kShortWord = 7;
constexpr std::size_t kPiece = 4;
constexpr std::size_t kDigitsPerToken = 3;

struct Range {
  char32_t from;
  char32_t to;
  Parts parts;  ///< of one character
};

/// Scripts that are not written in words of Latin letters.
constexpr std::array kScripts{
    Range{0x0370, 0x03FF, 45},     // Greek
    Range{0x0400, 0x052F, 34},     // Cyrillic
    Range{0x0530, 0x058F, 60},     // Armenian
    Range{0x0590, 0x05FF, 50},     // Hebrew
    Range{0x0600, 0x07FF, 42},     // Arabic, Syriac
    Range{0x0900, 0x0DFF, 50},     // scripts of India
    Range{0x0E00, 0x0FFF, 55},     // Thai, Lao, Tibetan
    Range{0x1000, 0x10FF, 70},     // Burmese, Georgian
    Range{0x1100, 0x11FF, 60},     // Hangul letters
    Range{0x3000, 0x303F, 70},     // marks of CJK
    Range{0x3040, 0x30FF, 75},     // kana
    Range{0x3400, 0x9FFF, 90},     // Han
    Range{0xAC00, 0xD7AF, 75},     // Hangul
    Range{0xF900, 0xFAFF, 100},    // Han, for compatibility
    Range{0xFF00, 0xFFEF, 90},     // wide forms
    Range{0x1F000, 0x1FAFF, 180},  // emoji
    Range{0x20000, 0x3FFFF, 200},  // rare Han
};

/// The character at `at`, which moves on; what is no UTF-8 counts as a mark, byte by byte.
char32_t next(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(text[i]));
  };
  const char32_t first = byte(at++);
  if (first < 0x80) return first;
  const std::size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
  if (first < 0xC0 || at + more > text.size()) return U'!';
  char32_t value = first & (0x3FU >> more);
  for (std::size_t i = 0; i < more; ++i) value = (value << 6) | (byte(at++) & 0x3FU);
  return value;
}

bool is_letter(char32_t c) {
  const char32_t lower = c | 0x20U;
  return (lower >= U'a' && lower <= U'z') || (c >= 0xC0 && c <= 0x24F && c != 0xD7 && c != 0xF7);
}
bool is_digit(char32_t c) { return c >= U'0' && c <= U'9'; }
bool is_space(char32_t c) { return c == U' ' || c == U'\t'; }
bool is_break(char32_t c) { return c == U'\n' || c == U'\r'; }

Parts of_script(char32_t c) {
  for (const Range& each : kScripts) {
    if (c >= each.from && c <= each.to) return each.parts;
  }
  return c < 0x80 ? kOne : 150;
}

class Counter {
 public:
  void take(char32_t c) {
    const Kind kind = kind_of(c);
    // A word begins anew where capitals do, as in names of programs: `readFileSync`.
    const bool capital = c >= U'A' && c <= U'Z';
    if (kind != kind_ || (kind == Kind::word && capital && !was_capital_)) close();
    kind_ = kind;
    was_capital_ = capital;
    ++length_;
    if (kind == Kind::word && c >= 0x80) ++accents_;
    if (kind == Kind::script) parts_ += of_script(c);
  }
  std::uint64_t tokens() {
    close();
    return (parts_ + kOne / 2) / kOne;
  }

 private:
  enum class Kind : std::uint8_t { none, word, digits, space, line_break, mark, script };

  static Kind kind_of(char32_t c) {
    if (is_letter(c)) return Kind::word;
    if (is_digit(c)) return Kind::digits;
    if (is_space(c)) return Kind::space;
    if (is_break(c)) return Kind::line_break;
    return c < 0x370 ? Kind::mark : Kind::script;
  }

  /// What has come to its end takes its tokens.
  void close() {
    switch (kind_) {
      case Kind::word:
        parts_ += kOne;
        if (length_ > kShortWord) parts_ += kOne * (length_ - kShortWord) / kPiece / 2;
        parts_ += accents_ * 40;
        break;
      case Kind::digits:
        parts_ += kOne * ((length_ + kDigitsPerToken - 1) / kDigitsPerToken);
        break;
      case Kind::space:
        // One belongs to the word behind it; an indent is one token.
        if (length_ > 1) parts_ += kOne;
        break;
      case Kind::line_break:
        parts_ += kOne;
        break;
      case Kind::mark:
        // Pairs such as `",` and `))` are one.
        parts_ += length_ == 1 ? kOne : kOne * (length_ + 1) / 2;
        break;
      case Kind::script:
      case Kind::none:
        break;
    }
    length_ = 0;
    accents_ = 0;
  }

  Parts parts_ = 0;
  Kind kind_ = Kind::none;
  std::size_t length_ = 0;
  std::size_t accents_ = 0;
  bool was_capital_ = false;
};

/// Members whose texts are no words: media, and names that do not reach the model.
bool is_no_text(std::string_view key) {
  constexpr std::array<std::string_view, 12> kKeys{
      "data", "url",  "image_url", "file_data",     "file_id",    "id",
      "type", "role", "encoding",  "cache_control", "media_type", "signature"};
  for (const auto each : kKeys) {
    if (each == key) return true;
  }
  return false;
}

std::uint64_t texts_of(const Json& json) {
  if (const auto* text = json.if_string()) return estimate_tokens(*text);
  std::uint64_t sum = 0;
  if (const auto* array = json.if_array()) {
    for (const Json& each : *array) sum += texts_of(each);
  } else if (const auto* object = json.if_object()) {
    if (object->empty()) return 0;
    for (const auto& [key, value] : *object) {
      if (is_no_text(key)) continue;
      const bool text = value.is_string() || value.is_array();
      const bool prose = text && (key == "text" || key == "content" || key == "arguments" ||
                                  key == "output" || key == "thinking" || key == "refusal");
      // Structure is written out for the model: names, quotes, braces.
      sum += prose ? texts_of(value) : estimate_tokens(key) + 2 + texts_of(value);
    }
  } else if (const auto* number = json.if_number()) {
    sum += estimate_tokens(number->lexeme);
  } else {
    sum += 1;
  }
  return sum;
}

}  // namespace

std::uint64_t estimate_tokens(std::string_view text) {
  if (text.empty()) return 0;
  Counter counter;
  for (std::size_t at = 0; at < text.size();) counter.take(next(text, at));
  const std::uint64_t tokens = counter.tokens();
  return tokens == 0 ? 1 : tokens;
}

std::uint64_t estimate_message_tokens(const Json& messages) {
  const auto* list = messages.if_array();
  if (list == nullptr) return texts_of(messages);
  std::uint64_t sum = 0;
  for (const Json& each : *list) sum += kTokensPerMessage + texts_of(each);
  return sum;
}

}  // namespace hansard::events::pricing
