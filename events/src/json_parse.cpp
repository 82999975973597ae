#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "events/json.h"

// simdjson's On-Demand is lazy: it never looks into what nobody reads (`{"a":tru,"b":1.2.3}` passes
// when only "c" is asked for). Here every value is walked, and number and literal tokens are
// checked by us, because its own number reading refuses lexemes that we keep (1e400, long
// integers).
namespace hansard::events {
namespace {

namespace od = simdjson::ondemand;

/// Room made for an object at first: growing one by one costs a quarter of the parse.
constexpr std::size_t kUsualMembers = 8;

/// Larger documents get a parser of their own, so that no thread holds on to their buffers.
constexpr std::size_t kKeptBufferBytes = 1U << 20;

/// A parser with the padded copy of the text it reads. Reused by small documents of one thread.
struct Workspace {
  od::parser parser;
  std::unique_ptr<char[]> buffer;
  std::size_t capacity = 0;

  const char* copy(std::string_view text) {
    const std::size_t needed = text.size() + simdjson::SIMDJSON_PADDING;
    if (needed > capacity) {
      buffer = std::make_unique_for_overwrite<char[]>(std::max(needed, std::size_t{4096}));
      capacity = std::max(needed, std::size_t{4096});
    }
    if (!text.empty()) std::memcpy(buffer.get(), text.data(), text.size());
    std::memset(buffer.get() + text.size(), 0, simdjson::SIMDJSON_PADDING);
    return buffer.get();
  }
};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view without_space_behind(std::string_view text) {
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return without_space_behind(text);
}

/// number = [ "-" ] ( "0" / 1-9 *digit ) [ "." 1*digit ] [ e [ + / - ] 1*digit ]   (RFC 8259 §6)
bool is_number(std::string_view text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t start = i;
    while (i < text.size() && is_digit(text[i])) ++i;
    return i > start;
  };
  if (i < text.size() && text[i] == '-') ++i;
  if (i < text.size() && text[i] == '0') {
    ++i;
  } else if (!digits()) {
    return false;
  }
  if (i < text.size() && text[i] == '.') {
    ++i;
    if (!digits()) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (!digits()) return false;
  }
  return i == text.size();
}

/// Length of the longest valid UTF-8 prefix (RFC 3629 §4). simdjson only says that there is an end.
std::size_t valid_utf8_bytes(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto at = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
    const unsigned char lead = at(i);
    const std::size_t length = lead < 0x80                    ? 1
                               : lead >= 0xC2 && lead <= 0xDF ? 2
                               : lead >= 0xE0 && lead <= 0xEF ? 3
                               : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                              : 0;
    if (length == 0 || i + length > text.size()) return i;
    for (std::size_t k = 1; k < length; ++k) {
      // The second byte of some leads is narrower: no overlong forms, surrogates or > U+10FFFF.
      const unsigned low = k > 1 ? 0x80U : lead == 0xE0 ? 0xA0U : lead == 0xF0 ? 0x90U : 0x80U;
      const unsigned high = k > 1 ? 0xBFU : lead == 0xED ? 0x9FU : lead == 0xF4 ? 0x8FU : 0xBFU;
      if (at(i + k) < low || at(i + k) > high) return i;
    }
    i += length;
  }
  return i;
}

/// Our sentence for what simdjson found; its own ones name its internals.
std::string_view reason(simdjson::error_code code) {
  switch (code) {
    case simdjson::UTF8_ERROR:
      return "the text is not valid UTF-8";
    case simdjson::UNESCAPED_CHARS:
      return "a control character in a string is not escaped";
    case simdjson::UNCLOSED_STRING:
      return "a string is not closed";
    case simdjson::STRING_ERROR:
      return "a string has an invalid escape or a lone surrogate";
    case simdjson::EMPTY:
      return "the document is empty";
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
      return "an array or object is not closed";
    case simdjson::TRAILING_CONTENT:
      return "something follows the end of the document";
    case simdjson::DEPTH_ERROR:
      return "brackets do not match";
    case simdjson::CAPACITY:
    case simdjson::MEMALLOC:
      return "the document is too large";
    default:
      return "a comma, colon, key, value or closing bracket is missing or misplaced";
  }
}

