#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "projections/facts/columns.h"

namespace hansard::projections::facts {

/// What there are rows of. Each table is a view of the same name.
enum class Table : std::uint8_t {
  calls,          ///< model calls, by their outcome
  tool_calls,     ///< results of tools
  scores,         ///< judgements
  optimisations,  ///< of what is sent to a model
  observations    ///< of units of experiments
};
inline constexpr std::size_t kTables = 5;

inline constexpr std::array<std::string_view, kTables> kTableWords{"calls", "tool_calls", "scores",
                                                                   "optimisations", "observations"};

/// Of the table and of its view.
constexpr std::string_view to_word(Table table) {
  return kTableWords[static_cast<std::size_t>(table)];
}
constexpr std::optional<Table> table_of(std::string_view word) {
  for (std::size_t i = 0; i < kTables; ++i) {
    if (kTableWords[i] == word) return static_cast<Table>(i);
  }
  return std::nullopt;
}

/// Whether rows of the table may know this column. The others are unknown in every row and cost
/// nothing.
constexpr bool has(Table table, Column column) {
  switch (column) {
    case Column::position:
    case Column::recorded_at:
    case Column::occurred_at:
    case Column::session:
    case Column::user:
    case Column::agent:
    case Column::app:
    case Column::source:
    case Column::tags:
      return true;
    case Column::call:
    case Column::provider:
    case Column::model:
    case Column::prompt:
    case Column::prompt_version:
    case Column::experiment:
    case Column::variant:
      return table != Table::optimisations;
    case Column::error_type:
      return table == Table::calls || table == Table::tool_calls || table == Table::observations;
    case Column::unit:
    case Column::observation:
    case Column::edition:
    case Column::sign:
      return table == Table::observations;
    case Column::tool:
    case Column::outcome:
    case Column::duration_us:
      return table == Table::tool_calls;
    case Column::metric:
    case Column::value:
    case Column::category:
    case Column::evaluator:
    case Column::target:
      return table == Table::scores || table == Table::observations;
    case Column::strategy:
    case Column::reason:
    case Column::tokens_before:
    case Column::tokens_after:
    case Column::removed:
    case Column::summarised:
      return table == Table::optimisations;
    default:
      return table == Table::calls || table == Table::observations;
  }
}

}  // namespace hansard::projections::facts
