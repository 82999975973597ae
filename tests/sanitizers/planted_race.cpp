// Two threads count without a lock. ThreadSanitizer has to say so.
#include <cstdio>
#include <thread>

namespace {

int counted = 0;

void count() {
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
