#include "target.h"

#include <utility>

namespace hansard::fuzz {

namespace {

/// Inside a function, so that it is there before the first file announces.
std::vector<Target>& all() {
  static std::vector<Target> announced;
  return announced;
}

}  // namespace

const std::vector<Target>& targets() { return all(); }

Announced::Announced(std::string name, std::function<void(std::string_view bytes)> run) {
  all().push_back({std::move(name), std::move(run)});
}

unsigned take_byte(std::string_view& bytes) {
  if (bytes.empty()) return 0;
  const auto byte = static_cast<unsigned char>(bytes.front());
  bytes.remove_prefix(1);
  return byte;
}

}  // namespace hansard::fuzz
