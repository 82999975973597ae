#include "formats/json_reader.h"

#include <utility>

#include "formats/steps.h"

namespace hansard::importers {

void JsonReader::take(SourceRecord record) {
  if (!record.problem.empty()) {
    return fail(record.line, {core::Errc::invalid_argument, std::move(record.problem)});
  }
  auto json = events::parse_json(record.text);
  if (!json) return fail(record.line, std::move(json).error());
  // Texts that collide are numbered as one twice, which the log tells apart again.
  const std::uint64_t repeat = seen_[fnv1a(record.text)]++;
  const auto status = read({record.line, repeat, *std::move(json)});
  if (!status) fail(record.line, status.error());
}

}  // namespace hansard::importers
