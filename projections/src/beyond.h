#pragma once

#include "core/event.h"
#include "projections/as_of.h"

namespace hansard::projections {

/// True when an answer as of then leaves the event out, and with it all that follow in its stream.
inline bool beyond(const core::RecordedEvent& event, const AsOf& as_of) {
  switch (as_of.kind) {
    case AsOf::Kind::head:
      return false;
    case AsOf::Kind::version:
      return event.version > as_of.version;
    case AsOf::Kind::position:
      return event.position > as_of.position;
    case AsOf::Kind::time:
      return event.recorded_at > as_of.time;
  }
  return false;
}

}  // namespace hansard::projections
