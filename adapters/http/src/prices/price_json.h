#pragma once

#include <optional>
#include <string_view>

#include "core/time.h"
#include "events/json.h"
#include "events/pricing/dollars.h"
#include "events/pricing/priced_call.h"
#include "projections/prices.h"

/// Prices and costs as the routes print them. Amounts: `pico_usd`, a whole number of 10^-12 US
/// dollars, and `usd`, the same as a decimal text with all its digits.
namespace hansard::http {

events::Json book_json(const projections::PublishedBook& book);

/// One entry of a book, as `events/pricing/entry.h` writes it, and where it stands.
events::Json price_json(const events::pricing::PublishedPrice& price);

/// Adds `pico_usd` and `usd` to an object.
void add_money(events::Json& json, events::pricing::WidePicoUsd pico);

/// How a price was found: `match`, `provider_assumed`, `of_project`, `price`.
void add_match(events::Json& json, const events::pricing::Match& match);

/// The cost of one call: its sum, by class, what has no price, and what is assumed.
events::Json cost_json(const events::pricing::PricedCall& call);

}  // namespace hansard::http
