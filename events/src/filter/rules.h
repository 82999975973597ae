#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "events/filter/detect.h"
#include "events/filter/filter.h"
#include "events/filter/path.h"
#include "events/pattern.h"
#include "events/session/codec.h"

namespace hansard::events {

/// The rules of a filter, ready to be asked, and how often each found something. Immutable apart
/// from its counters; thread-safe.
struct Filter::Parts {
  struct Own {
    std::size_t rule = 0;  ///< its place among the names
    std::optional<Pattern> pattern;
    std::optional<JsonPath> path;
    std::optional<std::string> project;
  };
  explicit Parts(const core::KeyedHash& hash) : keyed_hash(hash) {}

  /// Errors: invalid_argument, `field` beginning with `at`.
  core::Status add_detector(const std::string& name, const std::string& at);
  core::Status add_rule(const FilterRule& rule, const std::string& at);
  [[nodiscard]] std::size_t rule_of(Detector what) const {
    return of_detector[static_cast<std::size_t>(what)];
  }

  const core::KeyedHash& keyed_hash;
  Detectors detectors;
  std::vector<std::string> names;  ///< of the detectors that run, then of one's own rules
  std::array<std::size_t, kDetectorNames.size()> of_detector{};
  std::vector<Own> own;
  std::size_t paths = 0;  ///< how many of one's own have one
  mutable std::vector<std::atomic<std::uint64_t>> counts;
  SessionCodec sessions;
};

}  // namespace hansard::events
