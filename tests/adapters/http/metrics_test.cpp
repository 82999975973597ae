#include "http/metrics.h"

#include <gtest/gtest.h>

namespace hansard::http {
namespace {

bool has(const std::string& text, std::string_view line) {
  return ("\n" + text).find("\n" + std::string(line) + "\n") != std::string::npos;
}

TEST(Metrics, CountRequestsByRouteMethodAndStatus) {
  Metrics metrics;
  metrics.served({"GET", "/v1/sessions/{id}", 200, std::chrono::milliseconds(3), 0, 10});
  metrics.served({"GET", "/v1/sessions/{id}", 200, std::chrono::milliseconds(3), 5, 10});
  metrics.served({"GET", "/v1/sessions/{id}", 404, std::chrono::milliseconds(3), 0, 0});
  const std::string text = metrics.text();
  EXPECT_TRUE(has(text,
                  "hansard_http_requests_total{method=\"GET\",route=\"/v1/sessions/{id}\","
                  "status=\"200\"} 2"))
      << text;
  EXPECT_TRUE(has(text,
                  "hansard_http_request_seconds_bucket{method=\"GET\",route=\"/v1/sessions/{id}\","
                  "le=\"0.005\"} 3"));
  EXPECT_TRUE(has(text, "hansard_http_body_bytes_total{direction=\"out\"} 20"));
}

TEST(Metrics, EveryLimitHasItsCounterFromTheStart) {
  Metrics metrics;
  metrics.limit_hit(Limit::body_bytes);
  const std::string text = metrics.text();
  for (const LimitRow& row : limit_table()) {
    const std::string count = row.limit == Limit::body_bytes ? "1" : "0";
    EXPECT_TRUE(has(
        text, "hansard_http_limit_hits_total{limit=\"" + std::string(row.name) + "\"} " + count))
        << row.name;
  }
}

TEST(Metrics, GaugesAreCollectedAtEachScrape) {
  Metrics metrics;
  double value = 1;
  metrics.set_collector([&] {
    return std::vector<Gauge>{
        {"hansard_log_end", "One past the last position", {}, value, true},
        {"hansard_projection_lag", "Events behind", {{"projection", "usage"}}, 4, false}};
  });
  EXPECT_TRUE(has(metrics.text(), "hansard_log_end 1"));
  value = 2;
  EXPECT_TRUE(has(metrics.text(), "hansard_log_end 2"));
  EXPECT_TRUE(has(metrics.text(), "hansard_projection_lag{projection=\"usage\"} 4"));
}

}  // namespace
}  // namespace hansard::http
