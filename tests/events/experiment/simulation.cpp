#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "events/experiment/analysis.h"
#include "events/experiment/metric.h"
#include "events/experiment/sample_ratio.h"

/// Does the decision keep its promise? `experiment_simulation [experiments]`: experiments of 5,000
/// units, each looked at after every 50 units. What always-valid rules claim must hold up to three
/// standard errors from the stated minimum sample, else this fails; the rates of others are
/// printed. Seeds are fixed: the same numbers every time.
namespace hansard::events::experiment {
namespace {

constexpr std::size_t kUnits = 5'000;
constexpr std::size_t kStep = 50;
constexpr std::array<std::uint64_t, 7> kMinimums{20, 50, 100, 200, 400, 800, 1'600};

/// SplitMix64 (Steele, Lea and Flood, 2014).
class Random {
 public:
  /// Seeds that follow each other begin far apart.
  explicit Random(std::uint64_t seed) : state_(mixed(~mixed(seed))) {}
  double uniform() {
    state_ += 0x9E3779B97F4A7C15U;
    return (static_cast<double>(mixed(state_) >> 11) + 0.5) / 9007199254740992.0;
  }
  double normal() {
    return std::sqrt(-2 * std::log(uniform())) * std::cos(6.283185307179586 * uniform());
  }

 private:
  static std::uint64_t mixed(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }
  std::uint64_t state_;
};

/// What a metric of one variant is fed with.
class Sums {
 public:
  void proportion(bool success) { parts_.add(success); }
  void mean(double value) { means_.add(value); }
  void ratio(double above, double below) { ratios_.add(above, below); }
  [[nodiscard]] Observed observed() const {
    Observed out;
    out.proportion = parts_.n > 0;
    out.moments = out.proportion  ? parts_.moments()
                  : ratios_.n > 0 ? ratios_.moments()
                                  : means_.moments();
    out.units = out.values = static_cast<std::uint64_t>(out.moments.n);
    return out;
  }

 private:
  ProportionSums parts_;
  MeanSums means_;
  RatioSums ratios_;
};

/// How one unit comes out: `lift` is added to the mean of the treatments.
struct Kind {
  std::string name;
  std::function<void(Random&, double lift, Sums&)> draw;
  /// Where variants differ much in size, what is skewed does not cancel out: the least sample from
  /// which the promise holds then.
  std::uint64_t uneven_from = kMinimumSample;
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all{
      {"proportion 0.1", [](Random& random, double lift,
                            Sums& sums) { sums.proportion(random.uniform() < 0.1 + lift); }},
      {"proportion 0.01", [](Random& random, double lift,
                             Sums& sums) { sums.proportion(random.uniform() < 0.01 + lift); }},
      {"mean, normal",
       [](Random& random, double lift, Sums& sums) { sums.mean(5 + lift + random.normal()); }},
      {"mean, exponential", [](Random& random, double lift,
                               Sums& sums) { sums.mean(lift - std::log(random.uniform())); }},
      {"mean, log-normal 1",  // skewness 6.2
       [](Random& random, double lift, Sums& sums) {
         sums.mean(lift + std::exp(random.normal()));
       }},
      {"mean, log-normal 1.5",  // skewness 33
       [](Random& random, double lift, Sums& sums) {
         sums.mean(lift + std::exp(1.5 * random.normal()));
       },
       400},
      {"ratio of 1 to 7 calls",
       [](Random& random, double lift, Sums& sums) {
         // Some units fail more than others, and those call more often.
         const double bad = random.uniform();
         const int calls = 1 + static_cast<int>(random.uniform() * (4 + 3 * bad));
         int failed = 0;
         for (int i = 0; i < calls; ++i) failed += random.uniform() < 0.2 * bad + lift ? 1 : 0;
         sums.ratio(failed, calls);
       }},
  };
  return all;
}

ExperimentCreated plan_of(std::vector<std::uint32_t> shares) {
  ExperimentCreated plan;
  for (const std::uint32_t share : shares) {
    plan.variants.emplace_back().name =
        std::string(1, static_cast<char>('A' + plan.variants.size() - 1));
    plan.variants.back().share = share;
  }
  plan.metric.name = "metric";
  plan.minimum_sample = kMinimums.front();
  return plan;
}

/// How often something happened in `of` experiments.
struct Rate {
  std::size_t times = 0;
  std::size_t of = 0;
  [[nodiscard]] double value() const {
    return static_cast<double>(times) / static_cast<double>(of);
  }
};

bool failed = false;

/// `rate` may be `most` and three standard errors.
void must_be_at_most(const std::string& what, const Rate& rate, double most) {
  const double bound = most + 3 * std::sqrt(most * (1 - most) / static_cast<double>(rate.of));
  if (rate.value() <= bound) return;
  failed = true;
  std::printf("FAILED: %s: %.4f is more than %.4f\n", what.c_str(), rate.value(), bound);
}

/// What the looks at one experiment came to, by minimum sample.
struct Looks {
  std::array<bool, kMinimums.size()> sequence{};  ///< a verdict at some look
  std::array<bool, kMinimums.size()> fixed{};     ///< likewise by the test for one look
  std::array<bool, kMinimums.size()> missed{};    ///< some interval without the true difference
  std::size_t won_at = 0;                         ///< units, from kMinimumSample; 0: never
};

/// A variant by its share.
std::size_t drawn(const ExperimentCreated& plan, Random& random) {
  double left = random.uniform() * kSharesWhole;
  for (std::size_t i = 0; i + 1 < plan.variants.size(); ++i) {
    left -= plan.variants[i].share;
    if (left < 0) return i;
  }
  return plan.variants.size() - 1;
}

Looks look(const Kind& kind, const ExperimentCreated& plan, double lift, std::uint64_t seed) {
  const std::size_t variants = plan.variants.size();
  Random random(seed);
  std::vector<Sums> sums(variants);
  Seen seen;
  seen.metrics.resize(1, std::vector<Observed>(variants));
  Looks looks;
  for (std::size_t unit = 1; unit <= kUnits; ++unit) {
    const std::size_t variant = drawn(plan, random);
    kind.draw(random, variant == 0 ? 0 : lift, sums[variant]);
    if (unit % kStep != 0) continue;
    std::uint64_t least = kUnits;
    for (std::size_t i = 0; i < variants; ++i) {
      seen.metrics[0][i] = sums[i].observed();
      least = std::min(least, seen.metrics[0][i].units);
    }
    const Analysis analysis = analyse(plan, seen);
    bool fixed_p = false;
    bool verdict = false;
    bool missed = false;
    for (const Comparison& each : analysis.comparisons) {
      verdict = verdict || each.better || each.worse;
      fixed_p = fixed_p || (each.absolute.known() && each.fixed.p < plan.alpha);
      missed = missed || (each.absolute.known() &&
                          (each.sequence.lower > lift || each.sequence.upper < lift));
    }
    for (std::size_t m = 0; m < kMinimums.size(); ++m) {
      if (least < kMinimums[m]) continue;
      looks.sequence[m] = looks.sequence[m] || verdict;
      looks.fixed[m] = looks.fixed[m] || fixed_p;
      looks.missed[m] = looks.missed[m] || missed;
    }
    if (looks.won_at == 0 && least >= kMinimumSample && analysis.comparisons[0].better) {
      looks.won_at = unit;
    }
  }
  return looks;
}

void no_difference(std::size_t experiments, const ExperimentCreated& plan, const char* of) {
  std::printf(
      "\n%zu experiments without a difference, %s; a look every %zu of %zu units; share "
      "with a verdict, by minimum sample\n%-24s",
      experiments, of, kStep, kUnits, "always valid");
  for (const std::uint64_t minimum : kMinimums) {
    std::printf("%8llu", static_cast<unsigned long long>(minimum));
  }
  std::printf("   test for one look, from %llu\n", static_cast<unsigned long long>(kMinimumSample));
  for (const Kind& kind : kinds()) {
    std::array<Rate, kMinimums.size()> sequence;
    Rate fixed{0, experiments};
    for (std::size_t i = 0; i < experiments; ++i) {
      const Looks looks = look(kind, plan, 0, i + 1);
      for (std::size_t m = 0; m < kMinimums.size(); ++m) {
        sequence[m].times += looks.sequence[m] ? 1 : 0;
        sequence[m].of = experiments;
        if (kMinimums[m] == kMinimumSample) fixed.times += looks.fixed[m] ? 1 : 0;
      }
    }
    const bool even = plan.variants.front().share == plan.variants.back().share;
    const std::uint64_t from = even ? kMinimumSample : kind.uneven_from;
    std::printf("%-24s", kind.name.c_str());
    for (std::size_t m = 0; m < kMinimums.size(); ++m) {
      std::printf("%8.4f", sequence[m].value());
      if (kMinimums[m] >= from) must_be_at_most(kind.name, sequence[m], kAlpha);
    }
    std::printf("%11.4f\n", fixed.value());
  }
}

void a_difference(std::size_t experiments) {
  struct Case {
    std::size_t kind;
    double lift;
  };
  std::printf(
      "\n%zu experiments with a difference, 2 variants: found within %zu units, half of "
      "those by; sequences that missed it at some look\n",
      experiments, kUnits);
  for (const Case& each : {Case{0, 0.02}, Case{0, 0.04}, Case{0, 0.06}, Case{1, 0.02}, Case{2, 0.1},
                           Case{2, 0.2}, Case{3, 0.2}, Case{4, 0.3}, Case{6, 0.05}}) {
    Rate found{0, experiments};
    Rate missed{0, experiments};
    std::vector<std::size_t> when;
    const ExperimentCreated plan = plan_of({5'000, 5'000});
    for (std::size_t i = 0; i < experiments; ++i) {
      const Looks looks = look(kinds()[each.kind], plan, each.lift, 1'000'000 + i);
      if (looks.won_at > 0) {
        ++found.times;
        when.push_back(looks.won_at);
      }
      for (std::size_t m = 0; m < kMinimums.size(); ++m) {
        if (kMinimums[m] == kMinimumSample) missed.times += looks.missed[m] ? 1 : 0;
      }
    }
    std::sort(when.begin(), when.end());
    std::printf("%-24s +%-6g found %.3f by %5zu  missed %.4f\n", kinds()[each.kind].name.c_str(),
                each.lift, found.value(), when.empty() ? 0 : when[when.size() / 2], missed.value());
    must_be_at_most("sequences of " + kinds()[each.kind].name, missed, kAlpha);
  }
}

/// A guardrail of errors, looked at from kGuardrailSample units.
void guardrails(std::size_t experiments) {
  std::printf("\n%zu experiments with the guardrail errors: stopped, half of those by\n",
              experiments);
  ExperimentCreated plan = plan_of({5'000, 5'000});
  plan.guardrails.emplace_back().name = "errors";
  for (const auto& [of_control, of_treatment] : {std::pair{0.002, 0.002},
                                                 {0.02, 0.02},
                                                 {0.2, 0.2},
                                                 {0.02, 0.05},
                                                 {0.02, 0.1},
                                                 {0.02, 1.0}}) {
    Rate stopped{0, experiments};
    std::vector<std::size_t> when;
    for (std::size_t i = 0; i < experiments; ++i) {
      Random random(2'000'000 + i);
      std::vector<RatioSums> sums(2);
      Seen seen;
      seen.metrics.resize(2, std::vector<Observed>(2));
      for (std::size_t unit = 1; unit <= kUnits; ++unit) {
        const std::size_t variant = random.uniform() < 0.5 ? 0 : 1;
        const double errors = variant == 0 ? of_control : of_treatment;
        const int calls = 1 + static_cast<int>(random.uniform() * 3);
        int bad = 0;
        for (int call = 0; call < calls; ++call) bad += random.uniform() < errors ? 1 : 0;
        sums[variant].add(bad, calls);
        if (unit % kStep != 0) continue;
        for (std::size_t v = 0; v < 2; ++v) {
          Observed& observed = seen.metrics[1][v];
          observed.moments = sums[v].moments();
          observed.units = sums[v].n;
          observed.proportion = true;
        }
        if (analyse(plan, seen).decision != Decision::harm) continue;
        ++stopped.times;
        when.push_back(unit);
        break;
      }
    }
    std::sort(when.begin(), when.end());
    std::printf("errors %.3f and %.3f: %.4f by %zu units\n", of_control, of_treatment,
                stopped.value(), when.empty() ? 0 : when[when.size() / 2]);
    if (of_control == of_treatment) must_be_at_most("harm where there is none", stopped, kAlpha);
  }
}

void sample_ratio(std::size_t experiments) {
  std::printf("\n%zu splits that should be even, looked at after every unit: alarm, half by\n",
              experiments);
  for (const double share : {0.5, 0.52, 0.55, 0.6}) {
    Rate alarms{0, experiments};
    std::vector<std::size_t> when;
    std::vector<ExposureCounts> editions{{{5'000, 5'000}, {0, 0}}};
    for (std::size_t i = 0; i < experiments; ++i) {
      Random random(3'000'000 + i);
      editions[0].exposed = {0, 0};
      for (std::size_t unit = 1; unit <= kUnits; ++unit) {
        ++editions[0].exposed[random.uniform() < share ? 0 : 1];
        if (sample_ratio_p(editions) >= kSampleRatioAlpha) continue;
        ++alarms.times;
        when.push_back(unit);
        break;
      }
    }
    std::sort(when.begin(), when.end());
    std::printf("%.2f: %.4f by %zu units\n", share, alarms.value(),
                when.empty() ? 0 : when[when.size() / 2]);
    if (share == 0.5) must_be_at_most("alarms of a right split", alarms, kSampleRatioAlpha);
  }
}

}  // namespace
}  // namespace hansard::events::experiment

int main(int argc, char** argv) {
  namespace experiment = hansard::events::experiment;
  const auto experiments = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100;
  if (experiments == 0) return 2;
  auto plan = experiment::plan_of({5'000, 5'000});
  experiment::no_difference(experiments, plan, "2 variants");
  // Tightest, and so most easily wrong, where units are few.
  plan.horizon = 500;
  experiment::no_difference(experiments, plan, "2 variants, tuned for 500 units");
  // What is skewed no longer cancels out.
  plan = experiment::plan_of({9'000, 1'000});
  experiment::no_difference(experiments, plan, "2 variants, nine to one");
  plan = experiment::plan_of({2'500, 2'500, 2'500, 2'500});
  experiment::no_difference(std::max<std::size_t>(1, experiments / 4), plan, "4 variants");
  experiment::a_difference(std::max<std::size_t>(1, experiments / 10));
  experiment::guardrails(std::max<std::size_t>(1, experiments / 2));
  experiment::sample_ratio(experiments);
  return experiment::failed ? 1 : 0;
}
