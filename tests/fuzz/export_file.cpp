// Exports: an event comes back from its line as the very bytes it was stored as, and whatever else
// a file holds is refused with a reason. Input: a byte that chooses; then a file, or a stored
// event.
#include "transfer/export_reader.h"

#include <string>
#include <string_view>

#include "core/assert.h"
#include "core/event_bytes.h"
#include "core/ids.h"
#include "events/json.h"
#include "exports/export_line.h"
#include "memory_file.h"
#include "target.h"

namespace {

using namespace hansard;

constexpr std::string_view kTree =
    R"("size":1,"root":"0000000000000000000000000000000000000000000000000000000000000000")";

/// Reads `text`; what it holds of events, as they would be stored.
core::Status read(std::string_view text, std::string& stored) {
  static const fuzz::MemoryFile file;
  file.write(text);
  cli::ExportReader reader;
  reader.header = [](const cli::ExportHeader&) { return core::Ok{}; };
  reader.event = [&](const core::RecordedEvent& event) -> core::Status {
    core::encode_recorded(event, stored);
    return core::Ok{};
  };
  reader.progress = [](std::uint64_t done, std::uint64_t total) {
    HANSARD_ASSERT(done <= total, "no more is taken than there is");
  };
  return cli::read_export(file.path(), reader);
}

bool may_be_stored(const core::RecordedEvent& event) {
  const auto is_payload = [](std::string_view text) {
    const auto json = events::parse_json(text);
    return json.has_value() && json->is_object() && events::dump(*json) == text;
  };
  // The first moment there is has no counterpart, and no clock gives it.
  const auto is_time = [](core::Timestamp time) { return time != core::Timestamp::min(); };
  return is_time(event.recorded_at) && (!event.occurred_at || is_time(*event.occurred_at)) &&
         core::is_event_type(event.type) && core::ProjectId::parse(event.project).has_value() &&
         core::StreamId::parse(event.stream).has_value() && is_payload(event.facts) &&
         (event.erased || is_payload(event.content));
}

void round_trip(std::string_view bytes) {
  const auto event = core::decode_event(bytes);
  if (!event || !may_be_stored(*event)) return;
  std::string text = R"({"hansard_export":1,"scope":"log","log_id":"l","key_check":"k",)";
  text.append(kTree).append("}\n");
  http::append_export_line(*event, text);
  text.append(R"({"end":1,)").append(kTree).append("}\n");
  std::string stored;
  HANSARD_ASSERT(read(text, stored).has_value(), "what is exported is read");
  HANSARD_ASSERT(stored == bytes, "as the very bytes that were stored");
}

void run(std::string_view bytes) {
  if (fuzz::take_byte(bytes) % 2 == 0) return round_trip(bytes);
  std::string stored;
  const auto status = read(bytes, stored);
  HANSARD_ASSERT(status || !status.error().message.empty(), "a refusal says why");
}

const fuzz::Announced announced("export_file", run);

}  // namespace
