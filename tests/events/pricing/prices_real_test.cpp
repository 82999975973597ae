// Every recorded exchange that tells its tokens, priced by the book that comes with the program.
#include <iostream>
#include <map>
#include <set>

#include "events/pricing/book_file.h"
#include "events/pricing/raw_usage.h"
#include "pricing_checks.h"
#include "recorded_answers.h"

namespace hansard::events::pricing {
namespace {

TEST(RecordedCalls, HaveACostWhereverTheyTellTheirTokens) {
  if (real::folder().empty()) GTEST_SKIP() << "HANSARD_SHARED_DATA names no recordings";
  PriceBook book;
  for (const auto& part : default_prices()) {
    ASSERT_TRUE(add_prices(part, "_log", core::Position{0}, book));
  }
  std::map<NoCost, std::size_t> reasons;
  std::set<std::string> without;
  std::size_t lacking = 0;
  std::size_t calls = 0;
  PicoUsd total = 0;
  std::map<std::string, std::size_t> tiers;
  std::size_t reported = 0;
  real::each_line("http_exchanges.jsonl.zst", [&](const Json& line) {
    const auto answer = answer_of(line);
    if (!answer) return;
    ++calls;
    CallToPrice call;
    const std::string provider = text_in(line, "provider");
    const std::string model = answer->model.value_or("");
    call.provider = provider;
    call.model = model;
    call.occurred_at = day("2026-09-01");
    call.usage = answer->usage;
    const RawUsage raw = read_raw_usage(answer->raw_usage.value_or(Json()));
    call.conditions = raw.conditions();
    call.units = raw.units;
    ++tiers[raw.tier ? std::string(to_word(*raw.tier)) : "not said"];
    if (raw.reported) ++reported;
    const PricedCall priced = cost_of(book, "default", call);
    ++reasons[priced.reason];
    if (priced.reason == NoCost::no_price) without.insert(provider + " " + model);
    if (!priced.cost.complete()) {
      ++lacking;
      std::string classes;
      for (std::size_t i = 0; i < kTokenClasses; ++i) {
        const auto each = static_cast<TokenClass>(i);
        if (priced.cost.unpriced.has(each)) classes += " " + std::string(to_word(each));
      }
      without.insert(provider + " " + model + ":" + classes);
    }
    total += priced.cost.pico_usd;
    EXPECT_GE(priced.cost.pico_usd, 0);
  });
  std::cout << calls << " answers: " << reasons[NoCost::none] << " priced (" << lacking
            << " in part), " << reasons[NoCost::no_usage] << " without tokens, "
            << reasons[NoCost::no_model] << " without a model, " << reasons[NoCost::no_price]
            << " without a price; " << total << " pico-USD\n";
  for (const auto& [tier, count] : tiers) std::cout << "tier " << tier << ": " << count << "\n";
  std::cout << "with a charge of the provider's own: " << reported << "\n";
  // A router of several models without a price of its own, machines of one's own, cached tokens
  // that no list prices, a fine-tuned model of 2023.
  const std::set<std::string> known{"groq groq/compound", "localhost:8000 facebook/opt-125m",
                                    "localhost:8000 meta-llama/Llama-3.2-1B-Instruct",
                                    "mistral mistral-large-latest: input_cache_read",
                                    "openai davinci:2023-07-21-v2"};
  EXPECT_EQ(without, known);
  EXPECT_GT(reasons[NoCost::none], 400U);
}

}  // namespace
}  // namespace hansard::events::pricing
