#include "events/pricing/book.h"

#include "pricing_checks.h"

namespace hansard::events::pricing {
namespace {

constexpr core::Position kAll = PriceBook::kAll;

/// An entry whose input costs `pico`, so that a price tells where it is from.
std::string entry_text(const std::string& names, PicoUsd pico) {
  return "{" + names + R"(,"prices":{"standard":{"input_text":)" + std::to_string(pico) + "}}}";
}

void publish(PriceBook& book, std::uint64_t position, const std::string& entries,
             std::string_view project = kSharedPrices,
             std::optional<core::Timestamp> collected_at = std::nullopt) {
  book.publish(project, {core::Position{position}, "test", "1", std::nullopt, collected_at},
               entries_of("[" + entries + "]"));
}

/// The price per input token that a call of `model` has, or -1.
PicoUsd pico_of(const PriceBook& book, std::string_view provider, std::string_view model,
                std::string_view when = "2026-06-01", core::Position end = kAll,
                std::string_view project = "default") {
  const Match match = book.quote(project, provider, model, end).at(day(when));
  return match ? match.price->entry.price.rates[0][TokenClass::input_text] : -1;
}

Match match_of(const PriceBook& book, std::string_view provider, std::string_view model) {
  return book.quote("default", provider, model).at(day("2026-06-01"));
}

PriceBook shelf() {
  PriceBook book;
  publish(book, 7,
          entry_text(R"("provider":"openai","model":"gpt-5","home":true)", 10) + "," +
              entry_text(R"("provider":"openai","model":"gpt-5-2026-01-01","home":true)", 11) +
              "," + entry_text(R"("provider":"azure","model":"gpt-5")", 12) + "," +
              entry_text(R"("provider":"google","model":"gemini-x","home":true)", 20) + "," +
              entry_text(R"("provider":"groq","model":"openai/gpt-oss")", 30) + "," +
              entry_text(R"("provider":"openrouter","model":"meta/llama")", 40) + "," +
              entry_text(R"("provider":"openai","model":"ft:gpt-5:*","home":true)", 50) + "," +
              entry_text(R"("provider":"openai","model":"ft:gpt-5:acme:*","home":true)", 51) + "," +
              entry_text(R"("provider":"ollama","model":"*")", 0) + "," +
              entry_text(R"("model":"anybody-serves-this")", 60));
  return book;
}

TEST(PriceBook, FindsAModelByItsExactNameAtItsProvider) {
  const PriceBook book = shelf();
  EXPECT_EQ(pico_of(book, "openai", "gpt-5"), 10);
  EXPECT_EQ(pico_of(book, "azure", "gpt-5"), 12);
  EXPECT_EQ(pico_of(book, "openai", "gpt-5-2026-01-01"), 11);
  EXPECT_EQ(pico_of(book, "groq", "openai/gpt-oss"), 30);
  EXPECT_EQ(pico_of(book, "vllm", "anybody-serves-this"), 60);
  EXPECT_EQ(match_of(book, "openai", "gpt-5").kind, MatchKind::exact);
  EXPECT_FALSE(match_of(book, "openai", "gpt-5").provider_assumed);
  EXPECT_EQ(match_of(book, "openai", "gpt-5").price->id(), "7/0");
}

TEST(PriceBook, NeverMatchesANameThatMerelyResembles) {
  const PriceBook book = shelf();
  for (const char* name : {"gpt-5-mini", "gpt-5x", "GPT-5", "gpt", "gpt-5-latest", "gpt-5-0613",
                           "gpt-5-2026-13-01", "gpt-5-20261301", "my-gpt-5", "xgemini/gemini-x"}) {
    EXPECT_EQ(pico_of(book, "openai", name), -1) << name;
  }
  EXPECT_EQ(pico_of(book, "openai", ""), -1);
}

TEST(PriceBook, UnderstandsTheProviderInAModelsName) {
  const PriceBook book = shelf();
  EXPECT_EQ(pico_of(book, "", "gemini/gemini-x"), 20);
  EXPECT_EQ(match_of(book, "", "gemini/gemini-x").kind, MatchKind::provider_prefixed);
  EXPECT_FALSE(match_of(book, "", "gemini/gemini-x").provider_assumed);
  EXPECT_EQ(pico_of(book, "google", "google/gemini-x"), 20);
  // Names at hosts have slashes of their own.
  EXPECT_EQ(pico_of(book, "", "groq/openai/gpt-oss"), 30);
  // A router passes prices on, where it has none itself; a provider of its own does not.
  EXPECT_EQ(pico_of(book, "openrouter", "meta/llama"), 40);
  EXPECT_EQ(pico_of(book, "openrouter", "openai/gpt-5"), 10);
  EXPECT_TRUE(match_of(book, "openrouter", "openai/gpt-5").provider_assumed);
  EXPECT_EQ(pico_of(book, "azure", "openai/gpt-5"), -1);
}

TEST(PriceBook, StripsADateAfterExactNamesFail) {
  const PriceBook book = shelf();
  EXPECT_EQ(pico_of(book, "openai", "gpt-5-2026-02-02"), 10);
  EXPECT_EQ(pico_of(book, "openai", "gpt-5-20260202"), 10);
  EXPECT_EQ(pico_of(book, "azure", "gpt-5@20260202"), 12);
  EXPECT_EQ(pico_of(book, "", "openai/gpt-5-2026-02-02"), 10);
  EXPECT_EQ(match_of(book, "openai", "gpt-5-20260202").kind, MatchKind::date_stripped);
}

TEST(PriceBook, TriesTheLongestPatternLast) {
  const PriceBook book = shelf();
  EXPECT_EQ(pico_of(book, "openai", "ft:gpt-5:org::id"), 50);
  EXPECT_EQ(pico_of(book, "openai", "ft:gpt-5:acme::id"), 51);
  EXPECT_EQ(match_of(book, "openai", "ft:gpt-5:acme::id").kind, MatchKind::pattern);
  EXPECT_EQ(pico_of(book, "", "ft:gpt-5:org::id"), 50);
  EXPECT_EQ(pico_of(book, "azure", "ft:gpt-5:org::id"), -1);
  EXPECT_EQ(pico_of(book, "ollama", "llama9:1b"), 0);
}

TEST(PriceBook, TakesTheMakersPriceOnlyWhereNobodyElseServes) {
  const PriceBook book = shelf();
  EXPECT_EQ(pico_of(book, "", "gpt-5"), 10);
  EXPECT_TRUE(match_of(book, "", "gpt-5").provider_assumed);
  // A name of the user's own for a proxy.
  EXPECT_EQ(pico_of(book, "our-proxy", "gpt-5"), 10);
  EXPECT_TRUE(match_of(book, "our-proxy", "gpt-5").provider_assumed);
  // Whom the book knows has no such model; one's own machines send no bills.
  EXPECT_EQ(pico_of(book, "google", "gpt-5"), -1);
  EXPECT_EQ(pico_of(book, "vllm", "gpt-5"), -1);
  EXPECT_EQ(pico_of(book, "ollama", "gpt-5"), 0);
}

TEST(PriceBook, KnowsProvidersByTheNamesOfConventions) {
  const PriceBook book = shelf();
  for (const char* name : {"google", "gemini", "gcp.gemini", "google_genai"}) {
    EXPECT_EQ(pico_of(book, name, "gemini-x"), 20) << name;
  }
  EXPECT_EQ(pico_of(book, "az.ai.openai", "gpt-5"), 12);
}

TEST(PriceBook, AppliesThePriceInForceWhenTheCallOccurred) {
  PriceBook book;
  const std::string model = R"("provider":"p","model":"m")";
  publish(book, 1, entry_text(model + R"(,"effective_from":"2026-03-01T00:00:00Z")", 2));
  EXPECT_EQ(pico_of(book, "p", "m", "2026-02-28"), -1);
  publish(book, 2, entry_text(model, 1));
  publish(book, 3, entry_text(model + R"(,"effective_from":"2026-05-01T12:00:00Z")", 3));
  EXPECT_EQ(pico_of(book, "p", "m", "2026-02-28"), 1);
  EXPECT_EQ(pico_of(book, "p", "m", "2026-03-01"), 2);
  EXPECT_EQ(pico_of(book, "p", "m", "2026-05-01"), 2);
  EXPECT_EQ(pico_of(book, "p", "m", "2026-05-02"), 3);
  const Quote quote = book.quote("default", "p", "m");
  ASSERT_EQ(quote.steps().size(), 3U);
  EXPECT_EQ(quote.steps()[2].from, moment("2026-05-01T12:00:00Z"));
}

TEST(PriceBook, ShadowsOlderEntriesAndRemembersThemAsOfAPosition) {
  PriceBook book;
  const std::string march = R"("provider":"p","model":"m","effective_from":"2026-03-01T00:00:00Z")";
  publish(book, 10, entry_text(march, 1));
  publish(book, 20, entry_text(march, 2));
  EXPECT_EQ(pico_of(book, "p", "m"), 2);
  EXPECT_EQ(pico_of(book, "p", "m", "2026-06-01", core::Position{20}), 1);
  EXPECT_EQ(pico_of(book, "p", "m", "2026-06-01", core::Position{21}), 2);
  EXPECT_EQ(pico_of(book, "p", "m", "2026-06-01", core::Position{10}), -1);
  // An entry published later for an earlier time does not hide what holds later.
  publish(book, 30, entry_text(R"("provider":"p","model":"m")", 3));
  EXPECT_EQ(pico_of(book, "p", "m"), 2);
  EXPECT_EQ(pico_of(book, "p", "m", "2026-01-01"), 3);
}

TEST(PriceBook, IsTheSameWhateverTheOrderAndHoweverOftenEventsCome) {
  PriceBook book;
  const std::string older = entry_text(R"("provider":"p","model":"m")", 1);
  const std::string newer = entry_text(R"("provider":"p","model":"m")", 2);
  publish(book, 9, newer);
  publish(book, 4, older);
  publish(book, 9, newer);
  EXPECT_EQ(book.size(), 2U);
  EXPECT_EQ(pico_of(book, "p", "m"), 2);
  EXPECT_EQ(pico_of(book, "p", "m", "2026-06-01", core::Position{9}), 1);
}

TEST(PriceBook, AsksAProjectsOwnPricesFirst) {
  PriceBook book = shelf();
  publish(book, 90, entry_text(R"("provider":"openai","model":"gpt-5*")", 5), "acme");
  publish(book, 91, entry_text(R"("provider":"work","model":"gpt-5")", 6), "acme");
  // Even a pattern of the project's comes before the exact name in the shared book.
  EXPECT_EQ(pico_of(book, "openai", "gpt-5", "2026-06-01", kAll, "acme"), 5);
  EXPECT_EQ(pico_of(book, "work", "gpt-5", "2026-06-01", kAll, "acme"), 6);
  EXPECT_EQ(pico_of(book, "openai", "gpt-5", "2026-06-01", core::Position{90}, "acme"), 10);
  EXPECT_EQ(pico_of(book, "openai", "gpt-5"), 10);
  EXPECT_TRUE(book.quote("acme", "openai", "gpt-5").at(day("2026-06-01")).of_project);
  // Taken back: the shared price again, from that moment on.
  publish(book, 92,
          R"({"provider":"openai","model":"gpt-5*","withdrawn":true,)"
          R"("effective_from":"2026-07-01T00:00:00Z"})",
          "acme");
  EXPECT_EQ(pico_of(book, "openai", "gpt-5", "2026-06-30", kAll, "acme"), 5);
  EXPECT_EQ(pico_of(book, "openai", "gpt-5", "2026-07-01", kAll, "acme"), 10);
}

TEST(PriceBook, ListsOnePriceForEachKey) {
  PriceBook book = shelf();
  publish(book, 90, entry_text(R"("provider":"openai","model":"gpt-5")", 5), "acme");
  const auto shared = book.list("default", day("2026-06-01"));
  const auto own = book.list("acme", day("2026-06-01"));
  EXPECT_EQ(shared.size(), 10U);
  ASSERT_EQ(own.size(), 10U);
  std::size_t replaced = 0;
  for (const auto& each : own) replaced += each->position.value == 90 ? 1 : 0;
  EXPECT_EQ(replaced, 1U);
}

TEST(PriceBook, CopiesStayAsTheyWereWhileTheOriginalGrows) {
  PriceBook book = shelf();
  const PriceBook before = book;
  const Quote quote = before.quote("default", "openai", "gpt-5");
  publish(book, 99, entry_text(R"("provider":"openai","model":"gpt-5")", 99));
  EXPECT_EQ(pico_of(before, "openai", "gpt-5"), 10);
  EXPECT_EQ(pico_of(book, "openai", "gpt-5"), 99);
  book = PriceBook{};
  EXPECT_EQ(quote.at(day("2026-06-01")).price->id(), "7/0");
}

TEST(PricedCall, SaysWhyThereIsNoCost) {
  const PriceBook book = shelf();
  CallToPrice call;
  call.provider = "openai";
  call.model = "gpt-5";
  call.occurred_at = day("2026-06-01");
  EXPECT_EQ(cost_of(book, "default", call).reason, NoCost::no_usage);
  call.usage = Usage{};
  EXPECT_EQ(cost_of(book, "default", call).reason, NoCost::no_usage);
  call.usage->input_text = 4;
  EXPECT_EQ(cost_of(book, "default", call).cost.pico_usd, 40);
  EXPECT_EQ(cost_of(book, "default", call).reason, NoCost::none);
  EXPECT_FALSE(cost_of(book, "default", call).estimated);
  call.model = "unheard-of";
  EXPECT_EQ(cost_of(book, "default", call).reason, NoCost::no_price);
  call.model = "";
  EXPECT_EQ(cost_of(book, "default", call).reason, NoCost::no_model);
  call.occurred_at.reset();
  EXPECT_EQ(cost_of(book, "default", call).reason, NoCost::undated);
}

TEST(PricedCall, IsAnEstimateWhereThePriceIsAssumed) {
  PriceBook book;
  publish(book, 1, entry_text(R"("provider":"openai","model":"m","home":true)", 1), kSharedPrices,
          day("2026-08-01"));
  CallToPrice call;
  call.provider = "openai";
  call.model = "m";
  call.occurred_at = day("2026-08-01");
  call.usage = Usage{};
  call.usage->input_text = 2;
  EXPECT_FALSE(cost_of(book, "default", call).estimated);
  call.provider = "";
  EXPECT_TRUE(cost_of(book, "default", call).estimated);
  call.provider = "openai";
  call.occurred_at = day("2026-07-31");  // before anybody looked
  EXPECT_TRUE(cost_of(book, "default", call).estimated);
}

}  // namespace
}  // namespace hansard::events::pricing
