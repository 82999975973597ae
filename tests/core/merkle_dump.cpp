// Writes what merkle_check.py needs to compute the tree by itself: a line with the hex of each
// stored event, and for each size from 0 to the number of events a line with the root that the log
// gave.
#include <cstdio>
#include <string>

#include "core/in_memory_event_log.h"
#include "support/events.h"
#include "support/log.h"

using namespace hansard;

int main() {
  constexpr int kEvents = 300;
  const core::EventEquivalence same{};
  core::InMemoryEventLog log(support::hasher(), same);
  const auto print_root = [&] {
    const auto tree = log.tree();
    std::printf("root %llu %s\n", static_cast<unsigned long long>(tree.size),
                core::to_hex(core::as_bytes(tree.root)).c_str());
  };
  print_root();
  for (int i = 0; i < kEvents; ++i) {
    auto event = support::event("session-" + std::to_string(i % 11), std::to_string(i),
                                std::string(static_cast<std::size_t>(i), 'x'));
    if (i % 2 == 0) event.occurred_at = support::at_us(i);
    if (!support::append(log, support::request({event}))) return 1;
    if (i % 5 == 0 && !log.erase(core::Position{static_cast<std::uint64_t>(i)})) return 1;
    print_root();
  }
  for (const auto& event : support::read_all(log)) {
    std::printf("event %s\n", core::to_hex(event.bytes()).c_str());
  }
  return 0;
}
