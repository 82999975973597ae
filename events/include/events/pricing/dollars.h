#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "events/pricing/price.h"

namespace hansard::events::pricing {

/// A sum of money, wider than any one call: sums of `PicoUsd` never overflow in it.
__extension__ using WidePicoUsd = __int128;

/// Reads dollars as JSON writes numbers (`0.0123`, `4.5e-7`), exactly; what is finer than a
/// pico-USD is rounded half away from 0. Nothing when it is no number, or over 9 million dollars.
std::optional<PicoUsd> pico_from_dollars(std::string_view text);

/// Every digit there is and none more: `54399000000` is `0.054399`, `0` is `0`.
std::string exact_dollars(WidePicoUsd pico);

/// With `decimals` digits after the point (0..12), rounded half away from 0: `0.0544`. The one
/// place where money is rounded.
std::string rounded_dollars(WidePicoUsd pico, unsigned decimals);

}  // namespace hansard::events::pricing
