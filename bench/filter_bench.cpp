#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "benchmark/benchmark.h"
#include "core/hash.h"
#include "events/filter/filter.h"
#include "ossl/hasher.h"

/// Question: how fast does the filter pass over what people and models say, where nothing is to be
/// taken out, and where something is?
/// Expected: one look-up and one branch a byte, about a nanosecond; three searches for words at
/// some gigabytes a second; a few tens of nanoseconds at each colon, dash and number: 250 MB/s and
/// more. Bar: 200 MB/s for texts without hits. Off: nothing at all.
namespace hansard::bench {
namespace {

constexpr std::uint32_t kSeed = 11;

/// Words as frequent as in English, with the punctuation, numbers and lists of chats.
std::string chat(std::size_t bytes, int hits_per_1000_words) {
  static const std::vector<std::string> kWords = {
      "the",      "of",      "and",     "to",        "a",       "in",       "that",    "it",
      "is",       "for",     "you",     "with",      "on",      "this",     "model",   "answer",
      "function", "because", "several", "important", "however", "question", "between", "example",
      "returns",  "value",   "should",  "which",     "about",   "first",    "second",  "number",
      "people",   "water",   "price",   "token",     "request", "without",  "through", "system"};
  static const std::vector<std::string> kHits = {
      "ann.lee@example.com", "+49 30 1234567", "4111 1111 1111 1111",
      "password: hunter2",   "(415) 555-2671", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"};
  std::mt19937 random(kSeed);
  std::string text;
  while (text.size() < bytes) {
    text += static_cast<int>(random() % 1000) < hits_per_1000_words
                ? kHits[random() % kHits.size()]
                : kWords[random() % kWords.size()];
    switch (random() % 40) {
      case 0:
        text += ".\n\n- ";
        break;
      case 1:
        text += ": ";
        break;
      case 2:
        text += " " + std::to_string(random() % 3000) + " ";
        break;
      case 3:
      case 4:
        text += ", ";
        break;
      case 5:
        text += ". ";
        break;
      default:
        text += " ";
    }
  }
  return text;
}

void BM_Filter(benchmark::State& state, const std::vector<std::string>& detect) {
  const ossl::OpenSslHasher hasher;
  const core::KeyedHash keyed(hasher, core::Hash{});
  const auto made = events::Filter::make({detect, {}}, keyed);
  if (!made) std::abort();
  const events::Filter& filter = **made;
  const std::string text = chat(1U << 20, static_cast<int>(state.range(0)));
  events::Json checked = text;
  const bool changed = filter.clean({}, checked);
  if (changed != (state.range(0) > 0 && !detect.empty())) std::abort();
  // As messages come: of a few hundred bytes to some thousands.
  std::vector<events::Json> messages;
  for (std::size_t at = 0; at < text.size(); at += 2000)
    messages.emplace_back(text.substr(at, 2000));
  for (auto _ : state) {
    for (events::Json& message : messages) {
      if (state.range(0) == 0) {
        benchmark::DoNotOptimize(filter.clean({}, message));
      } else {
        events::Json copy = message;
        benchmark::DoNotOptimize(filter.clean({}, copy));
      }
    }
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) *
                          static_cast<std::int64_t>(state.iterations()));
}

BENCHMARK_CAPTURE(BM_Filter, all, std::vector<std::string>{"email", "phone", "card", "key"})
    ->ArgName("hits")
    ->Arg(0)
    ->Arg(1)
    ->Arg(10);
BENCHMARK_CAPTURE(BM_Filter, cards, std::vector<std::string>{"card"})->ArgName("hits")->Arg(0);
BENCHMARK_CAPTURE(BM_Filter, off, std::vector<std::string>{})->ArgName("hits")->Arg(0);

}  // namespace
}  // namespace hansard::bench

BENCHMARK_MAIN();
