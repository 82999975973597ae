#include "projections/prices.h"

#include <random>

#include "events/json.h"
#include "events/pricing/book_file.h"
#include "events/pricing/priced_call.h"
#include "events/system/events.h"
#include "projections/call_costs.h"
#include "projections/facts/calls.h"
#include "projections/query/execute.h"
#include "recorder.h"

namespace hansard::projections::test {
namespace {

using events::PricesPublished;
using facts::CallsView;
using query::Aggregate;
using query::Function;
using query::Measure;

constexpr std::string_view kTwoModels =
    R"([{"provider":"p1","model":"m1","home":true,"prices":{"standard":{"input_text":3000000,)"
    R"("output_text":15000000,"input_cache_read":300000},"flex":{"input_text":1500000,)"
    R"("output_text":7500000}},"long":[{"above":1000,"prices":{"standard":{"input_text":6000000,)"
    R"("output_text":22500000}}}]},)"
    R"({"provider":"p1","model":"m2","prices":{"standard":{"input_text":7}}}])";

core::Position publish(Recorder& recorder, std::string_view project, std::string_view version,
                       std::string_view entries, std::string_view book = "default",
                       std::string_view more = {}) {
  const core::ProjectId before = recorder.project();
  recorder.in_project(project);
  const auto receipt =
      recorder.add_raw("system", "PricesPublished",
                       R"({"book":")" + std::string(book) + R"(","version":")" +
                           std::string(version) + R"(","provenance":"a test")" + std::string(more) +
                           R"(,"part":1,"parts":1,"entries":)" + std::string(entries) + "}");
  recorder.in_project(before.text());
  return receipt.position;
}

std::string one_price(std::string_view model, int pico) {
  return R"([{"provider":"p1","model":")" + std::string(model) +
         R"(","prices":{"standard":{"input_text":)" + std::to_string(pico) + "}}}]";
}

std::shared_ptr<const Prices> read(PriceReader& reader, const core::ProjectId& project) {
  auto prices = reader.read(project);
  EXPECT_TRUE(prices) << prices.error().message;
  return prices ? *prices : std::make_shared<const Prices>();
}

void answer(Recorder& recorder, std::string_view id, std::string_view model, events::Usage usage,
            std::string_view raw_usage = {}) {
  auto event = response(id, "hi", std::string(model), usage);
  if (!raw_usage.empty()) event.raw_usage = events::parse_json(raw_usage).value();
  recorder.answer("s1", event);
}

query::Answer asked(const core::EventLog& log, const query::CostHook& hook,
                    std::vector<Measure> measures) {
  const CallsView view;
  const Built built(log, view);
  query::Query query;
  for (const Measure each : measures) query.aggregates.push_back({Function::sum, each});
  query::Options options;
  options.cost = hook;
  auto answer = query::execute(built.model(), keyed_hash(), query, options);
  EXPECT_TRUE(answer) << answer.error().message;
  return answer ? *std::move(answer) : query::Answer{};
}

std::optional<std::int64_t> sum_of(const query::Answer& answer, std::size_t nth = 0) {
  if (answer.groups.empty()) return std::nullopt;
  const query::Cell& cell = answer.groups.front().cells.at(nth);
  return cell.known ? std::optional(static_cast<std::int64_t>(cell.integer)) : std::nullopt;
}

TEST(PriceReaderOfALog, ReadsOnlyWhatIsNewAndKeepsWhatItGave) {
  Recorder recorder;
  PriceReader reader(recorder.log());
  const auto nothing = read(reader, recorder.project());
  EXPECT_EQ(nothing->book.size(), 0U);

  recorder.create("s1");
  publish(recorder, "_log", "1", kTwoModels);
  const auto first = read(reader, recorder.project());
  EXPECT_EQ(first->book.size(), 2U);
  EXPECT_EQ(nothing->book.size(), 0U);
  EXPECT_EQ(read(reader, recorder.project()), first) << "nothing is new, nothing is copied";

  recorder.in_project("_log");
  recorder.add_raw("system", "CircuitClosed", R"({"route":"r","provider":"p"})");
  recorder.in_project("default");
  EXPECT_EQ(read(reader, recorder.project()), first);

  publish(recorder, "_log", "2", one_price("m1", 5));
  EXPECT_EQ(read(reader, recorder.project())->book.size(), 3U);
  EXPECT_EQ(first->book.size(), 2U);
}

