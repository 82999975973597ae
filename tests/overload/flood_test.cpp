#include "flood.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "http_client.h"
#include "scale/requests.h"
#include "stage.h"

namespace hansard::overload {
namespace {

/// Durable appends a second with sixteen connections, each waiting for its answers.
double sustainable(std::uint16_t port, std::size_t messages) {
  auto writing = bench::make_writing("measured", 16, messages, 7);
  double rate = 0;
  for (auto* part : {&writing.sessions, &writing.messages}) {
    const auto outcome = bench::run_http({.port = port, .connections = std::move(*part)});
    EXPECT_FALSE(outcome.problem) << *outcome.problem;
    rate = static_cast<double>(outcome.answers) / outcome.usage.seconds;
  }
  return rate;
}

TEST(Overload, TenTimesWhatIsSustainableHarmsNobodyElse) {
  const bool full = crowd() >= 1000;
  // The cap leaves no room for the last of the crowd: the healthy clients were there before.
  const std::size_t beyond = 32;
  Stage stage({{"connections", crowd() + 16}});
  ASSERT_NO_FATAL_FAILURE(stage.start());
  const double rate = sustainable(stage.port(), full ? 2000 : 100);
  const double mb = stage.resident_mb();

  FloodOptions options;
  options.port = stage.port();
  options.connections = crowd() + beyond;
  options.per_second = 10 * rate;
  options.duration = std::chrono::milliseconds(full ? 20'000 : 1'500);
  const std::string before =
      R"({"records":[{"stream":"custom-flood","type":"Noted","facts":{"n":")";
  options.tail = R"("},"content":{"text":")" + std::string(700, 'x') + R"("}}]})";
  options.head =
      "POST /v1/append HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Content-Length: " +
      std::to_string(before.size() + 8 + options.tail.size()) + "\r\n\r\n" + before;
  const std::uint64_t served = stage.served();
  const FloodOutcome outcome = flood(options);
  const std::uint64_t served_meanwhile = stage.served() - served;
  const double peak = stage.resident_mb();

  std::printf(
      "%.0f appends a second are sustainable; offered %llu over %zu connections, of which\n"
      "%llu were taken; answers:",
      rate, static_cast<unsigned long long>(outcome.offered), options.connections,
      static_cast<unsigned long long>(outcome.sent));
  for (const auto& [status, count] : outcome.answers) {
    std::printf(" %d: %llu", status, static_cast<unsigned long long>(count));
    EXPECT_TRUE(status == 201 || status == 429 || status == 503) << status;
  }
  std::printf("\n%llu answers to healthy clients meanwhile; %.0f MB before, %.0f MB after\n",
              static_cast<unsigned long long>(served_meanwhile), mb, peak);

  EXPECT_EQ(outcome.refused_without_advice, 0U);
  EXPECT_GE(outcome.answers.at(503), beyond - 16 - 2);
  EXPECT_TRUE(stage.reaches("hansard_http_limit_hits_total{limit=\"connections\"}",
                            static_cast<double>(outcome.answers.at(503))))
      << "or nobody gets in although the crowd has left";
  EXPECT_GT(served_meanwhile, full ? 200U : 20U);
  EXPECT_LT(peak, 600) << "MB of memory";
  EXPECT_EQ(outcome.sent_at_end, 0U) << "answers were cut";

  // What was acknowledged is there, once each, and nothing else is.
  crash::HttpClient client(stage.port());
  std::uint64_t stored = 0;
  const auto status =
      client.get_lines("/v1/events?from=0&type=Noted&limit=100000000",
                       [&](std::string_view line) { stored += line.empty() ? 0 : 1; });
  EXPECT_EQ(status, 200);
  EXPECT_GE(stored, outcome.answers.at(201));
  EXPECT_LE(stored, outcome.sent);
  stage.end();
}

}  // namespace
}  // namespace hansard::overload
