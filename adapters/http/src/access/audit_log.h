#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/event.h"
#include "events/json.h"
#include "http/context.h"
#include "shared/reads.h"

namespace hansard::http {

/// Events looked at for one page of who did what.
inline constexpr std::uint64_t kAuditScanEvents = 200'000;
inline constexpr std::uint64_t kAuditPage = 1000;
/// Events that one tree of causes may have.
inline constexpr std::size_t kTraceEvents = 1000;

/// Names of keys by actor, as the ring has them; those of the past included.
using KeyNames = std::map<core::KeyId, std::string>;
KeyNames key_names(const KeyRing& keys, const core::ProjectId& project);

/// The header of an event, and whose key it was; its payloads are not looked at.
events::Json header_json(const core::RecordedEvent& event, const KeyNames& names);

/// The first position at or after `time`. Cost: a read for every doubling of the log.
/// Errors: those of `EventLog::read`.
core::Result<core::Position> position_at(const core::EventLog& log, core::Timestamp time);

/// GET /v1/audit/log, GET /v1/audit/trace, GET /v1/audit/report.
std::vector<AddedRoute> audit_log_routes(const std::shared_ptr<Reads>& reads);
AddedRoute audit_trace_route(const std::shared_ptr<Reads>& reads);
AddedRoute audit_report_route(const std::shared_ptr<Reads>& reads);

}  // namespace hansard::http
