// Lines of a bulk upload: read the same twice; what is accepted names its streams, and what is
// refused says why and which field.
#include "ingest/ingest_line.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/assert.h"
#include "core/in_memory_event_log.h"
#include "core/projection_runner.h"
#include "events/equivalence.h"
#include "events/json.h"
#include "ossl/clock.h"
#include "ossl/hasher.h"
#include "target.h"

namespace {

using namespace hansard;

/// What the reader of lines needs of the engine, which is little.
class Engine {
 public:
  [[nodiscard]] const http::Context& context() const { return context_; }

 private:
  ossl::OpenSslHasher hasher_;
  ossl::SystemClock clock_;
  core::KeyedHash keyed_hash_{hasher_, core::Hash{1, 2, 3}};
  events::VocabularyEquivalence equivalence_;
  core::InMemoryEventLog log_{hasher_, equivalence_};
  std::unique_ptr<core::ReadModelStore> store_ = core::make_in_memory_read_model_store();
  core::ProjectionRunner runner_{log_, *store_, {}};
  http::Limits limits_;
  http::Metrics metrics_;
  http::Pool pool_{{"fuzz", 0, 1, 0}};
  http::Context context_{log_,
                         runner_,
                         hasher_,
                         keyed_hash_,
                         clock_,
                         pool_,
                         metrics_,
                         limits_,
                         [](core::CommandContext, events::SessionCommand, core::AppendDone) {},
                         [] { return core::Hash{7}; }};
};

void judge(const http::IngestWork& work) {
  std::vector<std::string> streams = work.streams;
  std::sort(streams.begin(), streams.end());
  HANSARD_ASSERT(!streams.empty() && std::unique(streams.begin(), streams.end()) == streams.end(),
                 "work is on streams, each named once");
  if (const auto* append = std::get_if<core::AppendRequest>(&work.what)) {
    HANSARD_ASSERT(!append->records.empty(), "an append has records");
    for (const core::NewEvent& record : append->records) {
      HANSARD_ASSERT(core::is_event_type(record.type), "of types");
      HANSARD_ASSERT(events::check_json(record.facts) && events::check_json(record.content),
                     "whose payloads are JSON");
    }
  }
}

void run(std::string_view bytes) {
  static const Engine engine;
  http::Author author;
  author.principal.scopes = http::Scopes::all();
  const auto work = http::read_ingest_line(engine.context(), author, bytes);
  const auto again = http::read_ingest_line(engine.context(), author, bytes);
  HANSARD_ASSERT(work.has_value() == again.has_value(), "a line means the same twice");
  if (!work) {
    HANSARD_ASSERT(!work.error().message.empty(), "a refusal says why");
    HANSARD_ASSERT(work.error().code == again.error().code, "and is the same");
    return;
  }
  HANSARD_ASSERT(work->streams == again->streams, "on the same streams");
  judge(*work);
}

const fuzz::Announced announced("ingest_line", run);

}  // namespace