TEST(PriceReaderOfALog, NamesEveryBookOnce) {
  Recorder recorder;
  PriceReader reader(recorder.log());
  for (int part = 1; part <= 2; ++part) {
    recorder.in_project("_log");
    recorder.add_raw("system", "PricesPublished",
                     R"({"book":"default","version":"7","provenance":"x",)"
                     R"("collected_at":"2026-08-01T00:00:00Z","part":)" +
                         std::to_string(part) + R"(,"parts":2,"entries":)" +
                         one_price("m" + std::to_string(part), 1) + "}");
    recorder.in_project("default");
    recorder.create("between" + std::to_string(part));
  }
  const auto own = publish(recorder, "default", "1", one_price("m1", 2), "ours");
  publish(recorder, "other", "1", one_price("m1", 3), "theirs");
  (void)read(reader, support::project("other"));
  const auto prices = read(reader, recorder.project());
  const auto books = prices->books_of("default");
  ASSERT_EQ(books.size(), 2U);
  const PublishedBook& shared = books[0].book == "default" ? books[0] : books[1];
  EXPECT_EQ(shared.parts, 2U);
  EXPECT_EQ(shared.entries, 2U);
  EXPECT_EQ(shared.first, core::Position{0});
  EXPECT_EQ(shared.last, core::Position{2});
  EXPECT_EQ(shared.collected_at, core::parse_time("2026-08-01T00:00:00Z").value());
  EXPECT_EQ(prices->books_of("default", own).size(), 1U);
  EXPECT_EQ(prices->books_of("other").size(), 2U);
}

TEST(PriceReaderOfALog, SaysWhichPricesItCannotRead) {
  Recorder recorder;
  PriceReader reader(recorder.log());
  publish(recorder, "_log", "1", R"([{"model":"m"}])");
  const auto prices = reader.read(recorder.project());
  ASSERT_FALSE(prices);
  EXPECT_NE(prices.error().message.find("entries[0] (m)"), std::string::npos)
      << prices.error().message;
}

TEST(CostOfCalls, FollowsTiersLongContextsOverridesAndThePositionOfThePrices) {
  Recorder recorder;
  PriceReader reader(recorder.log());
  recorder.occurring(recorder.now());
  recorder.create("s1");
  answer(recorder, "a", "m1", tokens(1000, 10));
  answer(recorder, "b", "m1", tokens(1001, 10));
  answer(recorder, "c", "m1", tokens(100, 10), R"({"service_tier":"flex"})");
  publish(recorder, "_log", "1", kTwoModels);
  const std::int64_t expected = 1000 * 3'000'000LL + 10 * 15'000'000LL    // up to the threshold
                                + 1001 * 6'000'000LL + 10 * 22'500'000LL  // over it, every token
                                + 100 * 1'500'000LL + 10 * 7'500'000LL;   // flex
  const auto cost = [&](CostOptions options) {
    return sum_of(asked(recorder.log(),
                        cost_hook(read(reader, recorder.project()), recorder.project(), options),
                        {Measure::cost}));
  };
  EXPECT_EQ(cost({}), expected);

  const auto own = publish(recorder, "default", "1",
                           R"([{"provider":"p1","model":"m1","prices":{"standard":)"
                           R"({"input_text":1,"output_text":2}}}])",
                           "ours");
  EXPECT_EQ(cost({}), 1000 + 1001 + 100 + 30 * 2);
  CostOptions before;
  before.prices_as_of = own;
  EXPECT_EQ(cost(before), expected);
  before.prices_as_of = core::Position{0};
  EXPECT_EQ(cost(before), std::nullopt);
  CostOptions other;
  other.as = {"p1", "m2"};
  EXPECT_EQ(cost(other), (1000 + 1001 + 100) * 7);
}

TEST(CostOfCalls, IsUnknownForWhatIsUndatedUnsaidOrUnpricedAndNamesItsBooks) {
  Recorder recorder;
  PriceReader reader(recorder.log());
  publish(recorder, "_log", "1", kTwoModels, "default",
          R"(,"collected_at":"2030-01-01T00:00:00Z")");
  publish(recorder, "_log", "9", one_price("m9", 1), "unused");
  recorder.create("s1");
  answer(recorder, "undated", "m1", tokens(1, 1));
  recorder.occurring(recorder.now());
  answer(recorder, "nobody sells it", "m77", tokens(1, 1));
  recorder.answer("s1", response("no usage", "hi", "m1"s));
  answer(recorder, "partly", "m2", tokens(3, 1));
  auto cached = response("cached", "hi", "m1"s, tokens(2, 0));
  cached.served_from = events::ServedFrom::cache;
  recorder.answer("s1", cached);

  CostOptions options;
  options.used = std::make_shared<BooksUsed>();
  const auto answer = asked(
      recorder.log(), cost_hook(read(reader, recorder.project()), recorder.project(), options),
      {Measure::cost, Measure::saved_cost});
  EXPECT_EQ(sum_of(answer, 0), 3 * 7);
  EXPECT_EQ(sum_of(answer, 1), 2 * 3'000'000);
  EXPECT_EQ(answer.calls_unpriced, 2U);
  EXPECT_EQ(answer.calls_partly_priced, 1U);
  EXPECT_GE(answer.calls_cost_estimated, 1U) << "prices of 2030 were looked up later";
  ASSERT_EQ(options.used->list().size(), 1U);
  EXPECT_EQ(options.used->list().front().book, "default");
}

