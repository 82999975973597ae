// Two threads count without a lock. ThreadSanitizer has to say so.
#include <atomic>
#include <cstdio>
#include <thread>

namespace {

// Relaxed: both threads count at the same time, and nothing orders them.
std::atomic<int> missing{2};
int counted = 0;

void count() {
  missing.fetch_sub(1, std::memory_order_relaxed);
  while (missing.load(std::memory_order_relaxed) > 0) std::this_thread::yield();
  for (int i = 0; i < 1000; ++i) ++counted;
}

}  // namespace

int main() {
  std::thread other(count);
  count();
  other.join();
  std::printf("counted %d\n", counted);
  return 0;
}
