// Files of any form (plain, gzip, zstd, zip): the same file gives the same bytes, a broken one an
// error, and what a compressor wrote is read as what it was given.

#include <optional>
#include <string>
#include <string_view>

#include "core/assert.h"
#include "importers/byte_source.h"
#include "memory_file.h"
#include "support/compress.h"
#include "target.h"

namespace {

using namespace hansard;

constexpr std::size_t kReadMax = 4U << 20;

struct Outcome {
  std::string bytes;
  std::optional<core::Errc> error;
  bool operator==(const Outcome&) const = default;
};

Outcome read_all(const std::string& path) {
  Outcome out;
  auto source = importers::open_source(path);
  if (!source) return {"", source.error().code};
  while (out.bytes.size() < kReadMax) {
    const auto piece = (*source)->next();
    if (!piece) {
      HANSARD_ASSERT(!piece.error().message.empty(), "a refusal says why");
      out.error = piece.error().code;
      break;
    }
    HANSARD_ASSERT((*source)->consumed() <= (*source)->size(), "no more is taken than there is");
    if (piece->empty()) break;
    out.bytes += *piece;
  }
  return out;
}

void run(std::string_view bytes) {
  static const fuzz::MemoryFile file;
  file.write(bytes);
  const Outcome first = read_all(file.path());
  // Opening costs more than reading: the rest now and then.
  if (bytes.size() % 16 != 0) return;
  HANSARD_ASSERT(read_all(file.path()) == first, "a file reads the same twice");
  for (const std::string& packed : {support::gzip(bytes), support::zstd(bytes)}) {
    file.write(packed + packed);
    const Outcome out = read_all(file.path());
    HANSARD_ASSERT(!out.error && out.bytes == std::string(bytes) + std::string(bytes),
                   "decoding undoes encoding, of several members, too");
  }
}

const fuzz::Announced announced("import_source", run);

}  // namespace
