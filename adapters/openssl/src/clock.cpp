#include "ossl/clock.h"

namespace hansard::ossl {

core::Timestamp SystemClock::now() const {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

}  // namespace hansard::ossl
