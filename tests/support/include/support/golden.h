#pragma once

#include <gtest/gtest.h>

#include <cctype>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

/// Golden files: stored once, never edited. `HANSARD_GOLDEN_DIR` is `tests/golden`.
namespace hansard::support {

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << "cannot read " << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Bytes written as hexadecimal digits; white space is ignored.
inline std::string from_hex(std::string_view hex) {
  std::string digits;
  for (const char c : hex) {
    if (std::isspace(static_cast<unsigned char>(c)) == 0) digits += c;
  }
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

#ifdef HANSARD_GOLDEN_DIR
inline std::string golden(const std::string& name) {
  return read_file(std::string(HANSARD_GOLDEN_DIR) + "/" + name);
}
#endif

}  // namespace hansard::support
