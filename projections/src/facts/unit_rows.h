#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "layout.h"

/// Rows that only the view `observations` has.
namespace hansard::projections::facts {

std::string units_key(std::string_view project, std::int64_t experiment);
std::string unit_key(std::string_view project, std::int64_t experiment, std::string_view name);

/// A unit of an experiment: varint ordinal; signed varint variant that it was exposed to (-1: not
/// yet).
struct UnitRow {
  std::uint32_t ordinal = 0;
  std::int64_t variant = kNull;
};
std::string encode(const UnitRow& unit);
core::Result<UnitRow> decode_unit(std::string_view row);

/// A call of a unit: varint ordinal, then `AskedRow`.
struct UnitCall {
  std::uint32_t unit = 0;
  AskedRow asked;
};
std::string encode(const UnitCall& call);
core::Result<UnitCall> decode_unit_call(std::string_view row);

/// Experiments of one session whose latest call is remembered, the earliest dropped.
inline constexpr std::size_t kSessionExperimentsMax = 8;
/// Latest last, each a varint ordinal and signed varints experiment and variant.
struct LatestCall {
  std::uint32_t unit = 0;
  std::int64_t experiment = kNull;
  std::int64_t variant = kNull;
};
std::string encode(const std::vector<LatestCall>& calls);
core::Result<std::vector<LatestCall>> decode_latest(std::string_view row);

/// What an outcome says now: varint revision; signed varints metric, value, category.
struct OutcomeRow {
  std::uint32_t revision = 0;
  std::int64_t metric = kNull;
  std::int64_t value = kNull;
  std::int64_t category = kNull;
};
std::string encode(const OutcomeRow& outcome);
core::Result<OutcomeRow> decode_outcome(std::string_view row);

}  // namespace hansard::projections::facts
