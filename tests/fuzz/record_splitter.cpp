// Records do not depend on the pieces in which the bytes arrive, and none is over the limit.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/assert.h"
#include "importers/record_splitter.h"

namespace {

using hansard::importers::RecordSplitter;
using hansard::importers::SourceRecord;

constexpr std::size_t kRecordBytesMax = 256;

std::vector<std::string> split(std::string_view bytes, std::size_t step) {
  std::vector<std::string> seen;
  RecordSplitter splitter(
      [&](SourceRecord record) {
        // The brackets of a joined list come on top.
        HANSARD_ASSERT(record.text.size() <= kRecordBytesMax + 2, "records are bounded");
        seen.push_back(std::to_string(record.line) + record.text + record.problem);
      },
      [](std::string_view element) { return element.find("role") != std::string_view::npos; },
      {.record_bytes_max = kRecordBytesMax});
  for (std::size_t at = 0; at < bytes.size(); at += step) splitter.feed(bytes.substr(at, step));
  splitter.finish();
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  HANSARD_ASSERT(split(bytes, 1) == split(bytes, 1 + size), "pieces do not matter");
  return 0;
}
