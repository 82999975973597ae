#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/projection.h"
#include "core/time.h"
#include "events/session/usage.h"

namespace hansard::projections {

/// What the gateway asks of the past: which answers are on record for a request, and what was used
/// up of a budget.
///
/// Rows, without content:
///   'o' project 0 stream 0 call id     a call as it was asked last: varint attempt, texts request
///                                      hash, provider, model, then the names of the budgets it
///                                      counts for, as texts
///   'a' project 0 request hash 0 position (8 bytes, big-endian)
///                                      an answer in a conversation, from a provider: text
///                                      stream, text call id, varint attempt
///   'b' project 0 name                 varint requests, varint tokens
///   'm' project 0 name 0 position (8 bytes, big-endian)
///                                      of budgets in money, what the cost of an attempt follows
///                                      from: byte 1 and signed varint time in microseconds, or
///                                      byte 0; texts provider, model, service tier; byte 1 when
///                                      usage is known, varint bits of the classes known, first
///                                      class first, and a varint for each
/// A budget's name (the target of the policy `budget`) says its period: rows are never reset. A
/// call counts once, whatever its attempts, when it was answered or sent at all; its tokens are
/// those of all its attempts at providers. The row of an open call goes with its answer, and stays
/// where it failed: it may be tried again.
class GatewayCalls final : public core::Projection {
 public:
  [[nodiscard]] std::string_view name() const override { return "gateway_calls"; }
  [[nodiscard]] std::uint32_t version() const override { return 2; }
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

/// How the names of budgets in money end. Their rows keep calls and not what these cost: prices are
/// no business of a fold.
inline constexpr std::string_view kMoneyBudget = "/usd";

/// An attempt that is charged to a budget in money.
struct ChargedCall {
  core::Position position;  ///< of its outcome
  std::optional<core::Timestamp> occurred_at;
  std::string provider;
  std::string model;
  std::string tier;  ///< the provider's word; empty: not said
  std::optional<events::Usage> usage;
};

/// Every call charged to a budget in money, in the order of recording, until `sink` returns false.
/// Errors: those of the model; corruption. Cost: a row for each.
core::Status charged_calls(const core::ReadModel& model, const core::ProjectId& project,
                           std::string_view name,
                           const std::function<bool(const ChargedCall&)>& sink);

struct BudgetUse {
  std::uint64_t requests = 0;
  std::uint64_t tokens = 0;
  bool operator==(const BudgetUse&) const = default;
};

/// Zero where nothing was used. Errors: those of the model; corruption.
core::Result<BudgetUse> budget_use(const core::ReadModel& model, const core::ProjectId& project,
                                   std::string_view name);

}  // namespace hansard::projections
