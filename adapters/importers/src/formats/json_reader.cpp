#include "formats/json_reader.h"

#include <utility>

namespace hansard::importers {

namespace {

/// FNV-1a, 64 bits: the same on every machine, because it ends up in names. Two texts that collide
/// would at worst be numbered as one text twice, which the log tells apart again.
std::uint64_t text_hash(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211U;
  }
  return hash;
}

}  // namespace

void JsonReader::take(SourceRecord record) {
  if (!record.problem.empty()) {
    return fail(record.line, {core::Errc::invalid_argument, std::move(record.problem)});
  }
  auto json = events::parse_json(record.text);
  if (!json) return fail(record.line, std::move(json).error());
  const std::uint64_t repeat = seen_[text_hash(record.text)]++;
  const auto status = read({record.line, repeat, *std::move(json)});
  if (!status) fail(record.line, status.error());
}

}  // namespace hansard::importers
