#include "http/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <map>
#include <mutex>
#include <sstream>

#include "http/malformed.h"

namespace hansard::http {

namespace {

/// Seconds: an append over loopback takes 0.1..10 ms, a query up to its deadline.
const prometheus::Histogram::BucketBoundaries& latency_buckets() {
  static const prometheus::Histogram::BucketBoundaries kBuckets{
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
      0.1,    0.25,    0.5,    1,     2.5,    5,     10,   30};
  return kBuckets;
}

/// Groups gauges of one name under one HELP and TYPE line.
std::vector<prometheus::MetricFamily> families(const std::vector<Gauge>& gauges) {
  std::map<std::string, prometheus::MetricFamily> by_name;
  for (const Gauge& gauge : gauges) {
    prometheus::MetricFamily& family = by_name[gauge.name];
    family.name = gauge.name;
    family.help = gauge.help;
    family.type = gauge.counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
    prometheus::ClientMetric metric;
    for (const auto& [name, value] : gauge.labels) metric.label.push_back({name, value});
    (gauge.counter ? metric.counter.value : metric.gauge.value) = gauge.value;
    family.metric.push_back(std::move(metric));
  }
  std::vector<prometheus::MetricFamily> out;
  for (auto& [name, family] : by_name) out.push_back(std::move(family));
  return out;
}

std::vector<Gauge> malformed_counts() {
  std::vector<Gauge> all;
  for (std::size_t i = 0; i < kMalformedCount; ++i) {
    const auto reason = static_cast<Malformed>(i);
    all.push_back({"hansard_http_malformed_total",
                   "Requests refused because they are no HTTP that is read here, by reason",
                   {{"reason", std::string(name(reason))}},
                   static_cast<double>(malformed_count(reason)),
                   true});
  }
  return all;
}

}  // namespace

struct Metrics::Impl {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests =
      prometheus::BuildCounter()
          .Name("hansard_http_requests_total")
          .Help("Requests answered, by route, method and status")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& latency =
      prometheus::BuildHistogram()
          .Name("hansard_http_request_seconds")
          .Help("From the head of a request to the last byte of its answer")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& bytes = prometheus::BuildCounter()
                                                       .Name("hansard_http_body_bytes_total")
                                                       .Help("Body bytes, in and out")
                                                       .Register(registry);
  prometheus::Family<prometheus::Counter>& limit_hits =
      prometheus::BuildCounter()
          .Name("hansard_http_limit_hits_total")
          .Help("Requests refused or connections ended by a limit")
          .Register(registry);
  prometheus::Counter& bytes_in = bytes.Add({{"direction", "in"}});
  prometheus::Counter& bytes_out = bytes.Add({{"direction", "out"}});
  prometheus::Counter& opened = prometheus::BuildCounter()
                                    .Name("hansard_http_connections_total")
                                    .Help("Connections accepted")
                                    .Register(registry)
                                    .Add({});
  prometheus::Gauge& open = prometheus::BuildGauge()
                                .Name("hansard_http_connections")
                                .Help("Connections open now")
                                .Register(registry)
                                .Add({});
  prometheus::Gauge& held = prometheus::BuildGauge()
                                .Name("hansard_http_bodies_bytes")
                                .Help("Bytes of request bodies held now")
                                .Register(registry)
                                .Add({});
  std::array<prometheus::Counter*, kLimitCount> limits{};
  prometheus::Gauge& subscribers =
      prometheus::BuildGauge()
          .Name("hansard_live_subscribers")
          .Help("Followed event streams open now, on HTTP or WebSocket")
          .Register(registry)
          .Add({});
  prometheus::Counter& fell_behind = prometheus::BuildCounter()
                                         .Name("hansard_live_fell_behind_total")
                                         .Help("Times a live subscriber was too slow for its queue")
                                         .Register(registry)
                                         .Add({});
  prometheus::Family<prometheus::Counter>& live_closed =
      prometheus::BuildCounter()
          .Name("hansard_live_closed_total")
          .Help("Followed event streams that ended, by reason")
          .Register(registry);
  std::array<prometheus::Counter*, kLiveEnds> live_ends{};
  prometheus::Family<prometheus::Counter>& key_failures =
      prometheus::BuildCounter()
          .Name("hansard_http_key_failures_total")
          .Help("Requests refused because their key opens nothing, by reason")
          .Register(registry);
  std::array<prometheus::Counter*, kKeyFaults> key_faults{};

