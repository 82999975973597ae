#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace hansard::http {

/// The query parameters of a request, checked against those a route knows: a misspelt filter must
/// not silently be no filter. Borrows from the request.
class Query {
 public:
  /// @param repeatable  may be given several times.
  /// Errors: invalid_argument naming the parameter that is unknown or repeated.
  static core::Result<Query> of(const Request& request,
                                std::initializer_list<std::string_view> known,
                                std::initializer_list<std::string_view> repeatable = {});

  [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
  // Errors of all: invalid_argument naming the parameter.
  [[nodiscard]] core::Result<std::optional<std::uint64_t>> number(std::string_view name) const;
  /// Within 1..`most`; `fallback` when absent.
  [[nodiscard]] core::Result<std::uint64_t> count(std::string_view name, std::uint64_t fallback,
                                                  std::uint64_t most) const;
  [[nodiscard]] core::Result<std::optional<core::Timestamp>> time(std::string_view name) const;
  /// `true` or `false` (also `1`, `0`, and the name alone for true).
  [[nodiscard]] core::Result<bool> flag(std::string_view name) const;
  /// `90s`, `30m`, `2h`.
  [[nodiscard]] core::Result<std::optional<std::chrono::seconds>> span(std::string_view name) const;

 private:
  explicit Query(const NameValues& values) : values_(&values) {}
  const NameValues* values_;
};

/// Digits only. Nothing when `text` is anything else or beyond 64 bits.
std::optional<std::uint64_t> parse_digits(std::string_view text);

}  // namespace hansard::http
