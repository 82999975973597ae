#pragma once

#include <string>
#include <vector>

#include "core/projection.h"
#include "core/projection_runner.h"

namespace hansard::faults {

/// Events per stream, and a running number per event: a lost, repeated or reordered event shows.
class Counts final : public core::Projection {
 public:
  [[nodiscard]] std::string_view name() const override { return "counts"; }
  [[nodiscard]] std::uint32_t version() const override { return 1; }
  core::Status apply(const core::RecordedEvent& event, core::ReadModelBatch& batch) const override {
    const std::string* const row = batch.get(event.stream);
    const std::uint64_t count = row == nullptr ? 0 : std::stoull(*row);
    batch.put(event.stream, std::to_string(count + 1) + " to " +
                                std::to_string(event.position.value) + " after " +
                                (row == nullptr ? "nothing" : row->substr(0, 12)));
    return batch.status();
  }
};

/// All rows of a build, as text.
inline std::vector<std::string> rows_of(const core::ReadModel& model) {
  std::vector<std::string> rows;
  const auto read = model.scan("", "", [&](std::string_view key, std::string_view row) {
    rows.push_back(std::string(key) + " = " + std::string(row));
    return true;
  });
  if (!read) rows.push_back("cannot be read: " + read.error().message);
  return rows;
}

}  // namespace hansard::faults
