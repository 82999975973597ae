#include "kill_loop.h"

#include <gtest/gtest.h>

#include <iostream>

namespace hansard::crash {
namespace {

TEST(KillLoop, TwentyKillsUnderLoadLoseNothingThatWasAcknowledged) {
  const Scratch scratch;
  KillLoopOptions options;
  options.seed = seed_of_run();
  KillLoop loop(options, scratch);
  loop.run();
  std::cout << loop.report() << std::flush;
}

}  // namespace
}  // namespace hansard::crash
