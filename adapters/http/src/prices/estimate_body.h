#pragma once

#include <optional>
#include <string>

#include "core/result.h"
#include "core/time.h"
#include "events/json.h"
#include "events/pricing/cost.h"
#include "events/system/prices.h"

namespace hansard::http {

/// A call that was not made.
struct EstimateBody {
  std::string model;
  std::string provider;  ///< empty: the model's maker
  events::pricing::ServiceTier tier = events::pricing::ServiceTier::standard;
  std::string region;
  std::optional<core::Timestamp> at;
  events::Usage usage;
  events::pricing::UnitCounts units{};
  bool tokens_estimated = false;  ///< some of `usage` was read off a text
};

/// {"model":"gpt-5","provider":"openai","tier":"batch","region":"eu","at":"2026-11-21T00:00:00Z",
///  "usage":{"input_text":1000,"input_cache_read":200,"output_text":300},
///  "units":{"web_search":1},                                  // or, of what there is only the
///  text: "text":"...", "messages":[...], "tools":[...], "output_tokens":300, "output_text":"..."}
/// Errors: invalid_argument naming the member: unknown and repeated ones, a class that is counted
/// and to be estimated as well, nothing to count.
core::Result<EstimateBody> read_estimate_body(const events::Json& json);

events::Json usage_json(const events::Usage& usage);

/// {"book":"ours","version":"2026-08","provenance":"contract 17","effective_from":"...",
///  "collected_at":"...","entries":[...]}
/// Errors: as `parse_price_entries`, with `field` as the body has it; the name `default` is that of
/// the program's own book.
core::Result<events::PricesPublished> read_book_body(const events::Json& json);

}  // namespace hansard::http
