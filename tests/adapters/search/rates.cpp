// How fast texts are absorbed, and how fast they are found: `search_rates TEXTS QUERIES`.
//
// Expected by hand: 300 bytes a text are some 50 tokens; FTS5 sorts and merges a token in about a
// microsecond, so 20 thousand texts a second a core; a search is the postings of its words, two
// microseconds each to score, plus reading the hits.
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "search_rig.h"

namespace {

using Clock = std::chrono::steady_clock;
using hansard::search::test::SearchRig;

constexpr std::size_t kWords = 60'000;

/// Words as often as in a language: the rank-th a rank-th part of the first (Zipf).
class Language {
 public:
  std::string word(std::size_t rank) const {
    std::string out;
    for (std::size_t rest = rank + 17; rest > 0; rest /= 20) {
      out += "bcdfghjklmnpqrstvwxz"[rest % 20];
      out += "aeiou"[(rest / 3) % 5];
    }
    return out;
  }
  std::string any() {
    const double u = std::uniform_real_distribution<double>(0, 1)(random_);
    return word(static_cast<std::size_t>(std::exp(u * std::log(static_cast<double>(kWords)))) - 1);
  }
  std::string text() {
    std::string out;
    for (std::size_t i = 0; i < 45; ++i) out += (i > 0 ? " " : "") + any();
    return out;
  }
  std::size_t pick(std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
  }

 private:
  std::mt19937 random_{42};
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Of this thread, or of the process: what a machine shared with other work does not distort.
double processor_seconds(clockid_t of) {
  timespec now{};
  ::clock_gettime(of, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void time_queries(SearchRig& rig, const char* name, std::size_t count,
                  const std::function<std::string()>& query,
                  const std::function<void(hansard::projections::SearchRequest&)>& filter = {}) {
  std::vector<double> took;
  std::vector<double> worked;
  std::uint64_t matched = 0;
  for (std::size_t i = 0; i < count; ++i) {
    auto request = rig.request(query());
    request.limit = 20;
    if (filter) filter(request);
    const auto start = Clock::now();
    const double before = processor_seconds(CLOCK_THREAD_CPUTIME_ID);
    matched += rig.search(request).matched;
    worked.push_back((processor_seconds(CLOCK_THREAD_CPUTIME_ID) - before) * 1000);
    took.push_back(seconds_since(start) * 1000);
  }
  std::sort(took.begin(), took.end());
  std::sort(worked.begin(), worked.end());
  std::printf(
      "%-34s p50 %7.2f ms  p95 %7.2f ms  of processor time p50 %7.2f ms  p95 %7.2f ms  matched "
      "%llu\n",
      name, took[count / 2], took[count * 95 / 100], worked[count / 2], worked[count * 95 / 100],
      static_cast<unsigned long long>(matched / count));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t texts = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 20'000;
  const std::size_t queries = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 100;
  SearchRig rig;
  Language language;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < texts; ++i) {
    const std::string text = language.text();
    bytes += text.size();
    if (i % 20 == 0)
      rig.recorder.create("s" + std::to_string(i / 20), i % 1000 == 0 ? "ada" : "bob");
    rig.recorder.say("s" + std::to_string(i / 20), "m" + std::to_string(i), text);
  }
  const auto start = Clock::now();
  const double before = processor_seconds(CLOCK_PROCESS_CPUTIME_ID);
  rig.start();
  auto all = rig.request(language.word(0));
  all.deadline = Clock::now() + std::chrono::hours(1);
  if (rig.search(all).hits.empty()) return 1;
  const double took = seconds_since(start);
  const double worked = processor_seconds(CLOCK_PROCESS_CPUTIME_ID) - before;
  const auto count = static_cast<double>(texts);
  std::printf(
      "%zu texts of %zu bytes absorbed in %.2f s: %.0f a second (%.0f of processor time); %.0f "
      "MB\n",
      texts, bytes / texts, took, count / took, count / worked,
      static_cast<double>(std::filesystem::file_size(rig.folder.database())) / 1e6);
  time_queries(rig, "one word, as often as it is said", queries, [&] { return language.any(); });
  time_queries(rig, "two words", queries, [&] { return language.any() + " " + language.any(); });
  time_queries(rig, "a phrase of two", queries,
               [&] { return "\"" + language.any() + " " + language.any() + "\""; });
  time_queries(rig, "a rare word", queries,
               [&] { return language.word(1000 + language.pick(kWords - 1000)); });
  time_queries(rig, "the beginning of a word (4)", queries,
               [&] { return language.word(language.pick(kWords)).substr(0, 4) + "*"; });
  time_queries(rig, "the beginning of a word (3)", queries,
               [&] { return language.word(language.pick(kWords)).substr(0, 3) + "*"; });
  time_queries(rig, "the beginning of a word (2)", queries,
               [&] { return language.word(language.pick(kWords)).substr(0, 2) + "*"; });
  time_queries(rig, "the most frequent word", queries, [&] { return language.word(0); });
  // One session in fifty is of her.
  time_queries(
      rig, "a frequent word, of one user", queries, [&] { return language.word(1); },
      [&](auto& request) {
        request.user_hash = hansard::events::user_hash(rig.recorder.project(), "ada",
                                                       hansard::projections::test::keyed_hash());
      });
  return ::testing::Test::HasFailure() ? 1 : 0;
}
