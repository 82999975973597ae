// The real server is killed while it indexes. What it finds afterwards is what reading its log
// finds, its index never is ahead of the log, and nothing was built anew.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <thread>

#include "events/json.h"
#include "http_client.h"
#include "kill_loop.h"
#include "scratch.h"
#include "server_process.h"

namespace hansard::crash {
namespace {

using events::Json;

#ifndef HANSARD_SEARCH_KILLS
#define HANSARD_SEARCH_KILLS 5
#endif

/// As many kills as the build says, or HANSARD_TEST_ROUNDS in the long form.
std::size_t kill_count() {
  const char* chosen = std::getenv("HANSARD_TEST_ROUNDS");
  if (HANSARD_SEARCH_KILLS <= 5 || chosen == nullptr) return HANSARD_SEARCH_KILLS;
  return std::strtoull(chosen, nullptr, 10);
}

/// A directory is read as a whole after every kill, and all that matches has to be ranked.
constexpr std::size_t kKillsPerDirectory = 5;
constexpr std::size_t kTextsPerRound = 1500;

std::uint64_t number_at(const Json& json, std::string_view key) {
  const Json* value = json.find(key);
  EXPECT_NE(value, nullptr) << key;
  return value == nullptr ? 0 : value->as_uint(key).value();
}

class SearchedServer {
 public:
  explicit SearchedServer(std::uint64_t seed) : random_(seed) {}

  /// Writes, kills somewhere in the middle of indexing, starts again and compares.
  void round() {
    Server server(scratch_.data(), scratch_.outside() / "server.log");
    const auto port = server.listening();
    ASSERT_TRUE(port);
    write(HttpClient(*port));
    // Where it is killed is chance, and meant to be: this waits for nothing.
    std::this_thread::sleep_for(std::chrono::microseconds(random_() % 120'000));
    server.process().kill();
    compare();
  }

 private:
  void write(HttpClient&& client) {
    std::string lines;
    if (texts_ == 0) {
      for (int i = 0; i < 10; ++i) {
        lines += R"({"post":"/v1/sessions","body":{"session_id":"s)" + std::to_string(i) + "\"}}\n";
      }
    }
    for (std::size_t i = 0; i < kTextsPerRound; ++i, ++texts_) {
      const std::string n = std::to_string(texts_);
      lines += R"({"post":"/v1/sessions/s)" + std::to_string(random_() % 10) +
               R"(/messages","body":{"message_id":"m)" + n +
               R"(","role":"user","parts":[{"type":"text","text":"every text number)" + n + " has" +
               (random_() % 3 == 0 ? " green tea" : "") + (random_() % 50 == 0 ? " 東京" : "") +
               " of w" + std::to_string(random_() % 40) + "\"}]}}\n";
    }
    // Whether it is answered before the kill does not matter: the log tells what was recorded.
    const auto answer = client.post("/v1/ingest", lines, "Content-Type: application/x-ndjson\r\n");
    if (answer) {
      EXPECT_EQ(answer->status, 200) << answer->body;
    }
  }

  void compare() {
    Server server(scratch_.data(), scratch_.outside() / "server.log");
    const auto port = server.listening();
    ASSERT_TRUE(port);
    HttpClient client(*port);
    const auto state = client.get("/v1/admin/projections");
    ASSERT_TRUE(state);
    const Json projections = events::parse_json(state->body).value();
    const std::uint64_t end = number_at(projections, "checkpoint");
    const Json* index = nullptr;
    for (const Json& each : *projections.find("projections")->if_array()) {
      if (*each.find("name")->if_string() == "search") index = &each;
    }
    ASSERT_NE(index, nullptr);
    EXPECT_LE(number_at(*index, "checkpoint"), end);
    EXPECT_EQ(index->find("notice"), nullptr) << state->body;
    read_log(client);
    for (const std::string word : {"every", "green", "w7", "number1"}) same(client, word, end);
    same(client, "\"green tea\"", end);
    same(client, "東京", end);
    const std::string last = std::to_string(texts_ - 1);
    same(client, "number" + last, end);
    EXPECT_EQ(server.process().running(), true);
  }

  void read_log(HttpClient& client) {
    log_.clear();
    const auto status =
        client.get_lines("/v1/events?from=0&type=MessageSent", [&](std::string_view line) {
          if (line.empty()) return;
          const Json event = events::parse_json(line).value();
          const Json& part = event.find("content")->find("parts")->if_array()->front();
          log_.emplace_back(number_at(event, "position"),
                            " " + *part.find("text")->if_string() + " ");
        });
    ASSERT_EQ(status, 200);
  }

  /// Each page of the answer against every text.
  void same(HttpClient& client, const std::string& query, std::uint64_t end) {
    std::string bare = query;
    std::erase(bare, '"');
    std::vector<std::uint64_t> expected;
    for (const auto& [position, text] : log_) {
      if (text.find(" " + bare + " ") != std::string::npos) expected.push_back(position);
    }
    std::vector<std::uint64_t> found;
    std::string cursor;
    do {
      std::string target = "/v1/search?limit=100&at_least=" + std::to_string(end) + "&q=";
      for (const char c : query) target += c == '"' ? "%22" : c == ' ' ? "%20" : std::string(1, c);
      if (!cursor.empty()) target += "&cursor=" + cursor;
      const auto answer = client.get(target);
      ASSERT_TRUE(answer) << query;
      ASSERT_EQ(answer->status, 200) << answer->body;
      const Json json = events::parse_json(answer->body).value();
      EXPECT_EQ(number_at(json, "matched"), expected.size()) << query;
      EXPECT_LE(number_at(json, "checkpoint"), end);
      for (const Json& hit : *json.find("hits")->if_array()) {
        found.push_back(number_at(hit, "position"));
      }
      const Json* next = json.find("next");
      cursor = next == nullptr ? "" : *next->if_string();
    } while (!cursor.empty());
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, expected) << query;
  }

  const Scratch scratch_;
  std::mt19937_64 random_;
  std::size_t texts_ = 0;
  std::vector<std::pair<std::uint64_t, std::string>> log_;  ///< as read after the kill
};

TEST(SearchedServer, KilledWhileItIndexesItFindsWhatItsLogHas) {
  const std::uint64_t seed = seed_of_run();
  const std::size_t kills = kill_count();
  for (std::size_t done = 0; done < kills && !HasFailure(); done += kKillsPerDirectory) {
    SearchedServer server(seed + done);
    for (std::size_t i = done; i < std::min(done + kKillsPerDirectory, kills); ++i) {
      ASSERT_NO_FATAL_FAILURE(server.round()) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace hansard::crash
