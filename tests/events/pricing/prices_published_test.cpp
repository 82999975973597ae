#include "events/system/prices.h"

#include <gtest/gtest.h>

#include "events/system/events.h"
#include "pricing_checks.h"
#include "support/golden.h"

namespace hansard::events {
namespace {

using pricing::PriceBook;

std::string facts_with(const std::string& entries, const std::string& more = "") {
  return R"({"book":"b","version":"1","provenance":"us","part":1,"parts":1,"entries":)" + entries +
         more + "}";
}

core::Error refused_facts(const std::string& facts) {
  auto event = decode_system("PricesPublished", 1, facts, "{}");
  if (event) ADD_FAILURE() << "accepted " << facts;
  return event ? core::Error{} : std::move(event.error());
}

PricesPublished book_of(std::size_t count) {
  PricesPublished book{"b", "1", "us", {}, {}, 1, 1, Json(Json::Array{})};
  for (std::size_t i = 0; i < count; ++i) {
    pricing::PriceEntry entry;
    entry.provider = "p";
    entry.model = "model-" + std::to_string(i);
    entry.price.rates[0].set(pricing::TokenClass::input_text, static_cast<std::int64_t>(i));
    book.entries.push(to_json(entry));
  }
  return book;
}

TEST(PricesPublishedEvent, KeepsItsStoredForm) {
  const auto golden = parse_json(support::golden("events/PricesPublished.v1.json"));
  ASSERT_TRUE(golden) << golden.error().message;
  const std::string facts = dump(*golden->find("facts"));
  const auto event = decode_system("PricesPublished", 1, facts, "{}");
  ASSERT_TRUE(event) << event.error().message;
  const EncodedEvent encoded = encode(*event);
  EXPECT_EQ(encoded.type, "PricesPublished");
  EXPECT_EQ(encoded.facts, facts);
  EXPECT_EQ(encoded.content, "{}");
  // Its entries are written as they are read.
  const auto& published = std::get<PricesPublished>(*event);
  const auto entries = pricing::parse_price_entries(published.entries, "entries");
  ASSERT_TRUE(entries) << entries.error().message;
  Json again;
  for (const auto& each : *entries) again.push(to_json(each));
  EXPECT_EQ(dump(again), dump(published.entries));
}

TEST(PricesPublishedEvent, IsRefusedWithTheEntryThatIsWrong) {
  const std::string fine = R"({"provider":"p","model":"m","prices":{"standard":{"input_text":1}}})";
  EXPECT_TRUE(decode_system("PricesPublished", 1, facts_with("[" + fine + "]"), "{}"));
  EXPECT_EQ(refused_facts(facts_with("[" + fine + "," + fine + "]")).field,
            "facts.entries[1] (p/m)");
  EXPECT_EQ(refused_facts(facts_with(R"([{"model":"m","prices":{"standard":{"output_text":-3}}}])"))
                .field,
            "facts.entries[0] (m).prices.standard.output_text");
  EXPECT_EQ(
      refused_facts(facts_with(R"([{"model":"m","prices":{"standard":{"output_text":0.5}}}])"))
          .field,
      "facts.entries[0] (m).prices.standard.output_text");
  EXPECT_EQ(refused_facts(facts_with("{}")).field, "facts.entries");
  EXPECT_EQ(refused_facts(facts_with("[]", R"(,"effective_from":"yesterday")")).field,
            "facts.effective_from");
  EXPECT_EQ(refused_facts(facts_with("[]", R"(,"more":1)")).field, "facts.more");
  EXPECT_EQ(refused_facts(R"({"book":"b","version":"1","provenance":"us","part":3,"parts":2,)"
                          R"("entries":[]})")
                .field,
            "facts.part");
  EXPECT_FALSE(decode_system("PricesPublished", 1, facts_with("[]"), R"({"a":1})"));
}

TEST(PricesPublishedEvent, SplitsABookThatIsTooLongAndLosesNothing) {
  EXPECT_EQ(in_parts(book_of(0)).size(), 1U);
  EXPECT_EQ(in_parts(book_of(pricing::kMaxPriceEntries)).size(), 1U);
  const auto parts = in_parts(book_of(10'000));
  ASSERT_GE(parts.size(), 3U);
  PriceBook book;
  std::uint64_t position = 5;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    EXPECT_EQ(parts[i].part, i + 1);
    EXPECT_EQ(parts[i].parts, parts.size());
    EXPECT_LE(encode(parts[i]).facts.size(), kMaxPricesPartBytes + 4096);
    const auto added = add_prices(parts[i], "_log", core::Position{position++}, book);
    ASSERT_TRUE(added) << added.error().message;
  }
  EXPECT_EQ(book.size(), 10'000U);
  const auto match = book.quote("default", "p", "model-9999").at(pricing::day("2026-01-01"));
  ASSERT_TRUE(match);
  EXPECT_EQ(match.price->entry.price.rates[0][pricing::TokenClass::input_text], 9999);
}

TEST(PricesPublishedEvent, AddsItsEntriesToABookAtItsPositionForItsProject) {
  PriceBook book;
  const std::string facts = facts_with(
      R"([{"provider":"p","model":"m","prices":{"standard":{"input_text":7}}}])",
      R"(,"effective_from":"2026-02-01T00:00:00Z","collected_at":"2026-03-01T00:00:00Z")");
  core::RecordedEvent event;
  event.position = core::Position{41};
  event.type = "PricesPublished";
  event.project = "acme";
  event.stream = "system";
  event.facts = facts;
  event.content = "{}";
  const auto added = add_prices(event, book);
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_TRUE(*added);
  const auto quote = book.quote("acme", "p", "m");
  ASSERT_EQ(quote.steps().size(), 1U);
  EXPECT_EQ(quote.steps()[0].from, pricing::day("2026-02-01"));
  EXPECT_EQ(quote.steps()[0].match.price->id(), "41/0");
  EXPECT_TRUE(book.quote("other", "p", "m").steps().empty());

  event.type = "CircuitClosed";
  EXPECT_FALSE(*add_prices(event, book));
  event.type = "PricesPublished";
  const std::string broken = facts_with("[3]");
  event.facts = broken;
  EXPECT_FALSE(add_prices(event, book));
  EXPECT_EQ(book.size(), 1U);
}

}  // namespace
}  // namespace hansard::events
