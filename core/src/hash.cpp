#include "core/hash.h"

namespace hansard::core {
namespace {

/// Length of a piece as 8 little-endian bytes.
std::string length_prefix(std::string_view piece) {
  std::string out(8, '\0');
  auto length = static_cast<std::uint64_t>(piece.size());
  for (char& byte : out) {
    byte = static_cast<char>(length & 0xff);
    length >>= 8;
  }
  return out;
}

}  // namespace

std::string_view as_bytes(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

KeyedHash::KeyedHash(const Hasher& hasher, const Hash& store_key)
    : hasher_(hasher), store_key_(store_key) {}

Hash KeyedHash::operator()(std::string_view purpose, std::string_view project,
                           std::string_view value) const {
  return hasher_.hmac_sha256(as_bytes(store_key_),
                             {length_prefix(purpose), purpose, length_prefix(project), project,
                              length_prefix(value), value});
}

}  // namespace hansard::core