/// Walks one document; builds the tree when `Keep`.
template <bool Keep>
class Walk {
 public:
  Walk(Workspace& space, std::string_view text, std::size_t depth_max)
      : text_(text), start_(space.copy(text)), depth_max_(depth_max) {
    const auto error =
        space.parser.iterate(start_, text.size(), text.size() + simdjson::SIMDJSON_PADDING)
            .get(document_);
    if (error != simdjson::SUCCESS) fail(error);
  }

  core::Result<Json> run() {
    Json root;
    if (!failed_) read_root(root);
    if (failed_) return std::move(error_);
    return root;
  }

 private:
  struct Step {
    std::string_view key;  // into the parser's buffer; of an object member
    std::size_t index = 0;
    bool is_key = false;
  };

  bool fail_at(const char* where, std::string_view what,
               core::Errc code = core::Errc::invalid_argument) {
    if (failed_) return false;
    failed_ = true;
    std::string path;
    for (const Step& step : path_) {
      path = step.is_key ? join_path(path, step.key) : join_path(path, step.index);
    }
    std::size_t offset = text_.size();
    if (where >= start_ && where <= start_ + text_.size()) {
      offset = static_cast<std::size_t>(where - start_);
    }
    error_ =
        core::Error{.code = code,
                    .message = "not valid JSON at byte " + std::to_string(offset) +
                               (path.empty() ? "" : " (" + path + ")") + ": " + std::string(what),
                    .field = std::move(path)};
    if (code == core::Errc::too_large) error_.message.erase(0, std::strlen("not valid JSON "));
    return false;
  }

  bool fail(simdjson::error_code code) {
    const char* where = nullptr;
    // Stage one reports before there is a place to point at.
    const bool placed = code != simdjson::UTF8_ERROR && code != simdjson::UNESCAPED_CHARS &&
                        code != simdjson::UNCLOSED_STRING && code != simdjson::EMPTY &&
                        code != simdjson::CAPACITY && code != simdjson::MEMALLOC && walking_;
    if (placed && document_.current_location().get(where) != simdjson::SUCCESS) where = nullptr;
    if (!walking_) {
      failed_ = true;
      error_ = core::Error{.code = core::Errc::invalid_argument,
                           .message = "not valid JSON: " + std::string(reason(code)) +
                                      (code == simdjson::UTF8_ERROR
                                           ? " at byte " + std::to_string(valid_utf8_bytes(text_))
                                           : std::string())};
      return false;
    }
    return fail_at(where, reason(code));
  }

  bool at_end() {
    const char* where = nullptr;
    return document_.current_location().get(where) == simdjson::OUT_OF_BOUNDS;
  }

  void read_root(Json& out) {
    walking_ = true;
    bool scalar = false;
    if (const auto error = document_.is_scalar().get(scalar)) {
      fail(error);
      return;
    }
    if (scalar) {
      read_root_scalar(out);
      return;
    }
    od::value root;
    if (const auto error = document_.get_value().get(root)) {
      fail(error);
      return;
    }
    if (read(root, out, 1) && !at_end()) fail(simdjson::TRAILING_CONTENT);
  }

  void read_root_scalar(Json& out) {
    const std::string_view token = trimmed({start_, text_.size()});
    if (token.empty() || token.front() != '"') {
      scalar_of(token, out);
      return;
    }
    std::string_view string;
    if (const auto error = document_.get_string().get(string)) {
      fail(error);
    } else if (!at_end()) {
      fail(simdjson::TRAILING_CONTENT);
    } else if constexpr (Keep) {
      out = Json(string);
    }
  }

