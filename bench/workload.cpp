#include "workload.h"

#include <zstd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string_view>

#include "core/assert.h"
#include "ossl/hasher.h"

namespace hansard::bench {
namespace {

constexpr std::uint64_t kVocabularySeed = 20'261'121;
constexpr std::size_t kVocabularyWords = 30'000;
constexpr std::size_t kDraws = 1U << 17;  ///< a power of two, so that drawing is one mask

std::string make_word(std::size_t rank, std::mt19937_64& random) {
  static constexpr std::string_view kVowels = "eeeaaooiiuy";
  static constexpr std::string_view kConsonants = "ttnnssrrhhlldcmfpgwbvkxjqz";
  const auto letters = static_cast<std::size_t>(std::log2(static_cast<double>(rank) + 2) / 2);
  const std::size_t length = 2 + letters + random() % 4;  // frequent words are short
  std::string word;
  bool vowel = random() % 3 == 0;
  for (std::size_t i = 0; i < length; ++i) {
    const std::string_view from = vowel ? kVowels : kConsonants;
    word.push_back(from[random() % from.size()]);
    vowel = random() % 4 == 0 ? vowel : !vowel;
  }
  return word;
}

/// Each word as many times as Zipf's law gives it, at least once.
struct Vocabulary {
  Vocabulary() {
    std::mt19937_64 random(kVocabularySeed);
    double total = 0;
    for (std::size_t rank = 0; rank < kVocabularyWords; ++rank) {
      words.push_back(make_word(rank, random));
      total += 1.0 / static_cast<double>(rank + 1);
    }
    double sum = 0;
    std::size_t rank = 0;
    for (std::size_t i = 0; i < kDraws; ++i) {
      while (rank + 1 < kVocabularyWords &&
             static_cast<double>(i) / static_cast<double>(kDraws) * total >
                 sum + 1.0 / static_cast<double>(rank + 1)) {
        sum += 1.0 / static_cast<double>(++rank);
      }
      draws[i] = static_cast<std::uint16_t>(rank);
    }
  }
  std::vector<std::string> words;
  std::array<std::uint16_t, kDraws> draws{};
};

const Vocabulary& vocabulary() {
  static const Vocabulary instance;
  return instance;
}

/// One event, its payload `kPayloadBytes` long. What `facts` and `content` hold has the shape of a
/// recorded message, not its exact fields: the log does not look inside.
core::NewEvent make_event(TextSource& text, const core::StreamId& stream) {
  core::NewEvent event;
  event.stream = stream;
  event.type = "MessageSent";
  const core::Hash drawn = text.bytes32();
  event.id = core::EventId{core::uuid_v8(drawn)};
  event.salt = text.bytes32();
  event.facts = R"({"message_id":"msg_)";
  text.token(24, event.facts);
  event.facts += R"(","role":"user","parts":[{"kind":"text","bytes":)";
  event.facts += std::to_string(100 + text.number() % 900) + R"(}],"user":")";
  event.facts += core::to_hex(core::as_bytes(text.bytes32())) + R"("})";
  event.content = R"({"parts":[{"kind":"text","text":")";
  static constexpr std::string_view kEnd = R"("}]})";
  text.words(kPayloadBytes - event.facts.size() - event.content.size() - kEnd.size(),
             event.content);
  event.content += kEnd;
  return event;
}

}  // namespace

const core::Hasher& hasher() {
  static const ossl::OpenSslHasher instance{};
  return instance;
}

void TextSource::words(std::size_t bytes, std::string& out) {
  const Vocabulary& all = vocabulary();
  const std::size_t end = out.size() + bytes;
  while (out.size() < end) {
    std::uint64_t draw = random_();
    for (int word = 0; word < 3; ++word, draw >>= 20U) {  // 17 bits choose it, 3 what follows
      out += all.words[all.draws[draw % kDraws]];
      out += (draw >> 17U) % 8 == 0 ? ". " : " ";
    }
  }
  out.resize(end);
}

void TextSource::token(std::size_t chars, std::string& out) {
  static constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  for (std::size_t i = 0; i < chars; ++i) out.push_back(kLetters[random_() % kLetters.size()]);
}

core::Hash TextSource::bytes32() {
  core::Hash hash;
  for (std::size_t i = 0; i < hash.size(); i += sizeof(std::uint64_t)) {
    const std::uint64_t number = random_();
    std::memcpy(hash.data() + i, &number, sizeof number);
  }
  return hash;
}

std::vector<core::AppendRequest> make_requests(std::uint64_t seed, std::size_t events,
                                               std::size_t per_request) {
  HANSARD_ASSERT(per_request != 0 && events % per_request == 0, "requests are of equal size");
  TextSource text(seed);
  std::vector<core::AppendRequest> requests(events / per_request);
  core::StreamId stream;
  std::size_t made = 0;
  for (core::AppendRequest& request : requests) {
    request.recorded_at = core::Timestamp{std::chrono::microseconds{1'000'000 + made}};
    for (std::size_t i = 0; i < per_request; ++i, ++made) {
      const std::uint64_t version = made % kSessionEvents;
      if (version == 0) {
        std::string name;
        text.token(22, name);
        stream = core::StreamId::make("session", name).value();
      }
      if (version == 0 || i == 0) {
        const auto expected = version == 0 ? core::Expected::none()
                                           : core::Expected::exactly(core::Version{version - 1});
        request.checks.push_back({stream, expected});
      }
      request.records.push_back(make_event(text, stream));
    }
  }
  return requests;
}

std::vector<std::string> make_payloads(std::uint64_t seed, std::size_t count) {
  TextSource text(seed);
  std::vector<std::string> payloads;
  payloads.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const core::NewEvent event = make_event(text, {});
    payloads.push_back(event.facts + event.content);
  }
  return payloads;
}

double compression_ratio() {
  constexpr std::size_t kBlockBytes = 32U << 10;
  std::string all;
  for (const std::string& payload : make_payloads(1, 1024)) all += payload;
  std::string out(ZSTD_compressBound(kBlockBytes), '\0');
  std::size_t compressed = 0;
  for (std::size_t at = 0; at < all.size(); at += kBlockBytes) {
    const std::size_t bytes = std::min(kBlockBytes, all.size() - at);
    const std::size_t written = ZSTD_compress(out.data(), out.size(), all.data() + at, bytes, 1);
    HANSARD_ASSERT(ZSTD_isError(written) == 0, "the buffer has the size ZSTD asks for");
    compressed += written;
  }
  return static_cast<double>(all.size()) / static_cast<double>(compressed);
}

}  // namespace hansard::bench
