#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/event_log.h"
#include "core/result.h"

namespace hansard::http {

/// What became of the lines of an upload, told in their order. Caller synchronises.
class IngestReport {
 public:
  /// Failing lines that the answer lists; further ones are counted.
  static constexpr std::size_t kErrorsListed = 100;

  void add(std::uint64_t line, const core::Result<core::Receipt>& outcome);

  [[nodiscard]] std::uint64_t lines() const { return accepted_ + duplicates_ + failed_; }
  [[nodiscard]] std::uint64_t recorded() const { return accepted_ + duplicates_; }
  /// {"lines":3,"accepted":1,"duplicates":1,"failed":1,
  ///  "errors":[{"line":3,"code":"..","detail":"..","field":".."}],"errors_left_out":0,
  ///  "position":7,"at_least":8}, and `stopped` where the body did not come to its end.
  /// `position` and `at_least` are absent when nothing is recorded.
  [[nodiscard]] std::string json(const std::optional<core::Error>& stopped) const;

 private:
  struct Failure {
    std::uint64_t line;
    core::Error error;
  };
  std::uint64_t accepted_ = 0;
  std::uint64_t duplicates_ = 0;
  std::uint64_t failed_ = 0;
  std::vector<Failure> errors_;
  core::Position end_{};  ///< one past the last position named
};

/// What became of one line, for `results=stream`:
///   {"line":3,"position":7,"version":2,"duplicate":false}
///   {"line":4,"error":{"code":"..","detail":"..","field":"..","violations":[..]}}
std::string ingest_result_json(std::uint64_t line, const core::Result<core::Receipt>& outcome);

}  // namespace hansard::http
