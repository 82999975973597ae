#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "events/experiment/assignment.h"
#include "events/experiment/corrections.h"
#include "events/experiment/effect.h"
#include "events/experiment/power.h"
#include "events/experiment/sample_ratio.h"

/// Seeded inputs and what the methods make of them, a line of JSON each, for check_numbers.py,
/// which works them out by itself. `experiment_numbers [seed] [cases]`.
namespace hansard::events::experiment {
namespace {

class Line {
 public:
  void add(const char* name, double value) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.17g", value);
    put(name, std::isfinite(value) ? text.data() : "null");
  }
  void add(const char* name, const std::vector<double>& values) {
    std::string list = "[";
    for (const double value : values) {
      std::array<char, 64> text{};
      std::snprintf(text.data(), text.size(), "%s%.17g", list.size() > 1 ? "," : "", value);
      list += text.data();
    }
    put(name, list + "]");
  }
  void add(const char* name, const std::string& text) { put(name, '"' + text + '"'); }
  void print() const { std::printf("{%s}\n", text_.c_str()); }

 private:
  void put(const char* name, const std::string& value) {
    text_ += (text_.empty() ? "\"" : ",\"") + std::string(name) + "\":" + value;
  }
  std::string text_;
};

void add(Line& line, const std::string& name, const Verdict& verdict) {
  line.add((name + "_lower").c_str(), verdict.lower);
  line.add((name + "_upper").c_str(), verdict.upper);
  line.add((name + "_p").c_str(), verdict.p);
}

class Cases {
 public:
  explicit Cases(std::uint64_t seed) : random_(seed) {}

  void print(int kind) {
    switch (kind % 6) {
      case 0:
        return two_samples("proportion");
      case 1:
        return two_samples("mean");
      case 2:
        return two_samples("ratio");
      case 3:
        return split();
      case 4:
        return several();
      default:
        return other();
    }
  }

 private:
  double uniform(double from, double to) {
    return from + (to - from) * static_cast<double>(random_() >> 11) / 9007199254740992.0;
  }
  std::size_t below(std::size_t bound) { return random_() % bound; }

  Moments sample(Line& line, const std::string& kind, const char* name) {
    const std::size_t n = 20 + below(300);
    const double level = uniform(0.1, 0.9);
    std::vector<double> values;
    std::vector<double> denominators;
    MeanSums means;
    ProportionSums parts;
    RatioSums ratios;
    for (std::size_t i = 0; i < n; ++i) {
      if (kind == "proportion") {
        values.push_back(uniform(0, 1) < level ? 1 : 0);
        parts.add(values.back() == 1);
      } else if (kind == "mean") {
        values.push_back(std::exp(uniform(-2, 2)) * level - 0.5);
        means.add(values.back());
      } else {
        denominators.push_back(static_cast<double>(1 + below(6)));
        values.push_back(std::floor(denominators.back() * uniform(0, level)));
        ratios.add(values.back(), denominators.back());
      }
    }
    line.add(name, values);
    if (kind == "ratio") line.add((std::string(name) + "_below").c_str(), denominators);
    return kind == "proportion" ? parts.moments()
           : kind == "mean"     ? means.moments()
                                : ratios.moments();
  }

  void two_samples(const std::string& kind) {
    Line line;
    line.add("kind", kind);
    const Moments a = sample(line, kind, "a");
    const Moments b = sample(line, kind, "b");
    const double alpha = uniform(0.01, 0.2);
    const double tuned_for = uniform(100, 20'000);
    line.add("alpha", alpha);
    line.add("tuned_for", tuned_for);
    for (const auto& [name, scale] :
         {std::pair{std::string("absolute"), Scale::absolute}, {"relative", Scale::relative}}) {
      const Effect effect = effect_of(a, b, scale);
      line.add((name + "_reason").c_str(), std::string(to_word(effect.reason)));
      if (!effect.known()) continue;
      line.add(name.c_str(), effect.estimate);
      line.add((name + "_error").c_str(), effect.standard_error);
      line.add((name + "_degrees").c_str(), effect.degrees_of_freedom);
      add(line, name + "_fixed", fixed_horizon(effect, alpha));
      add(line, name + "_greater", fixed_horizon(effect, alpha, Sides::greater));
      add(line, name + "_sequence", always_valid(effect, alpha, tuned_for));
      add(line, name + "_sequence_greater", always_valid(effect, alpha, tuned_for, Sides::greater));
      add(line, name + "_sequence_less", always_valid(effect, alpha, tuned_for, Sides::less));
    }
    line.print();
  }

  void split() {
    Line line;
    line.add("kind", std::string("split"));
    std::vector<std::uint64_t> counts;
    std::vector<double> weights;
    for (std::size_t i = 2 + below(3); i > 0; --i) {
      weights.push_back(uniform(0.1, 1));
      counts.push_back(static_cast<std::uint64_t>(weights.back() * uniform(900, 1'100)));
    }
    line.add("counts", std::vector<double>(counts.begin(), counts.end()));
    line.add("weights", weights);
    const ChiSquare fixed = sample_ratio_test(counts, weights);
    line.add("statistic", fixed.statistic);
    line.add("p", fixed.p);
    line.add("sequential_p", sequential_sample_ratio_p(counts, weights));
    line.print();
  }

  void several() {
    Line line;
    line.add("kind", std::string("several"));
    std::vector<double> p;
    for (std::size_t i = 1 + below(8); i > 0; --i) p.push_back(std::pow(uniform(0, 1), 3));
    line.add("p", p);
    line.add("holm", holm(p));
    line.add("benjamini_hochberg", benjamini_hochberg(p));
    line.print();
  }

  void other() {
    Line line;
    line.add("kind", std::string("other"));
    const double difference = uniform(0.05, 0.5);
    const double a = uniform(0.1, 2);
    const double b = uniform(0.1, 2);
    const double alpha = uniform(0.01, 0.2);
    const double power = uniform(0.5, 0.95);
    const std::uint64_t units = units_needed(difference, a, b, alpha, power);
    line.add("difference", difference);
    line.add("variance_a", a);
    line.add("variance_b", b);
    line.add("alpha", alpha);
    line.add("power", power);
    line.add("units", static_cast<double>(units));
    line.add("power_of", power_of(difference, a, b, alpha, units));
    line.add("detectable", detectable(a, b, alpha, power, units));
    const std::string unit = "user-" + std::to_string(random_());
    line.add("unit", unit);
    line.add("bucket", bucket("greeting", unit));
    line.print();
  }

  std::mt19937_64 random_;
};

}  // namespace
}  // namespace hansard::events::experiment

int main(int argc, char** argv) {
  const auto seed = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
  const int cases = argc > 2 ? std::atoi(argv[2]) : 240;
  hansard::events::experiment::Cases made(seed);
  for (int i = 0; i < cases; ++i) made.print(i);
  return 0;
}
