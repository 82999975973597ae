#include "formats/langfuse.h"

#include <utility>

#include "formats/json_reader.h"
#include "formats/langfuse_trace.h"
#include "formats/steps.h"

namespace hansard::importers {

namespace {

using core::Ok;
using core::Status;
using events::Json;

struct Export {
  const Json* trace = nullptr;
  const Json* observations = nullptr;
};

/// Where trace and observations stand in a record.
Export find_export(const Json& record) {
  const Json* wrapped = record.find("export");
  const Json& body = wrapped == nullptr ? record : *wrapped;
  const Json* trace = body.find("trace");
  Export found{trace == nullptr ? &body : trace, body.find("observations")};
  if (found.observations == nullptr && trace != nullptr) {
    found.observations = trace->find("observations");
  }
  return found;
}

class LangfuseReader final : public JsonReader {
 public:
  using JsonReader::JsonReader;

 private:
  Status read(const JsonRecord& record) override {
    const Export found = find_export(record.json);
    if (!found.trace->is_object() || !id_at(*found.trace, "id")) {
      return events::bad_field("trace.id", "a trace needs an id");
    }
    if (found.observations == nullptr || !found.observations->is_array()) {
      return events::bad_field("observations", "expected a list of observations");
    }
    const Json::Array& observations = *found.observations->if_array();
    for (std::size_t i = 0; i < observations.size(); ++i) {
      if (id_at(observations[i], "id")) continue;
      return events::bad_field(events::join_path("observations", i), "an observation needs an id");
    }
    tell(langfuse::read_trace(*found.trace, observations, record.line));
    return Ok{};
  }
};

}  // namespace

std::unique_ptr<Reader> langfuse_reader(ReaderEvents events) {
  return std::make_unique<LangfuseReader>(std::move(events));
}

bool is_langfuse(const Json& record) {
  const Export found = find_export(record);
  return found.observations != nullptr && found.observations->is_array() &&
         (found.trace->find("projectId") != nullptr || found.trace->find("timestamp") != nullptr);
}

}  // namespace hansard::importers
