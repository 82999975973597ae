#pragma once

#include <string_view>
#include <vector>

#include "core/result.h"
#include "events/system/prices.h"

namespace hansard::events::pricing {

/// Reads a price book as a file holds it: JSON by line, the first about the book
///   {"book":"ours","version":"2026-08","provenance":"contract
///   17","effective_from":"2026-08-01T00:00:00Z"}
/// (`effective_from`, `collected_at` may be absent), every other an entry as in `entry.h`; empty
/// lines do not count. The result is the events to publish, in order (see `in_parts`).
/// Errors: invalid_argument, message and `field` beginning with the line, "line 4
/// (openai/gpt-5).prices...": as `parse_price_entries`; also over the whole file: two entries of
/// one model and moment.
core::Result<std::vector<PricesPublished>> parse_book_file(std::string_view text);

/// The prices that come with the program: list prices of models in use when it was made, with their
/// provenance and day. For project `_log`. The same bytes for every process of one version, so that
/// a hash of them tells whether they are published already. Read once, on first use (milliseconds).
const std::vector<PricesPublished>& default_prices();

}  // namespace hansard::events::pricing