  /// A number or a literal.
  bool scalar_of(std::string_view token, Json& out) {
    if (is_number(token)) {
      if constexpr (Keep) out = Json(Json::Number{std::string(token)});
    } else if (token == "true" || token == "false") {
      if constexpr (Keep) out = Json(token == "true");
    } else if (token == "null") {
      if constexpr (Keep) out = Json();
    } else {
      return fail_at(token.data(), "a value is neither a number nor true, false or null");
    }
    return true;
  }

  bool read(od::value& value, Json& out, std::size_t depth) {
    const std::string_view token = value.raw_json_token();
    switch (token.empty() ? '\0' : token.front()) {
      case '{':
        return depth_ok(token, depth) && read_object(value, out, depth);
      case '[':
        return depth_ok(token, depth) && read_array(value, out, depth);
      case '"': {
        std::string_view string;
        if (const auto error = value.get_string().get(string)) {
          return fail_at(token.data(), reason(error));
        }
        if constexpr (Keep) out = Json(string);
        return true;
      }
      default:
        return scalar_of(without_space_behind(token), out);
    }
  }

  bool depth_ok(std::string_view token, std::size_t depth) {
    if (depth <= depth_max_) return true;
    return fail_at(token.data(), "nested deeper than " + std::to_string(depth_max_) + " levels",
                   core::Errc::too_large);
  }

  bool read_object(od::value& value, Json& out, std::size_t depth) {
    od::object object;
    if (const auto error = value.get_object().get(object)) return fail(error);
    Json::Object members;
    if constexpr (Keep) members.reserve(kUsualMembers);
    for (auto next : object) {
      od::field field;
      if (const auto error = std::move(next).get(field)) return fail(error);
      std::string_view key;
      if (const auto error = field.unescaped_key().get(key)) return fail(error);
      path_.push_back({key, 0, true});
      od::value child = field.value();
      if constexpr (Keep) {
        members.push_back({std::string(key), {}});
        if (!read(child, members.back().value, depth + 1)) return false;
      } else {
        if (!read(child, out, depth + 1)) return false;
      }
      path_.pop_back();
    }
    if constexpr (Keep) out = Json(std::move(members));
    return true;
  }

  bool read_array(od::value& value, Json& out, std::size_t depth) {
    od::array array;
    if (const auto error = value.get_array().get(array)) return fail(error);
    Json::Array elements;
    path_.push_back({{}, 0, false});
    for (auto next : array) {
      od::value child;
      if (const auto error = std::move(next).get(child)) return fail(error);
      if constexpr (Keep) {
        elements.emplace_back();
        if (!read(child, elements.back(), depth + 1)) return false;
      } else {
        if (!read(child, out, depth + 1)) return false;
      }
      ++path_.back().index;
    }
    path_.pop_back();
    if constexpr (Keep) out = Json(std::move(elements));
    return true;
  }

  std::string_view text_;
  const char* start_;
  std::size_t depth_max_;
  od::document document_;
  std::vector<Step> path_;
  bool walking_ = false;
  bool failed_ = false;
  core::Error error_;
};

template <bool Keep>
core::Result<Json> walk(std::string_view text, const JsonLimits& limits) {
  if (text.size() > kKeptBufferBytes) {
    Workspace space;
    return Walk<Keep>(space, text, limits.depth).run();
  }
  thread_local Workspace space;
  return Walk<Keep>(space, text, limits.depth).run();
}

}  // namespace

core::Result<Json> parse_json(std::string_view text, JsonLimits limits) {
  return walk<true>(text, limits);
}

core::Result<Json::Object> parse_json_object(std::string_view text, JsonLimits limits) {
  auto value = parse_json(text, limits);
  if (!value) return std::move(value.error());
  if (auto* object = value->if_object()) return std::move(*object);
  return bad_field("", "expected a JSON object, found " + std::string(describe(value->kind())));
}

core::Status check_json(std::string_view text, JsonLimits limits) {
  auto value = walk<false>(text, limits);
  if (!value) return std::move(value.error());
  return core::Ok{};
}

}  // namespace hansard::events
