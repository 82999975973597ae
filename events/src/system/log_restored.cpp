#include "events/system/log_restored.h"

#include "core/time.h"
#include "events/json.h"

namespace hansard::events {
namespace {

bool is_root(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

core::Status check(const LogRestored& event) {
  if (!is_root(event.root)) return bad_field("facts.root", "expected 64 hex digits");
  if (!is_root(event.backup_root)) return bad_field("facts.backup_root", "expected 64 hex digits");
  if (event.size > event.backup_size) {
    return bad_field("facts.size", "more than the backup's " + std::to_string(event.backup_size));
  }
  if (event.epoch < 2) return bad_field("facts.epoch", "expected a number from 2");
  if (!core::parse_time(event.backup_made_at)) {
    return bad_field("facts.backup_made_at", "expected a time like 2026-08-01T00:00:00Z");
  }
  if (event.to_time && !core::parse_time(*event.to_time)) {
    return bad_field("facts.to_time", "expected a time like 2026-08-01T00:00:00Z");
  }
  if (event.reason != "to_position" && event.reason != "to_time" && event.reason != "clone") {
    return bad_field("facts.reason", "expected to_position, to_time or clone");
  }
  return core::Ok{};
}

}  // namespace hansard::events
