#pragma once

#include <semaphore.h>

#include "core/assert.h"

namespace hansard::bench {

/// A semaphore that sleeps at once: std::counting_semaphore spins and yields first, and two cores
/// have nothing to spare for that.
class Semaphore {
 public:
  explicit Semaphore(unsigned count) {
    HANSARD_ASSERT(::sem_init(&semaphore_, 0, count) == 0, "the count is small");
  }
  ~Semaphore() { ::sem_destroy(&semaphore_); }
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;
  void release() { ::sem_post(&semaphore_); }
  void acquire() {
    while (::sem_wait(&semaphore_) != 0) {
    }
  }

 private:
  sem_t semaphore_;
};

}  // namespace hansard::bench
