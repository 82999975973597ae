#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.h"

namespace hansard::events {

/// Longest pattern, in bytes.
inline constexpr std::size_t kPatternBytesMax = 4'096;

/// A regular expression from outside, in RE2's syntax (no back references, no look-around):
/// matching takes time linear in the text and bounded memory, whatever it says. Immutable; copies
/// share what was compiled. Thread-safe.
class Pattern {
 public:
  /// Errors: invalid_argument (`field` as given; the message names what is wrong), too_large.
  static core::Result<Pattern> compile(std::string_view pattern, std::string_view field);

  /// The whole text.
  [[nodiscard]] bool matches(std::string_view text) const;
  /// Some part of it.
  [[nodiscard]] bool found_in(std::string_view text) const;
  /// The leftmost part of it from byte `from` on; what stands before counts for `^` and `\b`.
  /// @return begin and end
  [[nodiscard]] std::optional<std::pair<std::size_t, std::size_t>> find(std::string_view text,
                                                                        std::size_t from) const;

 private:
  struct Compiled;
  explicit Pattern(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace hansard::events
