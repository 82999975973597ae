#include "core/assert.h"

#include <cstdio>
#include <cstdlib>

namespace hansard::core {

void assertion_failed(const char* condition, const char* why, const char* file, int line) noexcept {
  std::fprintf(stderr, "%s:%d: %s: %s\n", file, line, condition, why);
  std::fflush(stderr);
  std::abort();
}

}  // namespace hansard::core
