#include "kill_erasure.h"

#include <csignal>
#include <iostream>
#include <random>
#include <thread>

#include "planted_run.h"

namespace hansard::erasure {

void kill_erasures(int rounds, std::uint32_t seed) {
  std::mt19937 random(seed);
  int asked = 0;
  int interrupted = 0;
  for (int round = 0; round < rounds; ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round));
    PlantedRun run;
    run.start();
    run.record();
    run.record_others("a", static_cast<int>(random() % 30));
    if (random() % 2 == 0) {
      run.stop();
      run.start();
    }
    // How long an erasure takes here is a matter of some hundred milliseconds.
    const std::chrono::microseconds moment(random() % 400'000);
    std::thread killer([&run, moment] {
      std::this_thread::sleep_for(moment);
      run.process().signal(SIGKILL);
    });
    std::string body = R"({"user":"ada","id":"e1"})";
    const auto first = run.http().post("/v1/erasures", body);
    killer.join();
    run.kill();
    asked += first ? 1 : 0;
    run.start();
    if (!first) {
      // Nobody knows whether it was taken: asked again it is the same.
      const auto again = run.http().post("/v1/erasures", body);
      ASSERT_TRUE(again && again->status / 100 == 2) << (again ? again->body : "no answer");
    }
    const auto history = run.http().get("/v1/sessions/s1/history");
    ASSERT_TRUE(history);
    EXPECT_EQ(history->body.find("zq7wym-kx9vuh"), std::string::npos);
    const auto state = run.http().get("/v1/erasures/e1");
    ASSERT_TRUE(state);
    interrupted += state->body.find("\"erasing\"") != std::string::npos ? 1 : 0;
    run.see_through("e1");
    run.erase(R"({"session":"s2"})");
    run.stop();
    EXPECT_EQ(run.found(), std::vector<std::string>{});
    run.expect_sound();
    if (::testing::Test::HasFatalFailure()) return;
  }
  std::cout << rounds << " kills: " << asked << " after the answer, " << interrupted
            << " erasures were gone on with\n";
}

}  // namespace hansard::erasure
