// Every recorded exchange that tells its tokens, priced by the book that comes with the program.
#include <iostream>
#include <map>
#include <set>

#include "../real_data.h"
#include "events/dialects/apis.h"
#include "events/pricing/book_file.h"
#include "pricing_checks.h"

namespace hansard::events::pricing {
namespace {

std::string text_in(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? "" : *text;
}

Json streamed_body(const Api& api, const std::string& text) {
  auto stream = api.answers.stream();
  if (api.stream == Api::Stream::sse) {
    for (const auto& frame : real::sse_frames(text, 1000)) {
      stream->add({frame.event, frame.data}, frame.at_us);
    }
  } else {
    std::string_view rest = text;
    while (!rest.empty()) {
      const auto end = rest.find('\n');
      if (end != 0) stream->add({"", rest.substr(0, end)}, 0);
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
  }
  return std::move(stream->end().body);
}

/// What the answer of an exchange says; nothing where it is no answer of an API that we know.
std::optional<RecordResponse> answer_of(const Json& line) {
  if (line.find("status")->as_uint("").value() >= 300) return std::nullopt;
  const std::string target = text_in(line, "target");
  const Api* api = api_at(std::string_view(target).substr(0, target.find('?')));
  if (api == nullptr) return std::nullopt;
  const std::string text = text_in(line, "response_body");
  Json body;
  if (*line.find("stream")->if_boolean()) {
    body = streamed_body(*api, text);
  } else if (auto parsed = parse_json(text)) {
    body = *std::move(parsed);
  }
  if (!body.is_object()) return std::nullopt;
  auto steps = api->answers.read(body, {"call", [](std::uint32_t) { return std::string("m"); }});
  if (!steps || steps->empty()) return std::nullopt;
  auto* answer = std::get_if<RecordResponse>(&steps->front());
  if (answer == nullptr) return std::nullopt;
  return std::move(*answer);
}

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
