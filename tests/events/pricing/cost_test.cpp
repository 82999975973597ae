#include "events/pricing/cost.h"

#include <vector>

#include "pricing_checks.h"

namespace hansard::events::pricing {
namespace {

// Prices in pico-USD per token: 1,000,000 is one dollar per million tokens.

/// As Claude Sonnet 4.5: two kinds of cache writes, everything dearer above 200,000 tokens.
constexpr const char* kSonnet =
    R"("prices":{"standard":{"input_text":3000000,"input_cache_read":300000,
       "input_cache_write_5m":3750000,"input_cache_write_1h":6000000,"output_text":15000000}},
     "long":[{"above":200000,"prices":{"standard":{"input_text":6000000,"input_cache_read":600000,
       "input_cache_write_5m":7500000,"input_cache_write_1h":12000000,"output_text":22500000}}}])";

/// As GPT-5.6: four tiers, one price for cache writes, a surcharge in Europe.
constexpr const char* kGpt =
    R"("prices":{"standard":{"input_text":5000000,"input_cache_read":500000,
         "input_cache_write_other":6250000,"output_text":30000000},
       "flex":{"input_text":2500000,"input_cache_read":250000,"input_cache_write_other":3125000,
         "output_text":15000000},
       "priority":{"input_text":10000000,"input_cache_read":1000000,
         "input_cache_write_other":12500000,"output_text":60000000},
       "batch":{"input_text":2500000,"output_text":15000000}},
     "long":[{"above":272000,"prices":{
       "standard":{"input_text":10000000,"input_cache_read":1000000,"output_text":45000000},
       "flex":{"input_text":5000000,"output_text":22500000}}}],
     "regions":{"eu":1100},"units":{"web_search":10000000000})";

/// As Gemini 2.5 Flash, where audio has its price, but thinking here dearer than text.
constexpr const char* kFlash =
    R"("prices":{"standard":{"input_text":300000,"input_cache_read":30000,"input_audio":1000000,
       "output_text":2500000,"output_reasoning":3500000,"output_audio":12000000},
       "priority":{"input_text":540000,"output_text":4500000}})";

/// As Grok 4 Fast: the limit itself is long already.
constexpr const char* kGrok =
    R"("prices":{"standard":{"input_text":200000,"input_cache_read":50000,"output_text":500000}},
     "long":[{"from":128000,"prices":{"standard":{"input_text":400000,"output_text":1000000}}}])";

/// As Qwen 3 Max: ranges 0 < n <= 32,000 < n <= 128,000 < n.
constexpr const char* kQwen =
    R"("prices":{"standard":{"input_text":1200000,"output_text":6000000}},
     "long":[{"above":32000,"prices":{"standard":{"input_text":2400000,"output_text":12000000}}},
             {"above":128000,"prices":{"standard":{"input_text":3000000,"output_text":15000000}}}])";

using enum TokenClass;

struct Row {
  const char* what;
  const char* price;
  std::vector<std::pair<TokenClass, std::uint64_t>> tokens;
  PicoUsd pico;  ///< worked out by hand: the products are in the comment
  Conditions conditions = {};
  std::vector<TokenClass> unpriced = {};
  std::vector<TokenClass> estimated = {};
};

ClassSet set_of(const std::vector<TokenClass>& classes) {
  ClassSet out;
  for (const auto each : classes) out.add(each);
  return out;
}

