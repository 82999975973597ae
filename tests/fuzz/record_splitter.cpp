// Records do not depend on the pieces in which the bytes arrive, and none is over the limit.
#include "importers/record_splitter.h"

#include <string>
#include <string_view>
#include <vector>

#include "core/assert.h"
#include "target.h"

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

void run(std::string_view bytes) {
  HANSARD_ASSERT(split(bytes, 1) == split(bytes, 1 + bytes.size()), "pieces do not matter");
}

const hansard::fuzz::Announced announced("record_splitter", run);

}  // namespace
