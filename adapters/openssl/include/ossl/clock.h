#pragma once

#include "core/time.h"

namespace hansard::ossl {

/// The machine's wall clock, for the edge. It may step backwards; the log's `recorded_at` does not.
/// Threads: safe to call concurrently. Cost: one vDSO call.
class SystemClock final : public core::Clock {
 public:
  [[nodiscard]] core::Timestamp now() const override;
};

}  // namespace hansard::ossl
