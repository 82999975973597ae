#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "kill_loop.h"

namespace hansard::crash {
namespace {

/// A directory takes so many kills; then the next one begins, so that reading all of it after
/// every kill stays affordable.
constexpr std::size_t kKillsPerDirectory = 50;

std::size_t rounds() {
  const char* chosen = std::getenv("HANSARD_TEST_ROUNDS");
  return chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : 200;
}

TEST(KillLoop, HundredsOfKillsUnderLoadLoseNothingThatWasAcknowledged) {
  const std::uint64_t seed = seed_of_run();
  for (std::size_t done = 0; done < rounds() && !HasFailure();) {
    const Scratch scratch;
    KillLoopOptions options;
    options.kills = std::min(kKillsPerDirectory, rounds() - done);
    options.writers = 12;
    options.seed = seed + done;
    KillLoop loop(options, scratch);
    loop.run();
    std::cout << loop.report() << std::flush;
    done += options.kills;
  }
}

}  // namespace
}  // namespace hansard::crash
