#include "events/pattern.h"

#include <re2/re2.h>

#include <utility>

#include "events/json.h"

namespace hansard::events {
namespace {

/// Of the compiled program; a pattern that needs more is refused.
constexpr std::int64_t kProgramBytesMax = std::int64_t{1} << 20;

re2::RE2::Options options() {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kProgramBytesMax);
  return options;
}

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

struct Pattern::Compiled {
  re2::RE2 expression;
};

core::Result<Pattern> Pattern::compile(std::string_view pattern, std::string_view field) {
  if (pattern.size() > kPatternBytesMax) {
    core::Error error =
        bad_field(field, "is longer than " + std::to_string(kPatternBytesMax) + " bytes");
    error.code = core::Errc::too_large;
    return error;
  }
  auto compiled = std::shared_ptr<const Compiled>(
      new Compiled{re2::RE2(piece(pattern), options())});  // NOLINT: not to be moved
  if (!compiled->expression.ok()) {
    return bad_field(field, "is no regular expression: " + compiled->expression.error());
  }
  return Pattern(std::move(compiled));
}

bool Pattern::matches(std::string_view text) const {
  return re2::RE2::FullMatch(piece(text), compiled_->expression);
}

bool Pattern::found_in(std::string_view text) const {
  return re2::RE2::PartialMatch(piece(text), compiled_->expression);
}

std::optional<std::pair<std::size_t, std::size_t>> Pattern::find(std::string_view text,
                                                                 std::size_t from) const {
  re2::StringPiece found;
  if (from > text.size() || !compiled_->expression.Match(piece(text), from, text.size(),
                                                         re2::RE2::UNANCHORED, &found, 1)) {
    return std::nullopt;
  }
  const auto begin = static_cast<std::size_t>(found.data() - text.data());
  return std::pair{begin, begin + found.size()};
}

}  // namespace hansard::events
