#include "http/malformed.h"

#include <array>
#include <atomic>

namespace hansard::http {

namespace {

std::array<std::atomic<std::uint64_t>, kMalformedCount>& counts() {
  static std::array<std::atomic<std::uint64_t>, kMalformedCount> all{};
  return all;
}

}  // namespace

std::string_view name(Malformed reason) {
  constexpr std::array<std::string_view, kMalformedCount> kNames{
      "method", "target", "version", "header", "host", "content_length", "transfer_encoding",
      "chunk",  "expect", "tls",     "other"};
  return kNames[static_cast<std::size_t>(reason)];
}

void count_malformed(Malformed reason) {
  counts()[static_cast<std::size_t>(reason)].fetch_add(1, std::memory_order_relaxed);
}

std::uint64_t malformed_count(Malformed reason) {
  return counts()[static_cast<std::size_t>(reason)].load(std::memory_order_relaxed);
}

}  // namespace hansard::http
