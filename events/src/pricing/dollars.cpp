#include "events/pricing/dollars.h"

#include <algorithm>
#include <limits>

namespace hansard::events::pricing {
namespace {

constexpr int kPlaces = 12;         ///< of a pico-USD behind the point
constexpr int kMaxExponent = 1000;  ///< beyond it nothing is left, or far too much

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes the digits at the front of `text`.
std::string_view take_digits(std::string_view& text) {
  const auto* end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<int> take_exponent(std::string_view& text) {
  if (!take(text, 'e') && !take(text, 'E')) return 0;
  const bool down = take(text, '-');
  if (!down) take(text, '+');
  const std::string_view digits = take_digits(text);
  if (digits.empty()) return std::nullopt;
  int exponent = 0;
  for (const char c : digits) exponent = std::min(exponent * 10 + (c - '0'), kMaxExponent);
  return down ? -exponent : exponent;
}

WidePicoUsd power_of_ten(unsigned exponent) {
  WidePicoUsd power = 1;
  for (; exponent > 0; --exponent) power *= 10;
  return power;
}

}  // namespace

std::optional<PicoUsd> pico_from_dollars(std::string_view text) {
  const bool negative = take(text, '-');
  const std::string_view whole = take_digits(text);
  if (whole.empty()) return std::nullopt;
  std::string_view fraction;
  if (take(text, '.')) {
    fraction = take_digits(text);
    if (fraction.empty()) return std::nullopt;
  }
  const auto exponent = take_exponent(text);
  if (!exponent || !text.empty()) return std::nullopt;

  // The number is `digits` times 10^-behind pico-USD.
  std::string digits = std::string(whole) + std::string(fraction);
  const auto behind = static_cast<std::ptrdiff_t>(fraction.size()) - kPlaces - *exponent;
  const bool zero = digits.find_first_not_of('0') == std::string::npos;
  if (zero) return 0;
  bool up = false;
  if (behind > 0) {
    const auto cut = static_cast<std::size_t>(behind);
    if (cut > digits.size()) return 0;
    up = digits[digits.size() - cut] >= '5';
    digits.resize(digits.size() - cut);
  } else {
    digits.append(static_cast<std::size_t>(-behind), '0');
  }
  PicoUsd pico = 0;
  for (const char c : digits) {
    if (__builtin_mul_overflow(pico, PicoUsd{10}, &pico) ||
        __builtin_add_overflow(pico, PicoUsd{c - '0'}, &pico)) {
      return std::nullopt;
    }
  }
  if (up && __builtin_add_overflow(pico, PicoUsd{1}, &pico)) return std::nullopt;
  return negative ? -pico : pico;
}

std::string rounded_dollars(WidePicoUsd pico, unsigned decimals) {
  decimals = std::min(decimals, static_cast<unsigned>(kPlaces));
  const bool negative = pico < 0;
  if (negative) pico = -pico;
  const WidePicoUsd step = power_of_ten(kPlaces - decimals);
  WidePicoUsd steps = (pico + step / 2) / step;
  const bool nothing = steps == 0;
  std::string digits;
  for (; steps > 0; steps /= 10) {
    digits.push_back(static_cast<char>('0' + static_cast<int>(steps % 10)));
  }
  while (digits.size() < decimals + 1) digits.push_back('0');
  if (decimals > 0) digits.insert(decimals, 1, '.');
  if (negative && !nothing) digits.push_back('-');
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::string exact_dollars(WidePicoUsd pico) {
  std::string text = rounded_dollars(pico, kPlaces);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace hansard::events::pricing
