#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "events/json.h"
#include "events/pricing/price.h"

namespace hansard::events::pricing {

/// Names in entries: `[!-~]{1,200}` (no spaces, no controls).
inline constexpr std::size_t kMaxPriceNameBytes = 200;
inline constexpr std::size_t kMaxLongContexts = 8;
inline constexpr std::uint64_t kMaxThreshold = 1'000'000'000'000;  ///< tokens
inline constexpr std::size_t kMaxRegions = 16;
/// Entries of one event; a larger book is told in parts.
inline constexpr std::size_t kMaxPriceEntries = 4096;

/// One line of a price book: what a model costs at a provider from a moment on, and what else a
/// catalogue tells of it. A plain value.
///
/// As JSON (all but `model` may be absent; prices are whole pico-USD):
///   {"provider":"openai","model":"gpt-5.6","home":true,"effective_from":"2026-06-01T00:00:00Z",
///    "mode":"chat","input_max":1050000,"output_max":128000,"retires":"2027-01-01",
///    "prices":{"standard":{"input_text":5000000,...},"flex":{...}},
///    "long":[{"above":272000,"prices":{"standard":{...}}}],      // or "from": n
///    "regions":{"eu":1100},"units":{"web_search":10000000000}}
struct PriceEntry {
  /// Who bills. Absent: whoever serves the model.
  std::optional<std::string> provider;
  /// The model's name at that provider. With a `*` at its end a pattern: every name that begins
  /// like it. There is no other wild card.
  std::string model;
  /// The model's own maker sells it under this name: the entry also holds for calls whose provider
  /// is not known.
  bool home = false;
  /// Absent: always.
  std::optional<core::Timestamp> effective_from;
  /// Takes back what the same book said of the same key: from `effective_from` on there is no price
  /// here. Such an entry has no prices.
  bool withdrawn = false;
  Price price;
  std::optional<std::string> mode;          ///< `chat`, `embedding`, ...
  std::optional<std::uint64_t> input_max;   ///< tokens
  std::optional<std::uint64_t> output_max;  ///< tokens
  std::optional<std::string> retires;       ///< a day, `2026-02-19`
  bool operator==(const PriceEntry&) const = default;

  [[nodiscard]] bool is_pattern() const { return model.ends_with('*'); }
  /// For people: `openai/gpt-5`.
  [[nodiscard]] std::string name() const;
};

/// Reads entries strictly. Errors: invalid_argument naming place and model,
/// "entries[3] (openai/gpt-5).prices.flex.input_text: ...": unknown or repeated fields, negative,
/// fractional or absurd prices (`kMaxPicoPerToken`), no price at all, thresholds that overlap or
/// do not rise, two entries for the same key and moment; too_large.
/// @param path of the list, for errors
core::Result<std::vector<PriceEntry>> parse_price_entries(const Json& list, std::string_view path);

Json to_json(const PriceEntry& entry);

}  // namespace hansard::events::pricing
