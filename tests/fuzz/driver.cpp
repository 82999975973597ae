// libFuzzer's entry: runs the target that the build has named.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "target.h"

namespace {

const hansard::fuzz::Target& chosen() {
  for (const auto& target : hansard::fuzz::targets()) {
    if (target.name == HANSARD_FUZZ_TARGET) return target;
  }
  std::fprintf(stderr, "no file announces the target %s\n", HANSARD_FUZZ_TARGET);
  std::exit(2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const hansard::fuzz::Target& target = chosen();
  target.run({reinterpret_cast<const char*>(data), size});
  return 0;
}