  /// Label lookup in the library hashes strings; ours remembers per (route, method, status).
  struct Row {
    prometheus::Counter* count;
    prometheus::Histogram* seconds;
  };
  std::mutex mutex;
  std::map<std::pair<std::string, int>, Row, std::less<>> rows;
  std::function<std::vector<Gauge>()> collect;
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {
  for (const LimitRow& row : limit_table()) {
    impl_->limits[static_cast<std::size_t>(row.limit)] =
        &impl_->limit_hits.Add({{"limit", std::string(row.name)}});
  }
  constexpr std::array<const char*, kLiveEnds> kReasons{"client",  "limit",    "slow", "protocol",
                                                        "refused", "stopping", "error"};
  for (std::size_t i = 0; i < kLiveEnds; ++i) {
    impl_->live_ends[i] = &impl_->live_closed.Add({{"reason", kReasons[i]}});
  }
  for (std::size_t i = 0; i < kKeyFaults; ++i) {
    impl_->key_faults[i] =
        &impl_->key_failures.Add({{"reason", std::string(name(static_cast<KeyFault>(i)))}});
  }
}

Metrics::~Metrics() = default;

void Metrics::served(const Served& request) {
  const double seconds = std::chrono::duration<double>(request.took).count();
  std::string key;
  key.reserve(request.method.size() + request.pattern.size() + 1);
  key.append(request.method).append(" ").append(request.pattern);
  Impl::Row row{};
  {
    const std::lock_guard lock(impl_->mutex);
    auto [found, inserted] = impl_->rows.try_emplace({std::move(key), request.status}, Impl::Row{});
    if (inserted) {
      const std::string method(request.method);
      const std::string route(request.pattern);
      found->second.count = &impl_->requests.Add(
          {{"method", method}, {"route", route}, {"status", std::to_string(request.status)}});
      found->second.seconds =
          &impl_->latency.Add({{"method", method}, {"route", route}}, latency_buckets());
    }
    row = found->second;
  }
  row.count->Increment();
  row.seconds->Observe(seconds);
  impl_->bytes_in.Increment(static_cast<double>(request.bytes_in));
  impl_->bytes_out.Increment(static_cast<double>(request.bytes_out));
}

void Metrics::connection_opened() {
  impl_->opened.Increment();
  impl_->open.Increment();
}

void Metrics::connection_closed() { impl_->open.Decrement(); }

void Metrics::bodies_held(std::int64_t bytes) { impl_->held.Increment(static_cast<double>(bytes)); }

void Metrics::limit_hit(Limit limit) {
  impl_->limits[static_cast<std::size_t>(limit)]->Increment();
}

void Metrics::key_failed(KeyFault fault) {
  impl_->key_faults[static_cast<std::size_t>(fault)]->Increment();
}

void Metrics::live_subscribed(int count) { impl_->subscribers.Increment(count); }

void Metrics::live_fell_behind() { impl_->fell_behind.Increment(); }

void Metrics::live_closed(LiveEnd why) {
  impl_->live_ends[static_cast<std::size_t>(why)]->Increment();
}

void Metrics::set_collector(std::function<std::vector<Gauge>()> collect) {
  const std::lock_guard lock(impl_->mutex);
  impl_->collect = std::move(collect);
}

std::string Metrics::text() const {
  std::function<std::vector<Gauge>()> collect;
  {
    const std::lock_guard lock(impl_->mutex);
    collect = impl_->collect;
  }
  std::vector<prometheus::MetricFamily> all = impl_->registry.Collect();
  for (auto& family : families(malformed_counts())) all.push_back(std::move(family));
  if (collect) {
    for (auto& family : families(collect())) all.push_back(std::move(family));
  }
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, all);
  return out.str();
}

}  // namespace hansard::http
