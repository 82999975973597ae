#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/event_log.h"

namespace hansard::model {

/// What an append must be answered: positions and versions, or an error with what it must name.
struct Answer {
  std::optional<core::Errc> error;
  std::vector<core::RecordReceipt> records;
  std::vector<std::tuple<std::string, std::string, std::string>> violations;
};

/// The log as its contract describes it, as simply as can be: a list, and nothing of the engine.
/// (It shares only the plain data types of the port.)
class Reference {
 public:
  struct Stored {
    std::string project;
    std::string stream;
    std::uint64_t version = 0;
    core::NewEvent event;
    core::Timestamp recorded_at;
    bool begins_append = false;
  };

  Answer append(const core::AppendRequest& request);

  [[nodiscard]] const std::vector<Stored>& events() const { return events_; }
  /// Positions of a stream's events.
  [[nodiscard]] std::vector<std::uint64_t> stream(const std::string& project,
                                                  const std::string& name) const;
  [[nodiscard]] std::optional<std::uint64_t> find(const std::string& project,
                                                  const core::EventId& id) const;
  /// True when the log may end there: between two appends.
  [[nodiscard]] bool is_boundary(std::uint64_t end) const;
  /// Forgets everything from `end` on.
  void truncate(std::uint64_t end);

 private:
  [[nodiscard]] std::optional<std::uint64_t> head(const std::string& project,
                                                  const std::string& name) const;

  std::vector<Stored> events_;
  std::map<std::pair<std::string, core::EventId>, std::uint64_t> by_id_;
  std::map<std::pair<std::string, std::string>, std::vector<std::uint64_t>> by_stream_;
};

}  // namespace hansard::model
