#include "scale/board.h"

#include <algorithm>
#include <cstdio>

namespace hansard::bench {

void Board::add(const std::string& what, bool at_least, double bar, double value) {
  std::printf("  %-64s %.5g\n", what.c_str(), value);
  std::fflush(stdout);
  auto found =
      std::find_if(bars_.begin(), bars_.end(), [&](const Bar& each) { return each.what == what; });
  if (found == bars_.end()) found = bars_.insert(found, Bar{what, at_least, bar, {}});
  found->values.push_back(value);
}

void Board::note(const std::string& what, double value) { add(what, false, Bar::kNone, value); }

void Board::at_least(const std::string& what, double bar, double value) {
  add(what, true, bar, value);
}

void Board::at_most(const std::string& what, double bar, double value) {
  add(what, false, bar, value);
}

void Board::latencies(const std::string& what, Latencies& all) {
  note(what + ", p50 us", all.quantile(0.50));
  note(what + ", p99 us", all.quantile(0.99));
}

void Board::disturbance(const std::string& during, const Usage& usage) {
  note("others_cpu_% during " + during, usage.others_percent);
}

void Board::print() const { print_verdicts(bars_); }

}  // namespace hansard::bench
