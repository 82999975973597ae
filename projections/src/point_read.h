#pragma once

#include <optional>
#include <string_view>

#include "core/event_log.h"
#include "events/session/codec.h"

namespace hansard::projections {

struct PointRead {
  events::SessionEvent event;
  bool erased = false;
};
/// The event at `position`, decoded with its content; nothing when it is not of this project, or
/// not of `stream` (empty: of any). Errors: what log and codec report.
core::Result<std::optional<PointRead>> read_at(const core::EventLog& log, core::Position position,
                                               std::string_view project, std::string_view stream);

/// The first `bytes_max` bytes of `text`, cut between characters.
std::string_view cut(std::string_view text, std::size_t bytes_max);

}  // namespace hansard::projections
