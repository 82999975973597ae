#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/event_log.h"

namespace hansard::faults {

/// What writers sent and what they were told, in the order of each writer.
/// Threads: `send` and `answer` may be called concurrently; the rest when no writer runs.
class Journal {
 public:
  enum class State : std::uint8_t {
    unknown,       ///< no answer, `unavailable`, or a relaxed receipt: it may be there or not
    acknowledged,  ///< durable, whatever happens
    refused        ///< certainly not there
  };
  struct Entry {
    std::size_t writer = 0;
    core::AppendRequest request;
    State state = State::unknown;
    core::Receipt receipt;  ///< `acknowledged` only
  };

  /// Notes a request before it is sent. @return its number.
  std::size_t send(std::size_t writer, const core::AppendRequest& request);
  void answer(std::size_t number, const core::Result<core::Receipt>& receipt);

  [[nodiscard]] std::vector<Entry>& entries() { return entries_; }
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  [[nodiscard]] std::size_t count(State state) const;

 private:
  std::mutex mutex_;
  std::vector<Entry> entries_;
};

/// Compares a log with what its writers were told. @return every contradiction, in words.
/// Everything in the log must have come from the journal.
std::vector<std::string> contradictions(const core::EventLog& log, const Journal& journal);

/// Sends every request of unknown outcome again, in order, until it is answered, and returns what
/// is wrong with the answers: a stored one must answer its places, any other must be stored now.
std::vector<std::string> resolve_unknown(core::EventLog& log, Journal& journal);

}  // namespace hansard::faults
