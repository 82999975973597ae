#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "events/json.h"

/// Money for people. The answers have every digit; tables round.
namespace hansard::cli {

/// `$1,234.50` from 100 dollars on, `$12.3456` below, `$0.001234` below a cent; `-` where nothing
/// is known. Of a `Money` in an answer.
std::string money_text(const events::Json* money);
/// The same of pico-USD.
std::string money_text_of(std::int64_t pico_usd);

/// Dollars for a million tokens from pico-USD for one, without needless zeros: `2.5`; empty for
/// nothing.
std::string per_million_text(std::optional<std::uint64_t> pico_usd);

}  // namespace hansard::cli
