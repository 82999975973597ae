#include "audit/report_found.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "events/system/events.h"

namespace hansard::http {

namespace {

using core::Errc;
using core::Error;
using core::Result;

/// Events of `system` that are looked at for accesses, latest last.
constexpr std::uint64_t kSystemEventsMax = 500'000;
constexpr std::size_t kAccessesShown = 1000;
/// What an order about a stream is, and the end of one.
constexpr std::string_view kErasureRequested = "ErasureRequested";
constexpr std::array<std::string_view, 4> kOrders{kErasureRequested, "ContentErased",
                                                  "LegalHoldPlaced", "LegalHoldReleased"};

core::Status read_headers(const core::EventLog& log, const core::ProjectId& project,
                          const core::StreamId& stream, Found& found) {
  const auto read =
      log.read_stream(project, stream, core::Version{}, [&](const core::RecordedEvent& event) {
        found.gapless = found.gapless && event.version.value == found.events;
        if (found.events++ == 0) {
          found.first = event.position;
          found.began = event.recorded_at;
        }
        found.last = event.position;
        found.ended = event.recorded_at;
        ++found.actors[event.actor];
        if (std::find(kOrders.begin(), kOrders.end(), event.type) != kOrders.end()) {
          auto facts = events::parse_json(event.facts);
          found.orders.push_back({std::string(event.type), event.version, event.recorded_at,
                                  event.actor, facts ? *std::move(facts) : events::Json()});
        }
        return true;
      });
  if (!read) return read.error();
  if (found.events == 0) return Error{Errc::not_found, "no such session", "session"};
  return core::Ok{};
}

core::Status read_accesses(const core::EventLog& log, const core::ProjectId& project,
                           const core::StreamId& stream, Found& found) {
  std::uint64_t seen = 0;
  const auto read = log.read_stream(
      project, core::StreamId(), core::Version{}, [&](const core::RecordedEvent& event) {
        found.accesses_cut = ++seen > kSystemEventsMax || found.accesses.size() >= kAccessesShown;
        if (found.accesses_cut) return false;
        // The name of the stream stands in the facts as it is; others need not be parsed.
        if (event.type != events::AccessRecorded::kType ||
            event.facts.find(stream.text()) == std::string_view::npos) {
          return true;
        }
        const auto decoded = events::decode_system(event.type, event.schema, event.facts, "{}");
        if (!decoded) return true;
        const auto& access = std::get<events::AccessRecorded>(*decoded);
        if (access.stream == stream.text()) {
          found.accesses.push_back({event.recorded_at, event.actor, access.route,
                                    std::string(events::to_word(access.access))});
        }
        return true;
      });
  if (!read) return read.error();
  return core::Ok{};
}

}  // namespace

std::string plain_text(const events::Json& value) {
  const std::string* text = value.if_string();
  return text != nullptr ? *text : events::dump(value);
}

std::string Order::fact(std::string_view name) const {
  const events::Json* value = facts.find(name);
  return value == nullptr ? std::string() : plain_text(*value);
}

bool Order::erases() const { return type == kErasureRequested; }

Result<Found> find_for_report(const core::EventLog& log, const core::ProjectId& project,
                              const core::StreamId& stream) {
  Found found;
  if (auto status = read_headers(log, project, stream, found); !status) {
    return std::move(status.error());
  }
  auto history = projections::SessionReader(log).history(project, stream, {});
  if (!history) return std::move(history.error());
  found.history = *std::move(history);
  if (auto status = read_accesses(log, project, stream, found); !status) {
    return std::move(status.error());
  }
  return found;
}

}  // namespace hansard::http
