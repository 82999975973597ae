#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/event_log.h"
#include "events/assignment/facts.h"
#include "events/session/fact_types.h"

namespace hansard::projections {

/// Why a unit has its variant: the draw that is on record, and the shares that it was drawn by.
struct WhyVariant {
  events::VariantAssigned assigned;  ///< without the unit's own name where that was erased
  bool erased = false;
  core::Position position;  ///< of that event: the exposure
  core::Timestamp recorded_at;
  /// Buckets of each variant in the edition that it was drawn by, from and up to; empty where the
  /// experiment's stream does not say.
  struct Buckets {
    std::string variant;
    std::uint32_t from = 0;
    std::uint32_t until = 0;
  };
  std::vector<Buckets> buckets;
};

/// Nothing where the reference names no unit, or the unit was never exposed (all its calls were
/// kept, refused or played back).
/// Cost: a read of the unit's first event and of the experiment's stream. Errors: those of the log.
core::Result<std::optional<WhyVariant>> explain_variant(const core::EventLog& log,
                                                        const core::ProjectId& project,
                                                        const events::VariantRef& variant);

}  // namespace hansard::projections
