#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "loop.h"

namespace hansard::providers {

/// Names to addresses. One lookup a name at a time, whoever waits for it, and its answer serves
/// those who ask soon after: a thousand calls that begin together are one lookup, not a thousand
/// in a row. Confined to the loop; lookups themselves block a thread of the resolver's.
class Lookups {
 public:
  /// How long an answer is used again. Longer would be a cache of names, which is the system's.
  static constexpr std::chrono::seconds kFresh{5};

  struct Found {
    std::vector<std::string> addresses;  ///< in the order to try; empty on failure
    std::string why;                     ///< of a failure
  };
  explicit Lookups(Loop& loop);
  ~Lookups();
  Lookups(const Lookups&) = delete;
  Lookups& operator=(const Lookups&) = delete;

  /// Calls `done` on the loop, never before it returns.
  void find(const std::string& host, std::function<void(const Found&)> done);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace hansard::providers
