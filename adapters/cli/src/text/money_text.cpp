#include "text/money_text.h"

#include "events/pricing/dollars.h"
#include "text/json_view.h"

namespace hansard::cli {

namespace pricing = events::pricing;

std::string money_text_of(std::int64_t pico_usd) {
  constexpr std::int64_t kHundred = 100'000'000'000'000;
  const pricing::WidePicoUsd wide = pico_usd;
  constexpr std::int64_t kCent = 10'000'000'000;
  const pricing::WidePicoUsd size = wide < 0 ? -wide : wide;
  const unsigned decimals = size >= kHundred ? 2 : size >= kCent || size == 0 ? 4 : 6;
  std::string text = pricing::rounded_dollars(size, decimals);
  const std::size_t whole = text.find('.');
  for (std::size_t at = whole == std::string::npos ? text.size() : whole; at > 3;) {
    at -= 3;
    text.insert(at, ",");
  }
  return (pico_usd < 0 ? "-$" : "$") + text;
}

std::string money_text(const events::Json* money) {
  const events::Json* pico = money == nullptr ? nullptr : money->find("pico_usd");
  const events::Json::Number* number = pico == nullptr ? nullptr : pico->if_number();
  if (number == nullptr) return "-";
  return money_text_of(std::stoll(number->lexeme));
}

std::string per_million_text(std::optional<std::uint64_t> pico_usd) {
  if (!pico_usd) return {};
  return pricing::exact_dollars(static_cast<pricing::WidePicoUsd>(*pico_usd) * 1'000'000);
}

}  // namespace hansard::cli
