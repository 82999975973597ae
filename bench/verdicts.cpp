#include "verdicts.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace hansard::bench {

Spread spread(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
  return {median, values.front(), values.back()};
}

void print_verdicts(const std::vector<Bar>& bars) {
  std::printf("\n| quality | bar | median | min | max | verdict |\n|---|---|---|---|---|---|\n");
  for (const Bar& bar : bars) {
    if (bar.values.empty()) continue;
    const Spread all = spread(bar.values);
    std::printf("| %s |", bar.what.c_str());
    const char* verdict = "";
    if (!std::isinf(bar.bar)) {
      std::printf(" %s %g", bar.at_least ? ">=" : "<=", bar.bar);
      verdict = (bar.at_least ? all.median >= bar.bar : all.median <= bar.bar) ? "holds" : "MISSED";
    }
    std::printf(" | %.4g | %.4g | %.4g | %s |\n", all.median, all.min, all.max, verdict);
  }
}

}  // namespace hansard::bench
