#include <map>
#include <set>

#include "events/pricing/book_file.h"
#include "events/system/events.h"
#include "pricing_checks.h"

namespace hansard::events::pricing {
namespace {

/// All of the book that comes with the program, as the log would have it.
const PriceBook& shipped() {
  static const PriceBook kBook = [] {
    PriceBook book;
    std::uint64_t position = 0;
    for (const auto& part : default_prices()) {
      const auto added = add_prices(part, "_log", core::Position{position++}, book);
      if (!added) ADD_FAILURE() << added.error().message;
    }
    return book;
  }();
  return kBook;
}

PicoUsd shipped_price(std::string_view provider, std::string_view model, TokenClass token_class,
                      ServiceTier tier = ServiceTier::standard) {
  const Match match = shipped().quote("default", provider, model).at(day("2026-09-01"));
  if (!match) {
    ADD_FAILURE() << "no price for " << provider << " " << model;
    return -2;
  }
  return match.price->entry.price.rates.at(static_cast<std::size_t>(tier))[token_class];
}

TEST(DefaultBook, IsReadAndPublishedWhole) {
  std::size_t entries = 0;
  for (const auto& part : default_prices()) {
    EXPECT_EQ(part.book, "default");
    EXPECT_EQ(part.version + "T00:00:00Z", part.collected_at);
    EXPECT_FALSE(part.effective_from);
    EXPECT_FALSE(part.provenance.empty());
    // As the log would take it.
    const EncodedEvent encoded = encode(part);
    EXPECT_LT(encoded.facts.size(), kMaxPricesPartBytes + 4096);
    const auto again = decode_system(encoded.type, encoded.schema, encoded.facts, encoded.content);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(encode(*again).facts, encoded.facts);
    entries += part.entries.if_array()->size();
  }
  EXPECT_GT(entries, 1000U);
  EXPECT_EQ(shipped().size(), entries);
}

TEST(DefaultBook, HasThePricesThatProvidersPublish) {
  using enum TokenClass;
  struct Known {
    const char* provider;
    const char* model;
    PicoUsd input;
    PicoUsd cached;  ///< -1: none listed
    PicoUsd output;
  };
  // Dollars per million tokens on the providers' price pages, times 1,000,000.
  const std::vector<Known> known{
      {"openai", "gpt-4o", 2'500'000, 1'250'000, 10'000'000},
      {"openai", "gpt-4o-mini", 150'000, 75'000, 600'000},
      {"openai", "gpt-4.1", 2'000'000, 500'000, 8'000'000},
      {"openai", "o3", 2'000'000, 500'000, 8'000'000},
      {"openai", "o4-mini", 1'100'000, 275'000, 4'400'000},
      {"openai", "gpt-5", 1'250'000, 125'000, 10'000'000},
      {"openai", "gpt-5-mini", 250'000, 25'000, 2'000'000},
      {"openai", "gpt-5-nano", 50'000, 5'000, 400'000},
      {"openai", "gpt-3.5-turbo", 500'000, -1, 1'500'000},
      {"openai", "text-embedding-3-small", 20'000, -1, -1},
      {"anthropic", "claude-3-7-sonnet-20250219", 3'000'000, 300'000, 15'000'000},
      {"anthropic", "claude-sonnet-4-5", 3'000'000, 300'000, 15'000'000},
      {"anthropic", "claude-haiku-4-5", 1'000'000, 100'000, 5'000'000},
      {"anthropic", "claude-opus-4-1", 15'000'000, 1'500'000, 75'000'000},
      {"anthropic", "claude-3-5-haiku-20241022", 800'000, 80'000, 4'000'000},
      {"google", "gemini-2.5-pro", 1'250'000, 125'000, 10'000'000},
      {"google", "gemini-2.5-flash", 300'000, 30'000, 2'500'000},
      {"google", "gemini-3-flash-preview", 500'000, 50'000, 3'000'000},
      {"mistral", "mistral-large-latest", 500'000, -1, 1'500'000},
      {"deepseek", "deepseek-chat", 280'000, 28'000, 420'000},
      {"xai", "grok-4", 3'000'000, -1, 15'000'000},
      {"groq", "llama-3.3-70b-versatile", 590'000, -1, 790'000},
      {"cohere", "command-r-plus-08-2024", 2'500'000, -1, 10'000'000},
      {"together_ai", "mistralai/Mixtral-8x7B-Instruct-v0.1", 600'000, -1, 600'000},
  };
  for (const Known& each : known) {
    SCOPED_TRACE(each.model);
    EXPECT_EQ(shipped_price(each.provider, each.model, input_text), each.input);
    EXPECT_EQ(shipped_price(each.provider, each.model, input_cache_read), each.cached);
    EXPECT_EQ(shipped_price(each.provider, each.model, output_text), each.output);
  }
}

TEST(DefaultBook, HasCacheWritesTiersThresholdsAndMedia) {
  using enum TokenClass;
  EXPECT_EQ(shipped_price("anthropic", "claude-sonnet-4-5", input_cache_write_5m), 3'750'000);
  EXPECT_EQ(shipped_price("anthropic", "claude-sonnet-4-5", input_cache_write_1h), 6'000'000);
  // Twice the input, as everywhere at Anthropic.
  EXPECT_EQ(shipped_price("anthropic", "claude-3-haiku-20240307", input_cache_write_1h), 500'000);
  EXPECT_EQ(shipped_price("openai", "gpt-4o", input_text, ServiceTier::batch), 1'250'000);
  EXPECT_EQ(shipped_price("openai", "gpt-4o", output_text, ServiceTier::priority), 17'000'000);
  EXPECT_EQ(shipped_price("openai", "gpt-5", output_text, ServiceTier::flex), 5'000'000);
  EXPECT_EQ(shipped_price("openai", "gpt-4o-audio-preview", output_audio), 80'000'000);
  EXPECT_EQ(shipped_price("google", "gemini-2.5-flash", input_audio), 1'000'000);
  EXPECT_EQ(shipped_price("ollama", "whatever:7b", input_text), 0);

  const auto bands = [](std::string_view provider, std::string_view model) {
    return shipped()
        .quote("", provider, model)
        .at(day("2026-09-01"))
        .price->entry.price.long_context;
  };
  ASSERT_EQ(bands("google", "gemini-2.5-pro").size(), 1U);
  EXPECT_EQ(bands("google", "gemini-2.5-pro")[0].threshold, 200'000U);
  EXPECT_EQ(bands("google", "gemini-2.5-pro")[0].edge, Edge::above);
  ASSERT_EQ(bands("xai", "grok-4-fast-reasoning").size(), 1U);
  EXPECT_EQ(bands("xai", "grok-4-fast-reasoning")[0].edge, Edge::from);
  EXPECT_EQ(bands("dashscope", "qwen3-max").size(), 2U);
}

TEST(DefaultBook, PricesTheVectorsOfInvoices) {
  CallToPrice call;
  call.occurred_at = day("2026-09-01");
  call.provider = "anthropic";
  call.model = "claude-3-7-sonnet-20250219";
  call.usage = Usage{};
  call.usage->input_text = 3;
  call.usage->input_cache_write_5m = 12'304;
  call.usage->output_text = 550;
  EXPECT_EQ(cost_of(shipped(), "default", call).cost.pico_usd, 54'399'000'000);
  call.provider = "openai";
  call.model = "gpt-5-2025-08-07";
  call.usage = Usage{};
  call.usage->input_text = 51'232;
  call.usage->input_cache_read = 1'188'096;
  call.usage->output_text = 12'909;
  EXPECT_EQ(cost_of(shipped(), "default", call).cost.pico_usd, 341'642'000'000);
  call.provider = "gemini";
  call.model = "gemini-3-flash-preview";
  call.usage->input_text = 20'212 - 16'298;
  call.usage->input_cache_read = 16'298;
  call.usage->output_text = 931;
  EXPECT_EQ(cost_of(shipped(), "default", call).cost.pico_usd, 5'564'900'000);
  EXPECT_FALSE(cost_of(shipped(), "default", call).estimated);
}

TEST(DefaultBook, HasOneMakerPerNameAndNoImplausiblePrices) {
  using enum TokenClass;
  std::map<std::string, std::string> makers;
  for (const auto& published : shipped().list("default", day("2026-09-01"))) {
    const PriceEntry& entry = published->entry;
    SCOPED_TRACE(entry.name());
    ASSERT_TRUE(entry.provider);
    if (entry.home) {
      const auto [maker, added] = makers.try_emplace(entry.model, *entry.provider);
      EXPECT_TRUE(added) << "also of " << maker->second;
    }
    const Rates& standard = entry.price.rates[0];
    if (standard[input_text] <= 0) continue;
    EXPECT_LE(standard[input_cache_read], standard[input_text]);
    for (const auto write : {input_cache_write_5m, input_cache_write_1h, input_cache_write_other}) {
      if (standard[write] == Rates::kNone) continue;
      EXPECT_GE(standard[write], standard[input_text]);
      EXPECT_LE(standard[write], 2 * standard[input_text]);
    }
    for (const LongContext& band : entry.price.long_context) {
      EXPECT_GE(band.rates[0][input_text], standard[input_text]);
    }
  }
}

core::Error refused_book(const std::string& text) {
  auto book = parse_book_file(text);
  if (book) ADD_FAILURE() << "accepted " << text;
  return book ? core::Error{} : std::move(book.error());
}

TEST(BookFiles, AreReadByLineAndErrorsNameIt) {
  const std::string head = R"({"book":"ours","version":"3","provenance":"contract"})";
  const std::string fine = R"({"provider":"p","model":"m","prices":{"standard":{"input_text":1}}})";
  const auto book = parse_book_file("\n" + head + "\r\n\n" + fine);
  ASSERT_TRUE(book) << book.error().message;
  ASSERT_EQ(book->size(), 1U);
  EXPECT_EQ(dump(book->front().entries), "[" + fine + "]");

  EXPECT_EQ(refused_book("").field, "line 1");
  EXPECT_EQ(refused_book(fine).field, "line 1.provider");
  EXPECT_EQ(refused_book(R"({"book":"ours","version":"3"})").field, "line 1.provenance");
  EXPECT_EQ(
      refused_book(R"({"book":"o","version":"3","provenance":"c","effective_from":"now"})").field,
      "line 1.effective_from");
  EXPECT_EQ(refused_book(head + "\n" + fine + "\n{").field.substr(0, 6), "line 3");
  const core::Error negative =
      refused_book(head + "\n\n" + R"({"model":"m","prices":{"standard":{"input_text":-1}}})");
  EXPECT_EQ(negative.field, "line 3 (m).prices.standard.input_text");
  EXPECT_EQ(negative.message.substr(0, 6), "line 3") << negative.message;
  EXPECT_EQ(refused_book(head + "\n" + fine + "\n" + fine).field, "line 3 (p/m)");
}

}  // namespace
}  // namespace hansard::events::pricing
