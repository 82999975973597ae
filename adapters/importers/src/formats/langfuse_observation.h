#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"
#include "events/json.h"

/// What happened in a trace. Private to the reader of Langfuse exports.
namespace hansard::importers::langfuse {

/// An observation and its place in the tree.
struct Observation {
  const events::Json* json = nullptr;
  std::string id;
  std::string type;
  std::string name;
  std::optional<core::Timestamp> start;
  std::optional<core::Timestamp> end;
  const events::Json* around = nullptr;  ///< of a call: the observation that only wraps it
  std::size_t calls_inside = 0;          ///< generations below it

  /// A member; null when it is absent.
  [[nodiscard]] const events::Json& at(std::string_view key) const;
  [[nodiscard]] bool failed() const;
  /// A generation that no other one stands below.
  [[nodiscard]] bool is_call() const { return type == "GENERATION" && calls_inside == 0; }
  /// What it says that its events have no field for.
  [[nodiscard]] events::Json rest() const;
  /// Start to end, in microseconds.
  [[nodiscard]] std::optional<std::uint64_t> lasted() const;
};

/// By start, whatever the order of the export. `observations` outlive the result.
/// @pre each has a text `id`
std::vector<Observation> ordered(const events::Json::Array& observations);

/// Microseconds, when both are known and in order.
std::optional<std::uint64_t> between(const std::optional<core::Timestamp>& begin,
                                     const std::optional<core::Timestamp>& end);

}  // namespace hansard::importers::langfuse
