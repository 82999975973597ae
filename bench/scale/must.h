#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "core/result.h"

namespace hansard::bench {

/// Ends the whole run: `main` says why, and everything that was started is stopped on the way.
class Failed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

template <class T>
T must(core::Result<T> result, const std::string& doing) {
  if (!result) throw Failed(doing + ": " + result.error().message);
  return *std::move(result);
}

inline void must(bool held, const std::string& what) {
  if (!held) throw Failed(what);
}

}  // namespace hansard::bench
