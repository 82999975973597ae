#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/read_model_store.h"
#include "core/result.h"

namespace hansard::projections {

/// Rows in one page of a dump.
inline constexpr std::size_t kRowPageMax = 1000;

/// A row made readable: UTF-8 text as it is, other bytes as `\xNN`, a backslash as `\\`.
struct ReadableRow {
  std::string key;
  std::string row;
};

struct RowPage {
  std::vector<ReadableRow> rows;    ///< in key order
  std::optional<std::string> next;  ///< cursor of the following page; absent at the end
  core::Position checkpoint;        ///< the position the rows reflect
};

/// The rows of any projection, so that a new one can be looked at without writing a route for it.
/// @param prefix  readable form of how keys begin; empty: all
/// @param cursor  `next` of the page before; empty: from the first
/// @param limit   1..kRowPageMax
/// Errors: invalid_argument (prefix, cursor, limit), and what the model reports.
core::Result<RowPage> read_rows(const core::ReadModel& model, std::string_view prefix,
                                std::string_view cursor, std::size_t limit);

/// Bytes <-> their readable form; lossless. Errors of `unreadable`: invalid_argument.
std::string readable(std::string_view bytes);
core::Result<std::string> unreadable(std::string_view text);

}  // namespace hansard::projections