/// Every random call, alone: what the columns say is what the rules say.
TEST(CostOfCalls, EqualsTheRulesForRandomCalls) {
  constexpr std::uint64_t kSeed = 20'260'801;
  std::mt19937_64 random(kSeed);
  const auto below = [&](std::uint64_t bound) { return random() % bound; };
  const auto& entries = events::pricing::default_prices();
  std::vector<std::string> models;
  std::vector<std::string> providers;
  Recorder recorder;
  recorder.in_project("_log");
  for (const PricesPublished& part : entries) {
    const auto encoded = events::encode(part);
    recorder.add_raw("system", encoded.type, encoded.facts, encoded.content);
    const auto read_entries = events::pricing::parse_price_entries(part.entries, "");
    for (const auto& each : *read_entries) {
      models.push_back(each.model);
      providers.push_back(each.provider.value_or(""));
    }
  }
  recorder.in_project("default");
  PriceReader reader(recorder.log());
  const auto prices = read(reader, recorder.project());
  ASSERT_GT(models.size(), 1'000U);

  constexpr std::array kTiers{"default", "flex", "priority", "batch", "odd", "standard"};
  for (int round = 0; round < 300; ++round) {
    const std::size_t nth = below(models.size());
    events::pricing::CallToPrice call;
    if (below(20) == 0) models[nth] = "nobody";
    if (below(10) == 0) providers[nth] = "elsewhere";
    call.model = models[nth];
    call.provider = providers[nth];
    events::Usage usage;
    const auto some = [&](std::optional<std::uint64_t>& into) {
      if (below(3) != 0) return;
      into = below(6) == 0 ? random() >> (1 + below(60)) : below(400'000);
    };
    some(usage.input_text);
    some(usage.input_cache_read);
    some(usage.input_cache_write_5m);
    some(usage.input_cache_write_1h);
    some(usage.input_cache_write_other);
    some(usage.input_audio);
    some(usage.input_image);
    some(usage.output_text);
    some(usage.output_reasoning);
    some(usage.output_audio);
    call.usage = usage;
    const std::string tier = kTiers[below(kTiers.size())];
    call.conditions.tier = events::pricing::service_tier_of_provider(tier).value_or(
        events::pricing::ServiceTier::standard);
    call.occurred_at = recorder.now() + std::chrono::days(below(1'000));
    const auto expected = events::pricing::cost_of(prices->book, "default", call);

    Recorder one;
    one.occurring(call.occurred_at);
    one.create("s1");
    auto event = response("x", "hi", std::string(call.model), usage);
    event.provider = std::string(call.provider);
    if (call.provider.empty()) event.provider.reset();
    event.raw_usage = events::parse_json(R"({"service_tier":")" + tier + R"("})").value();
    one.answer("s1", event);
    const auto answer = asked(one.log(), cost_hook(prices, one.project()), {Measure::cost});
    bool something = expected.cost.complete();
    const auto counts = events::pricing::counts_of(usage);
    for (std::size_t i = 0; i < events::pricing::kTokenClasses; ++i) {
      const auto each = static_cast<events::pricing::TokenClass>(i);
      something = something || (counts[each] != 0 && !expected.cost.unpriced.has(each));
    }
    SCOPED_TRACE("seed " + std::to_string(kSeed) + " round " + std::to_string(round) + " " +
                 std::string(call.provider) + "/" + std::string(call.model) + " " + tier);
    if (expected.reason != events::pricing::NoCost::none || !something) {
      EXPECT_EQ(sum_of(answer), std::nullopt);
      continue;
    }
    EXPECT_EQ(sum_of(answer), expected.cost.pico_usd);
    EXPECT_EQ(answer.calls_partly_priced, expected.cost.complete() ? 0U : 1U);
    EXPECT_EQ(answer.calls_cost_estimated, expected.estimated ? 1U : 0U);
  }
}

}  // namespace
}  // namespace hansard::projections::test
