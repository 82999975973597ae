#include "stage.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <utility>
#include <vector>

#include "http_client.h"
#include "scale/requests.h"

namespace hansard::overload {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kHealthy = 8;
constexpr double kHealthyPerSecond = 160;

}  // namespace

std::size_t crowd() {
  const char* chosen = std::getenv("HANSARD_TEST_ROUNDS");
  const unsigned long value = chosen == nullptr ? 0 : std::strtoul(chosen, nullptr, 10);
  return value == 0 ? HANSARD_CROWD : value;
}

Stage::Stage(const Limits& limits) {
  const auto path = scratch_.outside() / "hansard.toml";
  std::ofstream config(path);
  config << "[limits]\n";
  for (const auto& [name, value] : limits) config << name << " = " << value << "\n";
  config.close();
  server_ = std::make_unique<crash::Server>(scratch_.data(), scratch_.outside() / "server.log",
                                            std::vector<std::string>{"--config", path.string()});
}

Stage::~Stage() {
  stopping_ = true;
  if (healthy_.joinable()) healthy_.join();
}

void Stage::start() {
  const auto port = server_->listening();
  ASSERT_TRUE(port.has_value()) << server_->process().output();
  port_ = *port;
  watch_ = std::make_unique<bench::ProcessWatch>(server_->process().pid());
  healthy_ = std::thread([this] {
    try {
      load();
    } catch (const std::exception& thrown) {
      broke_ = thrown.what();
    }
  });
  const auto until = Clock::now() + std::chrono::seconds(20);
  while (served_ < kHealthy && Clock::now() < until) std::this_thread::sleep_for(milliseconds(5));
  ASSERT_GE(served_, kHealthy) << "the healthy clients never got through";
}

/// A message into a conversation, then a look at the conversation, by turns.
void Stage::load() {
  bench::HttpLoad load;
  load.port = port_;
  bench::TextSource text(20240601);
  for (std::size_t i = 0; i < kHealthy; ++i) {
    const std::string session = "healthy-" + std::to_string(i);
    std::vector<std::string> requests = {bench::create_session(session)};
    for (std::size_t n = 0; n < 100; ++n) {
      requests.push_back(bench::send_message(session, n, text));
      requests.push_back(bench::http_request("GET", "/v1/sessions/" + session, ""));
    }
    load.connections.push_back(std::move(requests));
  }
  load.repeat = true;
  load.per_second = kHealthyPerSecond;
  load.stop = &stopping_;
  load.told = [this](const bench::HttpAnswered&) { ++served_; };
  outcome_ = bench::run_http(load);
}

void Stage::end() {
  stopping_ = true;
  healthy_.join();
  EXPECT_EQ(broke_, "");
  EXPECT_FALSE(outcome_.problem) << *outcome_.problem;
  EXPECT_GT(outcome_.answers, kHealthy);
  std::printf("%llu answers to the healthy clients, p50 %.1f ms, p99 %.1f ms; %.0f MB resident\n",
              static_cast<unsigned long long>(outcome_.answers),
              outcome_.latencies.quantile(0.5) / 1e3, outcome_.latencies.quantile(0.99) / 1e3,
              resident_mb());
  std::fflush(stdout);
  server_->process().signal(SIGTERM);
  const auto ended = server_->process().wait(milliseconds(60'000));
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->exit_code, 0);
}

double Stage::metric(std::string_view series) const {
  crash::HttpClient client(port_);
  const auto answer = client.get("/metrics");
  if (!answer || answer->status != 200) return -1;
  const std::string line = "\n" + std::string(series) + " ";
  const std::size_t at = answer->body.find(line);
  return at == std::string::npos ? 0
                                 : std::strtod(answer->body.c_str() + at + line.size(), nullptr);
}

double Stage::hits(const std::string& limit) const {
  return metric("hansard_http_limit_hits_total{limit=\"" + limit + "\"}");
}

bool Stage::reaches(std::string_view series, double at_least) const {
  const auto until = Clock::now() + std::chrono::seconds(10);
  while (metric(series) < at_least) {
    if (Clock::now() > until) return false;
    std::this_thread::sleep_for(milliseconds(10));
  }
  return true;
}

double Stage::resident_mb() const { return static_cast<double>(watch_->resident_bytes()) / 1e6; }

}  // namespace hansard::overload
