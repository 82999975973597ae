#pragma once

#include <cstdint>
#include <cstdlib>

namespace hansard::model {

/// A positive number from the environment, or `fallback`.
inline std::uint64_t number_from(const char* variable, std::uint64_t fallback) {
  const char* const text = std::getenv(variable);
  const std::uint64_t number = text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
  return number == 0 ? fallback : number;
}
/// Printed by every test that draws; repeats its draws.
inline std::uint64_t seed() { return number_from("HANSARD_TEST_SEED", 20261121); }
/// How often: HANSARD_TEST_ROUNDS where that is more than `least`, else `usual`.
inline std::uint64_t rounds(std::uint64_t least, std::uint64_t usual) {
  const std::uint64_t asked = number_from("HANSARD_TEST_ROUNDS", 0);
  return asked == 0 ? usual : asked < least ? least : asked;
}

}  // namespace hansard::model
