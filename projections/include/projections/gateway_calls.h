#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/projection.h"

namespace hansard::projections {

/// What the gateway asks of the past: which answers are on record for a request, and what was used
/// up of a budget.
///
/// Rows, without content:
///   'o' project 0 stream 0 call id     a call as it was asked last: varint attempt, text request
///                                      hash, then the names of the budgets it counts for, as texts
///   'a' project 0 request hash 0 position (8 bytes, big-endian)
///                                      an answer in a conversation, from a provider: text
///                                      stream, text call id, varint attempt
///   'b' project 0 name                 varint requests, varint tokens
/// A budget's name (the target of the policy `budget`) says its period: rows are never reset. A
/// call counts once, whatever its attempts, when it was answered or sent at all; its tokens are
/// those of all its attempts at providers. The row of an open call goes with its answer, and stays
/// where it failed: it may be tried again.
class GatewayCalls final : public core::Projection {
 public:
  [[nodiscard]] std::string_view name() const override { return "gateway_calls"; }
  [[nodiscard]] std::uint32_t version() const override { return 1; }
  core::Status apply(const core::RecordedEvent& event, core::ReadModelBatch& batch) const override;
};

struct RecordedAnswer {
  std::string stream;
  std::string call_id;
  std::uint32_t attempt = 1;
};

/// The `index`th answer on record for a request, in the order of recording, or the last one where
/// there are fewer; nothing where there is none. Errors: those of the model; corruption.
core::Result<std::optional<RecordedAnswer>> find_answer(const core::ReadModel& model,
                                                        const core::ProjectId& project,
                                                        std::string_view request_hash,
                                                        std::size_t index);

struct BudgetUse {
  std::uint64_t requests = 0;
  std::uint64_t tokens = 0;
  bool operator==(const BudgetUse&) const = default;
};

/// Zero where nothing was used. Errors: those of the model; corruption.
core::Result<BudgetUse> budget_use(const core::ReadModel& model, const core::ProjectId& project,
                                   std::string_view name);

}  // namespace hansard::projections
