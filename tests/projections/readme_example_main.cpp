#include <chrono>
#include <cstdio>
#include <memory>

#include "projections/registry.h"
#include "projections/rows.h"
#include "recorder.h"

// A log with tool calls in it, then every registered projection, then the rows of one: as for
// somebody who adds a projection to a log that has been recording for a while.
namespace {

using namespace hansard;  // NOLINT
using projections::test::Recorder;
using projections::test::tool_call;

void record(Recorder& recorder) {
  recorder.create("s1");
  recorder.answer("s1", projections::test::response("m1", "let me look"));
  recorder.add("session-s1", tool_call("m1", 0, "t1", "weather"));
  recorder.add("session-s1", tool_call("m1", 1, "t2", "radar"));
  events::ToolFailed failed;
  failed.tool_call_id = "t2";
  failed.tool = "radar";
  recorder.add("session-s1", failed);
  recorder.add("session-s1", tool_call("m1", 2, "t3", "weather"));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  Recorder recorder;
  record(recorder);
  const auto owned = projections::all(projections::test::keyed_hash());
  std::vector<const core::Projection*> list;
  list.reserve(owned.size());
  for (const auto& projection : owned) list.push_back(projection.get());
  const auto store = core::make_in_memory_read_model_store();
  core::ProjectionRunner runner(recorder.log(), *store, list);
  runner.start();
  const auto model = runner.read(argv[1], recorder.log().end(),
                                 std::chrono::steady_clock::now() + std::chrono::seconds(30));
  if (!model) {
    std::fprintf(stderr, "%s\n", model.error().message.c_str());
    return 1;
  }
  const auto page = projections::read_rows(**model, {}, {}, projections::kRowPageMax);
  if (!page) return 1;
  for (const auto& row : page->rows) std::printf("%s %s\n", row.key.c_str(), row.row.c_str());
  return 0;
}
