#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "core/event_log.h"

namespace hansard::bench {

/// Facts and content of one synthetic event together, exactly.
inline constexpr std::size_t kPayloadBytes = 1024;
/// Events of one session before the next begins.
inline constexpr std::size_t kSessionEvents = 20;

/// SHA-256 by OpenSSL, as in the product.
const core::Hasher& hasher();

/// Text and ids like those of recorded conversations: words of one large made-up vocabulary, drawn
/// by Zipf's law, so that blocks compress about as well as prose does and nothing ever repeats.
/// The same seed gives the same text. Not thread-safe.
class TextSource {
 public:
  explicit TextSource(std::uint64_t seed) : random_(seed) {}

  /// Appends exactly `bytes` bytes of words, spaces and full stops.
  void words(std::size_t bytes, std::string& out);
  /// Appends `chars` random letters and digits.
  void token(std::size_t chars, std::string& out);
  std::uint64_t number() { return random_(); }
  core::Hash bytes32();

 private:
  std::mt19937_64 random_;
};

/// Appends of `per_request` events each, `events` in total, to one session after the other, checked
/// against the version the stream must have. Distinct seeds write distinct streams and ids. Not
/// sealed: hashing is the submitter's part of an append, so it belongs into the measured time.
std::vector<core::AppendRequest> make_requests(std::uint64_t seed, std::size_t events,
                                               std::size_t per_request);

/// Payloads of the same kind, `count` of `kPayloadBytes` each.
std::vector<std::string> make_payloads(std::uint64_t seed, std::size_t count);

/// How many times smaller ZSTD level 1 makes 32 KiB blocks of `make_payloads`.
double compression_ratio();

}  // namespace hansard::bench
