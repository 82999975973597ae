#pragma once

#include <string>
#include <string_view>

namespace hansard::http::testing {

/// A frame as a client sends it, valid or not, masked.
inline std::string client_frame(int opcode, std::string_view payload, bool fin = true) {
  constexpr std::string_view kMask = "\x11\x22\x33\x44";
  std::string out;
  out.push_back(static_cast<char>((fin ? 0x80 : 0) | opcode));
  if (payload.size() < 126) {
    out.push_back(static_cast<char>(0x80 | static_cast<int>(payload.size())));
  } else {
    out.push_back(static_cast<char>(0xFE));
    out.push_back(static_cast<char>(payload.size() >> 8U));
    out.push_back(static_cast<char>(payload.size() & 0xFFU));
  }
  out += kMask;
  for (std::size_t i = 0; i < payload.size(); ++i) {
    out.push_back(static_cast<char>(payload[i] ^ kMask[i % 4]));
  }
  return out;
}

}  // namespace hansard::http::testing
