#include "point_read.h"

#include "events/session/fast_facts.h"

namespace hansard::projections {

core::Result<std::optional<PointRead>> read_at(const core::EventLog& log, core::Position position,
                                               std::string_view project, std::string_view stream) {
  std::optional<PointRead> found;
  core::Status status = core::Ok{};
  const auto read = log.read(position, [&](const core::RecordedEvent& event) {
    if (event.position != position || event.project != project) return false;
    if (!stream.empty() && event.stream != stream) return false;
    auto decoded = events::session_codec().decode(event);
    if (!decoded) {
      status = decoded.error();
    } else {
      found = PointRead{std::move(decoded->event), decoded->erased};
    }
    return false;
  });
  if (!read) return read.error();
  if (!status) return status.error();
  return found;
}

std::string_view cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace hansard::projections
