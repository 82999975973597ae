#include "projections/as_of.h"

#include <charconv>
#include <optional>
#include <string>

namespace hansard::projections {
namespace {

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

}  // namespace

core::Result<AsOf> parse_as_of(std::string_view text) {
  constexpr std::string_view kVersion = "version:";
  constexpr std::string_view kPosition = "position:";
  if (text == "head") return AsOf::head();
  if (text.starts_with(kPosition)) {
    if (const auto value = number(text.substr(kPosition.size()))) {
      return AsOf::at(core::Position{*value});
    }
  } else {
    const auto digits = text.starts_with(kVersion) ? text.substr(kVersion.size()) : text;
    if (const auto value = number(digits)) return AsOf::at(core::Version{*value});
    if (const auto time = core::parse_time(text)) return AsOf::at(*time);
  }
  return core::Error{core::Errc::invalid_argument,
                     "as_of: must be head, version:7 (or 7), position:120, or a time like "
                     "2026-11-21T08:30:00Z",
                     "as_of"};
}

}  // namespace hansard::projections
