#pragma once

#include "core/event_log.h"
#include "events/upcasters.h"

namespace hansard::events {

/// Says whether a stored event is what a client sends again, in the vocabulary's terms: both are
/// brought to today's schema and compared as JSON trees; `occurred_at` only where the sender
/// supplied it; of an erased event the facts only. What our filter says that it removed is no word
/// of the client's and not compared. Equal bytes are equal without parsing.
/// Immutable, thread-safe.
class VocabularyEquivalence final : public core::EventEquivalence {
 public:
  explicit VocabularyEquivalence(Upcasters upcasters = Upcasters::built_in());
  [[nodiscard]] bool same(const core::RecordedEvent& stored,
                          const core::NewEvent& sent) const override;

 private:
  Upcasters upcasters_;
};

}  // namespace hansard::events
