// Overflows a signed number. UndefinedBehaviorSanitizer has to say so.
#include <cstdio>
#include <limits>

int main(int argc, char**) {
  const int sum = std::numeric_limits<int>::max() - 1 + argc * 2;
  std::printf("%d\n", sum);
  return 0;
}
