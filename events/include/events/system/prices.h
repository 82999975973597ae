#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/event.h"
#include "core/result.h"
#include "events/json.h"
#include "events/pricing/book.h"

namespace hansard::events {

/// Prices of models hold: in project `_log` for everybody, in another one for that project alone,
/// before the shared ones. Never undone; a later one of the same model and moment replaces it.
struct PricesPublished {
  static constexpr std::string_view kType = "PricesPublished";
  std::string book;        ///< `default`, or the name somebody gave their prices
  std::string version;     ///< of the book: a date, a hash
  std::string provenance;  ///< where the prices are from, for people
  /// Since when the entries hold that do not say so themselves, RFC 3339; absent: always.
  std::optional<std::string> effective_from;
  /// When the prices were looked up, RFC 3339. Costs of earlier calls by entries that hold "always"
  /// are estimates.
  std::optional<std::string> collected_at;
  std::uint32_t part = 1;  ///< of a book that is told in several events, 1..parts
  std::uint32_t parts = 1;
  Json entries;  ///< as in `events/pricing/entry.h`
  template <class V>
  static void fields(V& v) {
    v.field("book", &PricesPublished::book);
    v.field("version", &PricesPublished::version);
    v.field("provenance", &PricesPublished::provenance);
    v.field("effective_from", &PricesPublished::effective_from);
    v.field("collected_at", &PricesPublished::collected_at);
    v.field("part", &PricesPublished::part);
    v.field("parts", &PricesPublished::parts);
    v.field("entries", &PricesPublished::entries);
  }
};

/// Entries of one event, as text: well below `core::kMaxEventBytes`, so that one group of the log
/// is not made of prices alone.
inline constexpr std::size_t kMaxPricesPartBytes = 512U << 10;

/// What types cannot say: entries are read as strictly as `pricing::parse_price_entries` does.
/// Errors: invalid_argument, `field` such as `facts.entries[3] (openai/gpt-5).prices...`;
/// too_large.
core::Status check(const PricesPublished& event);

/// A book of any length as events: each with at most `kMaxPricesPartBytes` and
/// `pricing::kMaxPriceEntries` of the entries, in order. A book without entries is one event.
/// @pre `whole.entries` is an array
std::vector<PricesPublished> in_parts(PricesPublished whole);

/// Adds the entries of one event to `book`. Errors: as `check`; then nothing was added.
core::Status add_prices(const PricesPublished& event, std::string_view project,
                        core::Position position, pricing::PriceBook& book);

/// Adds what a stored event publishes; false for events of other types.
/// Errors: as `decode_system`.
core::Result<bool> add_prices(const core::RecordedEvent& event, pricing::PriceBook& book);

}  // namespace hansard::events
