#include "engine/price_publisher.h"

#include <algorithm>
#include <string>
#include <utility>

#include "events/pricing/book_file.h"
#include "events/system/events.h"

namespace hansard::cli {
namespace {

core::ProjectId shared_project() {
  return core::ProjectId::parse(events::pricing::kSharedPrices).value();
}

/// The same content, the same ids: who publishes it twice publishes it once.
core::AppendRequest request_of(const std::vector<events::PricesPublished>& parts,
                               const core::Hasher& hasher) {
  core::AppendRequest request;
  request.project = shared_project();
  request.known = core::Known::skip;
  core::Hash whole{};
  for (const events::PricesPublished& part : parts) {
    events::EncodedEvent encoded = events::encode(part);
    core::NewEvent event;
    event.type = encoded.type;
    event.schema = encoded.schema;
    event.facts = std::move(encoded.facts);
    event.content = std::move(encoded.content);
    whole = hasher.sha256({core::as_bytes(whole), event.facts});
    request.records.push_back(std::move(event));
  }
  for (std::size_t i = 0; i < request.records.size(); ++i) {
    const std::string nth = std::to_string(i);
    request.records[i].id = core::EventId{
        core::uuid_v8(hasher.sha256({"hansard default prices", core::as_bytes(whole), nth}))};
  }
  return request;
}

/// The latest day on which a shared default book on record was looked up.
std::optional<core::Timestamp> newest(const projections::Prices& prices, std::string_view book) {
  std::optional<core::Timestamp> latest;
  for (const auto& each : prices.books_of(events::pricing::kSharedPrices)) {
    if (each.book == book) latest = std::max(latest, each.collected_at);
  }
  return latest;
}

}  // namespace

void PricePublisher::start() {
  ports_.post([self = shared_from_this()] { self->attempt(); });
}

void PricePublisher::attempt() {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
  }
  const auto& parts = events::pricing::default_prices();
  core::AppendRequest request = request_of(parts, ports_.hasher);
  const auto known = ports_.log.find(request.project, request.records.back().id);
  if (!known) return failed(known.error());
  if (*known) return settled();
  const auto prices = ports_.prices.read(request.project);
  if (!prices) return failed(prices.error());
  const auto collected = parts.front().collected_at ? core::parse_time(*parts.front().collected_at)
                                                    : core::Result<core::Timestamp>(core::Error{});
  if (collected && newest(**prices, parts.front().book) > *collected) return settled();

  for (core::NewEvent& event : request.records) {
    event.salt = ports_.draw_random();
    core::seal(event, ports_.hasher);
  }
  request.recorded_at = ports_.clock.now();
  ports_.log.append(std::move(request),
                    [self = shared_from_this()](const core::Result<core::Receipt>& receipt) {
                      if (receipt) {
                        self->settled();
                      } else {
                        self->failed(receipt.error());
                      }
                    });
}

void PricePublisher::settled() {
  const std::lock_guard lock(mutex_);
  settled_ = true;
  changed_.notify_all();
}

void PricePublisher::failed(const core::Error& error) {
  std::unique_ptr<core::Subscription> over;  // destroyed outside the lock
  const std::unique_lock lock(mutex_);
  if (stopped_ || error.code == core::Errc::cancelled) return;
  if (ports_.notice) {
    ports_.notice("the prices of this program are not on record yet: " + error.message);
  }
  over = std::exchange(timer_, ports_.after(wait_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->start();
  }));
  wait_ = std::min(wait_ * 2, kLastWait);
}

void PricePublisher::wait(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [this] { return settled_ || stopped_; });
}

void PricePublisher::stop() {
  std::unique_ptr<core::Subscription> over;
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_all();
  over = std::move(timer_);
}

}  // namespace hansard::cli