const std::vector<Row>& table() {
  static const std::vector<Row> kRows{
      // 1000*3 + 200*15 micro-USD
      {"plain", kSonnet, {{input_text, 1000}, {output_text, 200}}, 6'000'000'000},
      // 100*3 + 50,000*0.3 + 10*15
      {"cached",
       kSonnet,
       {{input_text, 100}, {input_cache_read, 50'000}, {output_text, 10}},
       15'450'000'000},
      // 4000*3.75
      {"written for 5 minutes", kSonnet, {{input_cache_write_5m, 4000}}, 15'000'000'000},
      // 4000*6
      {"written for an hour", kSonnet, {{input_cache_write_1h, 4000}}, 24'000'000'000},
      // 1*3 + 10*0.3 + 100*3.75 + 1000*6 + 10*15
      {"both writes of one call are priced each at its own",
       kSonnet,
       {{input_text, 1},
        {input_cache_read, 10},
        {input_cache_write_5m, 100},
        {input_cache_write_1h, 1000},
        {output_text, 10}},
       6'531'000'000},
      // 8*3.75
      {"a write of unknown life time is taken for 5 minutes, and said so",
       kSonnet,
       {{input_cache_write_other, 8}},
       30'000'000,
       {},
       {},
       {input_cache_write_other}},
      // 200,000*3 + 1*15
      {"at the threshold", kSonnet, {{input_text, 200'000}, {output_text, 1}}, 600'015'000'000},
      // 200,001*6 + 1*22.5
      {"over it every token is dearer",
       kSonnet,
       {{input_text, 200'001}, {output_text, 1}},
       1'200'028'500'000},
      // 1*6 + 150,000*0.6 + 50,000*12
      {"cached and written tokens count towards it",
       kSonnet,
       {{input_text, 1}, {input_cache_read, 150'000}, {input_cache_write_1h, 50'000}},
       690'006'000'000},
      // 1000*0.3 + 100*2.5 + 400*3.5
      {"reasoning dearer than output",
       kFlash,
       {{input_text, 1000}, {output_text, 100}, {output_reasoning, 400}},
       1'950'000'000},
      // 400*15
      {"reasoning without a price of its own costs as output",
       kSonnet,
       {{output_reasoning, 400}},
       6'000'000'000},
      // 10*4.5, not 10*3.5
      {"reasoning in a priority call costs as its output there",
       kFlash,
       {{output_reasoning, 10}},
       45'000'000,
       {ServiceTier::priority}},
      // 500*1 + 60*12
      {"audio", kFlash, {{input_audio, 500}, {output_audio, 60}}, 1'220'000'000},
      // 258*0.3
      {"images cost as text where nothing else is said, which is an estimate",
       kFlash,
       {{input_image, 258}},
       77'400'000,
       {},
       {},
       {input_image}},
      // 1000*2.5 + 2000*0.25 + 100*15
      {"flex",
       kGpt,
       {{input_text, 1000}, {input_cache_read, 2000}, {output_text, 100}},
       4'500'000'000,
       {ServiceTier::flex}},
      // 1000*10 + 40*12.5 + 100*60
      {"priority",
       kGpt,
       {{input_text, 1000}, {input_cache_write_other, 40}, {output_text, 100}},
       16'500'000'000,
       {ServiceTier::priority}},
      // 7*0.03 : priority lists no price for it
      {"a class that a tier does not list has the standard price",
       kFlash,
       {{input_cache_read, 7}},
       210'000,
       {ServiceTier::priority}},
      // 1000*2.5 + 100*15
      {"batch with its own prices",
       kGpt,
       {{input_text, 1000}, {output_text, 100}},
       4'000'000'000,
       {ServiceTier::batch}},
      // 1000*3/2 + 100*15/2
      {"batch without is half, and an estimate",
       kSonnet,
       {{input_text, 1000}, {output_text, 100}},
       2'250'000'000,
       {ServiceTier::batch},
       {},
       {input_text, output_text}},
      // (1000*5 + 100*30) * 1.1
      {"a regional surcharge",
       kGpt,
       {{input_text, 1000}, {output_text, 100}},
       8'800'000'000,
       {ServiceTier::standard, "eu"}},
      // (1000*2.5 + 100*15) * 1.1
      {"a surcharge comes on top of the tier",
       kGpt,
       {{input_text, 1000}, {output_text, 100}},
       4'400'000'000,
       {ServiceTier::flex, "eu"}},
      // 1000*5
      {"a region without surcharge",
       kGpt,
       {{input_text, 1000}},
       5'000'000'000,
       {ServiceTier::standard, "jp"}},
      // 272,001*5 + 2*22.5
      {"a tier over the threshold",
       kGpt,
       {{input_text, 272'001}, {output_text, 2}},
       1'360'050'000'000,
       {ServiceTier::flex}},
      // 272,001*10 + 2*45 : the standard price there, not the priority one below it
      {"a tier that has no long price pays the standard long price",
       kGpt,
       {{input_text, 272'001}, {output_text, 2}},
       2'720'100'000'000,
       {ServiceTier::priority}},
      // 127,999*0.2
      {"below a threshold of xAI", kGrok, {{input_text, 127'999}}, 25'599'800'000},
      // 128,000*0.4
      {"at a threshold of xAI", kGrok, {{input_text, 128'000}}, 51'200'000'000},
      // 100,000*0.4 + 28,000*0.05 : no other price for cached tokens there
      {"a class without a long price keeps its own",
       kGrok,
       {{input_text, 100'000}, {input_cache_read, 28'000}},
       41'400'000'000},
      // 32,000*1.2, 32,001*2.4, 128,000*2.4, 128,001*3
      {"end of the first range", kQwen, {{input_text, 32'000}}, 38'400'000'000},
      {"begin of the second range", kQwen, {{input_text, 32'001}}, 76'802'400'000},
      {"end of the second range", kQwen, {{input_text, 128'000}}, 307'200'000'000},
      {"begin of the third range", kQwen, {{input_text, 128'001}}, 384'003'000'000},
      // 100*0.2; writes have no price
      {"cache writes without a price are unpriced, not free",
       kGrok,
       {{input_text, 100}, {input_cache_write_5m, 9}, {input_cache_write_1h, 9}},
       20'000'000,
       {},
       {input_cache_write_5m, input_cache_write_1h}},
      {"cached tokens without a price are unpriced",
       kQwen,
       {{input_cache_read, 5}},
       0,
       {},
       {input_cache_read}},
      {"audio without a price is unpriced",
       kSonnet,
       {{input_audio, 5}, {output_audio, 6}},
       0,
       {},
       {input_audio, output_audio}},
      // 40*6.25
      {"one price for writes of any life time", kGpt, {{input_cache_write_1h, 40}}, 250'000'000},
      {"no tokens of a class without a price cost nothing",
       kGrok,
       {{input_text, 1}, {input_cache_write_5m, 0}},
       200'000},
  };
  return kRows;
}

TEST(Cost, IsWhatAHandWorksOut) {
  ASSERT_GE(table().size(), 20U);
  for (const Row& row : table()) {
    SCOPED_TRACE(row.what);
    TokenCounts counts;
    for (const auto& [token_class, tokens] : row.tokens) counts.set(token_class, tokens);
    const Cost cost = cost_of(price_from(row.price), counts, row.conditions);
    EXPECT_EQ(cost.pico_usd, row.pico);
    EXPECT_EQ(cost.unpriced, set_of(row.unpriced));
    EXPECT_EQ(cost.estimated, set_of(row.estimated));
    EXPECT_EQ(cost.complete(), row.unpriced.empty());
    EXPECT_FALSE(cost.overflow);
  }
}

TokenCounts counts(std::uint64_t input, std::uint64_t cached, std::uint64_t written,
                   std::uint64_t output) {
  TokenCounts out;
  out.set(input_text, input);
  out.set(input_cache_read, cached);
  out.set(input_cache_write_5m, written);
  out.set(output_text, output);
  return out;
}

TEST(Cost, EqualsWhatProvidersBilled) {
  // An invoice of 4.614 cents for the write and 0.825 cents for the output.
  const Price sonnet_37 = price_from(
      R"("prices":{"standard":{"input_text":3000000,"input_cache_read":300000,
         "input_cache_write_5m":3750000,"input_cache_write_1h":6000000,"output_text":15000000}})");
  EXPECT_EQ(cost_of(sonnet_37, counts(3, 0, 12'304, 550)).pico_usd, 54'399'000'000);
  // $1.25 / $0.125 / $10: cached tokens at the full price would make 1.67825.
  const Price gpt_5 = price_from(
      R"("prices":{"standard":{"input_text":1250000,"input_cache_read":125000,
         "output_text":10000000}})");
  EXPECT_EQ(cost_of(gpt_5, counts(51'232, 1'188'096, 0, 12'909)).pico_usd, 341'642'000'000);
  // 20,212 tokens in, of which 16,298 cached: 0.0137 if those were counted twice.
  const Price gemini_3 = price_from(
      R"("prices":{"standard":{"input_text":500000,"input_cache_read":50000,
         "output_text":3000000}})");
  EXPECT_EQ(cost_of(gemini_3, counts(20'212 - 16'298, 16'298, 0, 931)).pico_usd, 5'564'900'000);
}

TEST(Cost, RoundsEachClassHalfUpSoThatClassesAddUp) {
  const Price odd =
      price_from(R"("prices":{"standard":{"input_text":1,"output_text":3}},"regions":{"eu":1050})");
  TokenCounts one;
  one.set(input_text, 1);
  one.set(output_text, 1);
  const Cost half = cost_of(odd, one, {ServiceTier::batch});
  EXPECT_EQ(half.by_class[static_cast<std::size_t>(input_text)], 1);   // 0.5
  EXPECT_EQ(half.by_class[static_cast<std::size_t>(output_text)], 2);  // 1.5
  EXPECT_EQ(half.pico_usd, 3);
  one.set(input_text, 10);
  EXPECT_EQ(cost_of(odd, one, {ServiceTier::standard, "eu"}).pico_usd, 11 + 3);  // 10.5 and 3.15
}

TEST(Cost, OfUnitsIsAddedWithoutSurcharge) {
  const Price price = price_from(kGpt);
  TokenCounts tokens;
  tokens.set(input_text, 10);
  UnitCounts units{};
  units[static_cast<std::size_t>(Unit::web_search)] = 3;
  units[static_cast<std::size_t>(Unit::page)] = 2;
  const Cost cost = cost_of(price, tokens, {ServiceTier::standard, "eu"}, units);
  EXPECT_EQ(cost.pico_usd, 55'000'000 + 30'000'000'000);
  EXPECT_EQ(cost.units, 30'000'000'000);
  EXPECT_EQ(cost.unpriced_units, 1U << static_cast<unsigned>(Unit::page));
  EXPECT_FALSE(cost.complete());
}

TEST(Cost, BeyondSixtyFourBitsIsUnpricedAndSaysSo) {
  const Price dearest =
      price_from(R"("prices":{"standard":{"input_text":10000000000,"output_text":600000000}})");
  TokenCounts many;
  many.set(input_text, 1'000'000'000);  // 10^19: more than 64 bits hold
  many.set(output_text, 1'000'000'000);
  const Cost cost = cost_of(dearest, many);
  EXPECT_TRUE(cost.overflow);
  EXPECT_TRUE(cost.unpriced.has(input_text));
  EXPECT_EQ(cost.pico_usd, 600'000'000'000'000'000);
  many.set(input_text, ~std::uint64_t{0});
  EXPECT_TRUE(cost_of(dearest, many, {ServiceTier::batch}).unpriced.has(input_text));
}

TEST(Cost, WithoutACacheIsThatOfPlainInput) {
  const Price price = price_from(kSonnet);
  const TokenCounts call = counts(100, 50'000, 1000, 10);
  const TokenCounts plain = without_cache(call);
  EXPECT_EQ(plain[input_text], 51'100U);
  EXPECT_EQ(plain[input_cache_read], 0U);
  EXPECT_EQ(input_tokens(plain), input_tokens(call));
  // Saved: 50,000*(3-0.3) for reading; the write cost 1000*0.75 more.
  EXPECT_EQ(cost_of(price, plain).pico_usd - cost_of(price, call).pico_usd, 134'250'000'000);
}

TEST(Cost, WithoutACacheNothingIsReadOrWritten) {
  TokenCounts call;
  for (std::size_t i = 0; i < kTokenClasses; ++i) call.set(static_cast<TokenClass>(i), 10 + i);
  const TokenCounts plain = without_cache(call);
  EXPECT_EQ(plain[input_text], 10U + 11 + 12 + 13 + 14);
  for (const auto cached :
       {input_cache_read, input_cache_write_5m, input_cache_write_1h, input_cache_write_other}) {
    EXPECT_EQ(plain[cached], 0U);
  }
  EXPECT_EQ(plain[input_audio], 15U);
  EXPECT_EQ(plain[output_image], 21U);
  EXPECT_EQ(without_cache(TokenCounts{}), TokenCounts{});  // nothing known stays unknown
}

TEST(ServiceTiers, AreReadInTheWordsOfProvidersButNotGuessed) {
  EXPECT_EQ(service_tier_of_provider("default"), ServiceTier::standard);
  EXPECT_EQ(service_tier_of_provider("on_demand"), ServiceTier::standard);
  EXPECT_EQ(service_tier_of_provider("priority"), ServiceTier::priority);
  EXPECT_EQ(service_tier_of_provider("auto"), std::nullopt);
  EXPECT_EQ(service_tier_of_provider("scale"), std::nullopt);
}

}  // namespace
}  // namespace hansard::events::pricing
