#include "usage_codec.h"

#include "core/hash.h"

namespace hansard::projections {
namespace {

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::string pack_hash(std::string_view hex) {
  if (hex.size() != 64) return std::string(hex);
  std::string packed;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = digit(hex[i]);
    const int low = digit(hex[i + 1]);
    if (high < 0 || low < 0) return std::string(hex);
    packed += static_cast<char>(high * 16 + low);
  }
  return packed;
}

std::string unpack_hash(std::string_view packed) {
  return packed.size() == 32 ? core::to_hex(packed) : std::string(packed);
}

}  // namespace hansard::projections
