#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>

#include "../recorder.h"
#include "projections/facts/calls.h"
#include "projections/query/json.h"

/// How fast are calls folded and asked about? `calls_rates [calls] [rounds]`: synthetic events with
/// skew (a few models and users make most calls; 13 calls a session; 90 days), folded into a store
/// in memory in batches of 32,768, then each query below, round after round; medians and spread of
/// processor time of all threads, and the median time until the answer.
namespace hansard::projections::facts::test {
namespace {

/// Processor time of all threads (the machine does other work too), or time on the wall.
double now_seconds(clockid_t clock = CLOCK_PROCESS_CPUTIME_ID) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// Small numbers much more often than large ones.
std::uint64_t skewed(std::mt19937_64& random, std::uint64_t bound) {
  const double part = std::uniform_real_distribution<double>(0, 1)(random);
  return std::min(bound - 1,
                  static_cast<std::uint64_t>(static_cast<double>(bound) * std::pow(part, 3)));
}

class Filler {
 public:
  explicit Filler(core::ReadModelStore& store) : store_(store) { open(); }

  void fill(std::uint64_t calls) {
    const std::uint64_t sessions = std::max<std::uint64_t>(1, calls / 13);
    std::vector<bool> begun(sessions);
    for (std::uint64_t i = 0; i < calls; ++i) {
      const std::uint64_t session = random_() % sessions;
      const std::string stream = "session-s" + std::to_string(session);
      if (!begun[session]) {
        begun[session] = true;
        char hash[65];
        std::snprintf(hash, sizeof hash, "%064llx",
                      static_cast<unsigned long long>(skewed(random_, 20'000)));
        apply("SessionCreated", stream,
              R"({"user_hash":")" + std::string(hash) + R"(","agent":"a)" +
                  std::to_string(random_() % 10) + R"("})");
      }
      call(stream, i, calls);
    }
    commit();
  }
  std::uint64_t events() const { return position_; }
  /// In the fold and the commits, without making the events up.
  double fold_seconds() const { return fold_seconds_; }

 private:
  void call(const std::string& stream, std::uint64_t i, std::uint64_t calls) {
    const std::uint64_t model = skewed(random_, 30);
    time_ = support::at_us(projections::test::day_us(20'000) +
                           static_cast<std::int64_t>(i * (90 * 86'400'000'000 / calls)));
    const std::uint64_t latency = 200'000 + skewed(random_, 60'000'000);
    std::string facts = R"({"call_id":"c)" + std::to_string(i) + R"(",)";
    if (random_() % 50 == 0) {
      facts += R"("reason":"error","error_type":"overloaded","status":529,"model":"model)" +
               std::to_string(model) + R"(","provider":"p","latency_us":)" +
               std::to_string(latency) + "}";
      return apply("ResponseFailed", stream, facts);
    }
    facts += R"("message_id":"m","provider":"p)" + std::to_string(model % 4) +
             R"(","model":"model)" + std::to_string(model) +
             R"(","finish_reason":"stop","usage":{"input_text":)" +
             std::to_string(skewed(random_, 20'000)) + R"(,"input_cache_read":)" +
             std::to_string(skewed(random_, 100'000)) + R"(,"output_text":)" +
             std::to_string(skewed(random_, 4'000)) + R"(},"usage_source":"provider","ttft_us":)" +
             std::to_string(latency / 5) + R"(,"latency_us":)" + std::to_string(latency) + "}";
    apply("ResponseReceived", stream, facts);
  }

  void apply(std::string_view type, std::string_view stream, std::string_view facts) {
    core::RecordedEvent event;
    event.position = core::Position{position_++};
    event.recorded_at = time_;
    event.occurred_at = time_;
    event.type = type;
    event.project = "default";
    event.stream = stream;
    event.facts = facts;
    event.content = "{}";
    const auto start = now_seconds();
    const auto status = view_.apply(event, *batch_);
    EXPECT_TRUE(status) << status.error().message;
    if (position_ % 32'768 == 0) commit();
    fold_seconds_ += now_seconds() - start;
  }

  void open() {
    model_ = store_.open(id_).value();
    batch_.emplace(*model_);
  }
  void commit() {
    EXPECT_TRUE(store_.commit(id_, batch_->take(), core::Position{position_}));
    batch_.reset();
    open();
  }

  core::ReadModelStore& store_;
  const CallsView view_;
  const core::ViewId id_{"calls", 1, 0};
  std::unique_ptr<core::ReadModel> model_;
  std::optional<core::ReadModelBatch> batch_;
  std::mt19937_64 random_{1};
  core::Timestamp time_ = support::at_us(projections::test::day_us(20'000));
  std::uint64_t position_ = 0;
  double fold_seconds_ = 0;
};

struct Asked {
  const char* what;
  const char* query;
};
constexpr Asked kAsked[] = {
    {"sum of tokens", R"q({"measures": ["tokens"]})q"},
    {"by model and day, sums and p95",
     R"q({"measures": ["calls", "input", "output", "p95(latency_us)"],
          "group_by": ["model", "day"], "limit": 100000})q"},
    {"by model and day, sums",
     R"q({"measures": ["calls", "input", "output"], "group_by": ["model", "day"],
          "limit": 100000})q"},
    {"top ten sessions by tokens",
     R"q({"measures": ["tokens"], "group_by": ["session"], "limit": 10})q"},
    {"users a day", R"q({"measures": ["count_distinct(user)"], "group_by": ["day"]})q"},
    {"errors by hour on one day",
     R"q({"measures": ["errors", "calls"], "group_by": ["hour"], "from": "2024-11-01",
          "to": "2024-11-02"})q"},
    {"one model by week",
     R"q({"measures": ["calls", "tokens", "avg(ttft_us)"], "group_by": ["week"],
          "where": {"model": "model3"}})q"},
};

int run(std::uint64_t calls, int rounds) {
  const auto store = core::make_in_memory_read_model_store();
  Filler filler(*store);
  filler.fill(calls);
  std::printf("folded %llu events into %llu calls: %.0f thousand events/s\n",
              static_cast<unsigned long long>(filler.events()),
              static_cast<unsigned long long>(calls),
              static_cast<double>(filler.events()) / filler.fold_seconds() / 1e3);
  const auto model = store->open({"calls", 1, 0}).value();
  for (const Asked& asked : kAsked) {
    auto query = query::parse_query(asked.query);
    if (!query) return std::fprintf(stderr, "%s\n", query.error().message.c_str()), 1;
    query->project = support::project("default");
    std::vector<double> times;
    std::vector<double> waits;
    std::size_t groups = 0;
    for (int i = 0; i < rounds; ++i) {
      const auto start = now_seconds();
      const auto asked_at = now_seconds(CLOCK_MONOTONIC);
      const auto answer = query::execute(*model, projections::test::keyed_hash(), *query);
      times.push_back(now_seconds() - start);
      waits.push_back(now_seconds(CLOCK_MONOTONIC) - asked_at);
      if (!answer) return std::fprintf(stderr, "%s\n", answer.error().message.c_str()), 1;
      groups = answer->groups_before_limit;
      // A wrong answer is not worth timing.
      if (!query->from && query->where.empty() && answer->calls != calls) return 1;
    }
    std::sort(times.begin(), times.end());
    std::sort(waits.begin(), waits.end());
    const double median = times[times.size() / 2];
    const double wait = waits[waits.size() / 2];
    std::printf("%-32s %8.1f ms (%.1f..%.1f) in %.1f ms, %6.1f M rows/s, %zu groups\n", asked.what,
                median * 1e3, times.front() * 1e3, times.back() * 1e3, wait * 1e3,
                static_cast<double>(calls) / median / 1e6, groups);
  }
  return ::testing::Test::HasFailure() ? 1 : 0;
}

}  // namespace
}  // namespace hansard::projections::facts::test

int main(int argc, char** argv) {
  const auto calls = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 3;
  if (calls == 0 || rounds < 1) return 2;
  return hansard::projections::facts::test::run(calls, rounds);
}
