#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "search_rig.h"

namespace hansard::search::test {
namespace {

constexpr int kTexts = 3000;

/// In a process of its own: follows the log until its checkpoint has passed `kill_at`, and is
/// killed then, wherever its thread may be. The next batches are small, so that commits are what it
/// does.
[[noreturn]] void follow_and_die(SearchRig& rig, std::uint64_t kill_at) {
  rig.start();
  while (rig.index->state().checkpoint.value < kill_at) std::this_thread::yield();
  ::kill(::getpid(), SIGKILL);
  ::_exit(1);
}

TEST(SearchKills, AKillAtAnyMomentLosesAndRepeatsNothing) {
  SearchRig rig;
  for (int i = 0; i < kTexts; ++i) {
    rig.recorder.say("s" + std::to_string(i % 11), "m" + std::to_string(i),
                     "text " + std::to_string(i) + (i % 5 == 0 ? " fifth" : ""));
  }
  rig.options.batch_events = 7;
  for (const std::uint64_t kill_at : {1, 60, 300, 301, 700, 1100, 1500, 2200, 2900}) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) follow_and_die(rig, kill_at);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself before " << kill_at;
  }
  // Nothing was built anew: what was absorbed before each kill is still there.
  rig.start();
  EXPECT_EQ(rig.search("fifth").matched, static_cast<std::uint64_t>(kTexts) / 5);
  EXPECT_EQ(rig.search("text").matched, static_cast<std::uint64_t>(kTexts));
  EXPECT_TRUE(rig.notices().empty());
  for (const auto& hit : rig.search("fifth").hits) {
    EXPECT_EQ(hit.place, hit.version.value + 1);  // each counted once
  }
}

}  // namespace
}  // namespace hansard::search::test
