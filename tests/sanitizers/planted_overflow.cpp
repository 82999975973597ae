// Reads one element past the end. AddressSanitizer has to say so.
#include <cstdio>
#include <vector>

int main(int argc, char**) {
  const std::vector<int> numbers(8, argc);
  const int* first = numbers.data();
  std::printf("%d\n", first[numbers.size() + static_cast<unsigned>(argc) - 1]);
  return 0;
}
