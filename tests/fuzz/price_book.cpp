// Files of prices, and the entries of events: what is read and written again is the same, as a file
// and as events; every refusal names its line; no call by what was read has a negative cost.
#include <string>
#include <string_view>

#include "core/assert.h"
#include "events/pricing/book_file.h"
#include "events/pricing/rate_card.h"
#include "events/system/events.h"
#include "target.h"

namespace {

using namespace hansard;
using namespace hansard::events;

pricing::TokenCounts some_tokens(std::uint64_t scale) {
  pricing::TokenCounts counts;
  for (std::size_t i = 0; i < pricing::kTokenClasses; ++i) {
    counts.set(static_cast<pricing::TokenClass>(i), scale * (i + 1));
  }
  return counts;
}

void judge_costs(const pricing::PriceEntry& entry) {
  for (std::size_t tier = 0; tier < pricing::kServiceTiers; ++tier) {
    const std::string region =
        entry.price.regions.empty() ? "eu" : entry.price.regions.front().name;
    const pricing::Conditions conditions{static_cast<pricing::ServiceTier>(tier), region};
    const pricing::RateCard card(entry.price, conditions);
    for (const std::uint64_t scale : {1ULL, 30'000ULL, 1'000'000'000'000ULL}) {
      const auto counts = some_tokens(scale);
      const auto cost = pricing::cost_of(entry.price, counts, conditions);
      HANSARD_ASSERT(cost.pico_usd >= 0, "nothing costs less than nothing");
      HANSARD_ASSERT(cost == card.cost(counts), "a rate card says the same");
    }
  }
}

void judge_event(const PricesPublished& event) {
  const EncodedEvent encoded = encode(event);
  const auto again = decode_system(encoded.type, encoded.schema, encoded.facts, encoded.content);
  HANSARD_ASSERT(again.has_value(), "what a file says can be published");
  HANSARD_ASSERT(encode(*again).facts == encoded.facts, "equal events have equal bytes");
  const auto entries = pricing::parse_price_entries(event.entries, "entries");
  HANSARD_ASSERT(entries.has_value(), "entries that were read are read");
  Json written(Json::Array{});
  for (const auto& entry : *entries) {
    written.push(to_json(entry));
    judge_costs(entry);
  }
  const auto once_more = pricing::parse_price_entries(written, "entries");
  HANSARD_ASSERT(once_more.has_value() && *once_more == *entries, "writing loses nothing");
}

void run(std::string_view bytes) {
  const auto book = pricing::parse_book_file(bytes);
  if (!book) {
    HANSARD_ASSERT(book.error().field.starts_with("line "), "a refusal says where");
    return;
  }
  for (const PricesPublished& event : *book) judge_event(event);
}

const fuzz::Announced announced("price_book", run);

}  // namespace
