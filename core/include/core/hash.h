#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace hansard::core {

/// 32 bytes: a SHA-256, or a salt.
using Hash = std::array<std::uint8_t, 32>;

/// The bytes of `hash`, for hashing and storing. Valid as long as `hash`.
std::string_view as_bytes(const Hash& hash);

/// Lower-case hex.
std::string to_hex(std::string_view bytes);

/// Hashing as a port, so that core names no library (`adapters/openssl` implements it).
/// Threads: all members are safe to call concurrently. They cannot fail.
class Hasher {
 public:
  virtual ~Hasher() = default;
  /// SHA-256 of the concatenated pieces (FIPS 180-4).
  [[nodiscard]] virtual Hash sha256(std::initializer_list<std::string_view> pieces) const = 0;
  /// HMAC-SHA-256 (RFC 2104) of the concatenated pieces.
  [[nodiscard]] virtual Hash hmac_sha256(std::string_view key,
                                         std::initializer_list<std::string_view> pieces) const = 0;
};

/// HMAC under the store key over (purpose, project, value), each with its length in front, so that
/// no two triples share an input. The key never leaves this object. Immutable, thread-safe.
class KeyedHash {
 public:
  KeyedHash(const Hasher& hasher, const Hash& store_key);  ///< `hasher` outlives this
  [[nodiscard]] Hash operator()(std::string_view purpose, std::string_view project,
                                std::string_view value) const;

 private:
  const Hasher& hasher_;
  Hash store_key_;
};

}  // namespace hansard::core
