#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "projections/history.h"

namespace hansard::projections {

/// Puts tool calls under the answers that asked for them, and results under the calls they close.
/// A `tool_call_id` may repeat within a session: a result that names no (message_id, index) closes
/// the latest open call with its id. What fits nowhere stays an entry of its own: nothing is lost.
class ToolJoin {
 public:
  void add(Entry entry);
  /// All entries in order, the tools of each answer by index.
  [[nodiscard]] std::vector<Entry> finish() &&;

 private:
  /// A call: in `entries_[entry]`, at `tools[tool]`, or the entry itself.
  struct Place {
    std::size_t entry = 0;
    std::optional<std::size_t> tool;
  };
  using CallKey = std::pair<std::string, std::uint32_t>;

  void add_call(Entry entry);
  template <class E>
  void add_outcome(Entry entry);
  [[nodiscard]] std::optional<ToolOutcome>& outcome_of(const Place& place);
  template <class E>
  [[nodiscard]] const Place* open_call_for(const E& outcome);

  std::vector<Entry> entries_;
  std::map<std::string, std::size_t, std::less<>> answers_;  ///< message_id -> entry
  std::map<CallKey, Place> calls_;
  std::map<std::string, std::vector<Place>, std::less<>> by_call_id_;  ///< oldest first
};

}  // namespace hansard::projections
