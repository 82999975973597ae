// Importers: a file is the same pieces however it is cut, pieces travel unchanged, and a file taken
// twice is recorded once. A target per format, and one that finds the format.
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/assert.h"
#include "core/command_loop.h"
#include "core/in_memory_event_log.h"
#include "events/equivalence.h"
#include "events/session/decider.h"
#include "importers/formats.h"
#include "importers/importer.h"
#include "importers/piece_json.h"
#include "importers/record_splitter.h"
#include "ossl/hasher.h"
#include "target.h"

namespace {

using namespace hansard;
using importers::ImportItem;

struct Read {
  std::vector<std::string> pieces;    ///< as they travel
  std::vector<std::string> failures;  ///< lines that gave none
  bool operator==(const Read&) const = default;
};

/// @param format  null: found by its records.
Read read_file(const importers::Format* format, std::string_view bytes, std::size_t step) {
  Read out;
  const importers::ReaderEvents events{
      [&](importers::Piece piece) {
        out.pieces.push_back(importers::write_item({std::move(piece), 0}));
      },
      [&](std::uint64_t line, const core::Error& why) {
        HANSARD_ASSERT(!why.message.empty(), "a refusal says why");
        out.failures.push_back(std::to_string(line) + why.message);
      }};
  std::unique_ptr<importers::Reader> reader;
  if (format == nullptr) {
    reader = std::make_unique<importers::AutoReader>(events, [](const importers::Format&) {});
  } else {
    reader = format->make(events);
  }
  importers::RecordSplitter splitter(
      [&](importers::SourceRecord record) { reader->take(std::move(record)); },
      importers::is_message);
  for (std::size_t at = 0; at < bytes.size(); at += step) splitter.feed(bytes.substr(at, step));
  splitter.finish();
  reader->finish();
  return out;
}

std::vector<ImportItem> arrived(const std::vector<std::string>& pieces) {
  std::vector<ImportItem> items;
  for (const std::string& piece : pieces) {
    auto json = events::parse_json(piece);
    HANSARD_ASSERT(json.has_value(), "a piece travels as JSON");
    auto item = importers::read_item(*std::move(json), "item");
    if (!item) continue;  // an importer may find what the vocabulary refuses; the report says so
    HANSARD_ASSERT(importers::write_item(*item) == piece, "and arrives as it left");
    items.push_back(*std::move(item));
  }
  return items;
}

/// An engine without a disk; everything happens on the calling thread.
class Engine {
 public:
  std::vector<importers::Imported> take(std::vector<ImportItem> items) {
    std::vector<importers::Imported> out;
    bool called = false;
    importer_.take(std::move(items), [&](std::vector<importers::Imported> results) {
      out = std::move(results);
      called = true;
    });
    for (; !work_.empty(); work_.pop_front()) work_.front()();
    HANSARD_ASSERT(called, "an import ends");
    return out;
  }
  [[nodiscard]] std::uint64_t end() const { return log_.end().value; }

 private:
  /// Work that waits for its turn: a piece may be tried under many names, one after another.
  std::deque<std::function<void()>> work_;
  ossl::OpenSslHasher hasher_;
  events::VocabularyEquivalence equivalence_;
  core::InMemoryEventLog log_{hasher_, equivalence_};
  core::Hash key_{};
  core::KeyedHash keyed_hash_{hasher_, key_};
  events::SessionDecider decider_{keyed_hash_, hasher_};
  core::CommandLoop<events::SessionDecider> loop_{
      log_, decider_, hasher_,
      [this](std::function<void()> work) { work_.push_back(std::move(work)); }};
  importers::Importer importer_{
      {},
      keyed_hash_,
      [this](core::StreamId stream, events::SessionCommand command, core::AppendDone done) {
        core::CommandContext context;
        context.stream = std::move(stream);
        context.known = core::Known::skip;
        loop_.execute(std::move(context), std::move(command), std::move(done));
      },
      [] { return core::Hash{7}; }};
};

void twice_is_once(const std::vector<std::string>& pieces) {
  Engine engine;
  const auto first = engine.take(arrived(pieces));
  const std::uint64_t end = engine.end();
  const auto second = engine.take(arrived(pieces));
  HANSARD_ASSERT(engine.end() == end, "a file taken again adds nothing");
  for (std::size_t i = 0; i < first.size(); ++i) {
    HANSARD_ASSERT(first[i].session_id == second[i].session_id, "and finds its conversations");
    HANSARD_ASSERT(first[i].error.has_value() == second[i].error.has_value(),
                   "and is refused for the same reasons");
  }
}

void run(const importers::Format* format, std::string_view bytes) {
  const Read whole = read_file(format, bytes, bytes.size() + 1);
  HANSARD_ASSERT(read_file(format, bytes, 7) == whole, "pieces of a file do not matter");
  // Recording costs far more than reading: now and then.
  if (!whole.pieces.empty() && bytes.size() % 4 == 0) twice_is_once(whole.pieces);
}

std::vector<fuzz::Announced> announce_all() {
  std::vector<fuzz::Announced> all;
  all.emplace_back("import_auto", [](std::string_view bytes) { run(nullptr, bytes); });
  for (const importers::Format& format : importers::formats()) {
    std::string name = "import_" + std::string(format.name);
    all.emplace_back(std::move(name), [&format](std::string_view bytes) { run(&format, bytes); });
  }
  return all;
}

const std::vector<fuzz::Announced> announced = announce_all();

}  // namespace
