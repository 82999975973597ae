#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// How the deltas of a streamed text are kept: when each came and how many bytes it brought, in two
/// or three characters for both. Private to src/dialects.
///
/// A number is written in base 32, least significant digit first, as characters of
/// `0-9A-Za-z-_`: the first 32 of them are digits that end a number, the others digits that
/// continue. Times are milliseconds: that is what a cadence is, and arrival within one is chance.
namespace hansard::events {

struct Delta {
  std::uint64_t at_ms = 0;  ///< after the request
  std::size_t bytes = 0;    ///< of UTF-8
};
using Deltas = std::vector<Delta>;

constexpr std::uint64_t milliseconds(std::uint64_t us) { return us / 1000; }

void put_number(std::uint64_t value, std::string& out);
/// Per delta the time since the one before it (the first: since `from_ms`) and its bytes.
void put_deltas(std::span<const Delta> deltas, std::uint64_t from_ms, std::string& out);

/// Reads what these have written. Nothing where the text ends or is of another making.
class NumberReader {
 public:
  explicit NumberReader(std::string_view text) : text_(text) {}
  std::optional<std::uint64_t> next();
  Deltas deltas(std::uint64_t from_ms);  ///< all that are left

 private:
  std::string_view text_;
};

/// Where in `text` each delta ends: as many as there are deltas, never inside a character, the last
/// at the end of the text.
std::vector<std::size_t> cut(std::string_view text, std::span<const Delta> deltas);

/// Makes the deltas those of `text`, of which they are where nobody changed it.
void fit(Deltas& deltas, std::string_view text);

/// Deltas of a text of JSON become those of the same JSON without white space.
void fit_json(Deltas& deltas, std::string_view original, std::string_view compact);

}  // namespace hansard::events
