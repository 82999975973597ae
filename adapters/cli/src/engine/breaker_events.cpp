#include "engine/breaker_events.h"

#include <utility>

#include "events/system/events.h"
#include "ossl/random.h"

namespace hansard::cli {
namespace {

events::SystemEvent event_of(const gateway::BreakerStatus& status) {
  switch (status.state) {
    case gateway::BreakerState::open:
      return events::CircuitOpened{status.route, status.provider, status.failures, status.requests};
    case gateway::BreakerState::half_open:
      return events::CircuitHalfOpened{status.route, status.provider};
    case gateway::BreakerState::closed:
      break;
  }
  return events::CircuitClosed{status.route, status.provider};
}

}  // namespace

std::string breaker_notice(const gateway::BreakerStatus& status) {
  const std::string of = "calls of route " + status.route + " to " + status.provider;
  switch (status.state) {
    case gateway::BreakerState::open:
      return of + " have been failing: none is made for now";
    case gateway::BreakerState::half_open:
      return of + ": one tries whether they succeed again";
    case gateway::BreakerState::closed:
      break;
  }
  return of + " succeed again";
}

core::AppendRequest breaker_event(const gateway::BreakerStatus& status, core::Timestamp now,
                                  const core::Hasher& hasher) {
  events::EncodedEvent encoded = events::encode(event_of(status));
  core::NewEvent event;
  event.type = encoded.type;
  event.schema = encoded.schema;
  event.id = core::EventId{core::uuid_v8(ossl::random_hash())};
  event.occurred_at = now;
  event.facts = std::move(encoded.facts);
  event.content = std::move(encoded.content);
  event.salt = ossl::random_hash();
  core::seal(event, hasher);
  core::AppendRequest request;
  request.project = core::ProjectId::parse("_log").value();
  request.records.push_back(std::move(event));
  request.recorded_at = now;
  request.durability = core::Durability::relaxed;
  return request;
}

}  // namespace hansard::cli
