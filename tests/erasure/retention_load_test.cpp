// Many sessions expire at once while others are being recorded.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <iostream>
#include <thread>

#include "events/json.h"
#include "planted_run.h"

namespace hansard::erasure {
namespace {

using events::Json;
using Clock = std::chrono::steady_clock;

constexpr int kSessions = 10'000;
constexpr int kSessionsPerAppend = 200;

/// Appends one message after another to a session, and takes the time of each.
std::vector<double> append_for(std::uint16_t port, const std::string& prefix,
                               const std::function<bool()>& go_on) {
  crash::HttpClient client(port);
  std::vector<double> milliseconds;
  for (int i = 0; go_on(); ++i) {
    const std::string body = R"({"message_id":")" + prefix + std::to_string(i) +
                             R"(","role":"user","parts":[{"type":"text","text":"beside it"}]})";
    const auto begun = Clock::now();
    const auto answer = client.post("/v1/sessions/live/messages", body);
    if (!answer || answer->status / 100 != 2) {
      ADD_FAILURE() << (answer ? answer->body : "no answer");
      return milliseconds;
    }
    milliseconds.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begun).count());
  }
  return milliseconds;
}

double percentile(std::vector<double> all, double part) {
  if (all.empty()) return 0;
  std::sort(all.begin(), all.end());
  return all[static_cast<std::size_t>(part * static_cast<double>(all.size() - 1))];
}

TEST(Retention, TenThousandSessionsExpireUnderLiveTraffic) {
  PlantedRun run;
  const auto config = run.data().parent_path() / "hansard.toml";
  std::ofstream(config) << "[[retention]]\nname = \"ended\"\nolder_than = \"0s\"\n"
                           "status = \"ended\"\n";
  run.start({"--config", config.string()});
  run.post("/v1/sessions", R"({"session_id":"live"})");
  std::string text;
  events::dump_string_to(kPlanted, text);
  for (int from = 0; from < kSessions; from += kSessionsPerAppend) {
    std::string records;
    for (int i = from; i < from + kSessionsPerAppend; ++i) {
      const auto add = [&](const std::string& rest) {
        records += records.empty() ? "" : ",";
        records += "{\"stream\":\"session-x" + std::to_string(i) + "\"," + rest + "}";
      };
      add(R"("type":"SessionCreated","facts":{},"content":{})");
      add(R"("type":"MessageSent","facts":{"message_id":"m","role":"user"},"content":{"parts":)"
          R"([{"type":"text","text":)" +
          text + "}]}");
      add(R"("type":"SessionEnded","facts":{"reason":"done"},"content":{})");
    }
    run.post("/v1/append", "{\"records\":[" + records + "]}");
  }
  const auto until = Clock::now() + std::chrono::seconds(5);
  const auto before = append_for(run.port(), "before", [&] { return Clock::now() < until; });
  std::atomic<bool> done{false};
  std::vector<double> during;
  std::thread writer(
      [&] { during = append_for(run.port(), "during", [&] { return !done.load(); }); });
  const auto begun = Clock::now();
  const Json asked = run.post("/v1/admin/retention", "{}");
  const Json& rule = asked.find("rules")->if_array()->front();
  EXPECT_EQ(dump(*rule.find("sessions")), std::to_string(kSessions));
  run.see_through(*rule.find("erasure_id")->if_string());
  const double seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  done = true;
  writer.join();
  const double p99_before = percentile(before, 0.99);
  const double p99_during = percentile(during, 0.99);
  std::cout << kSessions << " sessions in " << seconds << " s; append p50/p99 before "
            << percentile(before, 0.5) << "/" << p99_before << " ms (" << before.size()
            << "), during " << percentile(during, 0.5) << "/" << p99_during << " ms ("
            << during.size() << "); bar: " << std::max(0.0, 3 * p99_before) << " and 10 ms\n";
  run.stop();
  EXPECT_EQ(run.found(), std::vector<std::string>{});
  run.expect_sound();
}

}  // namespace
}  // namespace hansard::erasure
