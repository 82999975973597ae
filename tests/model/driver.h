#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>

#include "core/event_log.h"

namespace hansard::model {

/// A log that a model-based run drives, and what may happen to it.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual core::EventLog& log() = 0;
  /// True when `restart` does anything.
  [[nodiscard]] virtual bool can_restart() const { return false; }
  /// Stops it, by a power loss as like as not, and opens it again.
  /// @return what went wrong; nothing when it is open.
  virtual std::optional<std::string> restart(std::mt19937_64&) { return {}; }
  /// Plans a fault of a coming operation; the log may then answer `unavailable`, or lose its power.
  virtual void plan_fault(std::mt19937_64&) {}
  [[nodiscard]] virtual bool has_power() const { return true; }
  /// Blocks, after an answer of `unavailable`, until the log serves again or the power is gone.
  /// @return false when neither comes about within minutes.
  virtual bool wait_until_serving() { return true; }
};

/// Answers of `unavailable` to one operation that a run bears: each planned fault ends a few.
inline constexpr int kUnavailableMax = 100;

struct RunOptions {
  std::uint64_t seed = 0;
  std::uint64_t operations = 0;
  bool faults = false;      ///< restarts and planned faults
  std::size_t streams = 6;  ///< few, so that operations meet
};

/// Draws operations, applies them to the subject and to `Reference`, and compares every answer:
/// appends with all kinds of checks, several streams and projects, duplicates, reused ids, partial
/// duplicates, malformed ones; reads by position and by stream, heads, ids, the size of the tree.
/// @return the first difference with the operations that led to it; nothing when there is none.
std::optional<std::string> run_against_reference(Subject& subject, const RunOptions& options);

/// Likewise with idempotent session commands through the command loop, against the rules of
/// creating, saying, ending and reopening written down once more.
std::optional<std::string> run_sessions(Subject& subject, const RunOptions& options);

}  // namespace hansard::model
