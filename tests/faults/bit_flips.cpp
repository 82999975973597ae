#include "bit_flips.h"

#include <algorithm>
#include <string_view>

#include "rig.h"

namespace hansard::faults {
namespace {

using core::Errc;
using core::Position;
using core::Version;

constexpr std::size_t kEventsInTables = 2400;
constexpr std::size_t kEventsInLog = 150;
constexpr std::size_t kStreams = 24;
const core::ViewId kView{"counts", 1, 0};

rocks::OpenOptions options_on(const std::shared_ptr<Disk>& disk) {
  auto options = store_on(disk);
  options.memtable_bytes = 1U << 20;
  options.ballast_bytes = 16U << 10;
  return options;
}

std::string bytes_of(const core::RecordedEvent& event) {
  std::string all(event.header);
  for (const std::string_view part : {event.facts, event.content, event.salt_or_commitment}) {
    all += std::to_string(part.size()) + ":";
    all += part;
  }
  return all;
}

std::string name_of_event(std::size_t number) { return "event " + std::to_string(number); }

void append(core::EventLog& log, std::mt19937_64& random, std::size_t from, std::size_t to) {
  while (from < to) {
    std::vector<core::NewEvent> records;
    for (std::size_t left = 1 + random() % 8; left > 0 && from < to; --left, ++from) {
      std::string text(random() % 700, ' ');
      for (char& letter : text) letter = static_cast<char>('a' + random() % 26);
      records.push_back(support::event("session-s" + std::to_string(random() % kStreams),
                                       name_of_event(from), text));
    }
    const auto receipt = support::append(log, support::request(std::move(records)));
    ASSERT_TRUE(receipt) << receipt.error().message;
  }
}

/// Reads everything in every way. Errors: the first that was told.
core::Result<Contents> read_all(rocks::RocksStore& store, const Contents* must,
                                std::string& wrong) {
  const auto differs = [&](std::string what) {
    if (wrong.empty()) wrong = std::move(what);
  };
  Contents contents;
  std::map<std::string, std::vector<std::string>> streams;
  std::vector<core::EventId> ids;
  core::EventLog& log = store.log();
  const auto read = log.read({}, [&](const core::RecordedEvent& event) {
    const std::size_t at = contents.events.size();
    contents.events.push_back(bytes_of(event));
    if (must != nullptr && (at >= must->events.size() || contents.events[at] != must->events[at])) {
      differs("position " + std::to_string(at) + " is read with other bytes");
    }
    streams[std::string(event.stream)].push_back(contents.events.back());
    ids.push_back(event.id);
    return true;
  });
  if (!read) return read.error();
  if (log.end().value != contents.events.size()) differs("reading stops before the end");
  contents.root = std::string(core::as_bytes(log.tree().root));
  for (const auto& stream : streams) {  // clang 14 cannot capture a binding
    const std::string& name = stream.first;
    const std::vector<std::string>& events = stream.second;
    const auto head = log.head(core::ProjectId(), support::stream(name));
    if (!head) return head.error();
    if (!*head || (*head)->value + 1 != events.size()) differs("the head of " + name + " is wrong");
    std::size_t next = 0;
    const auto all =
        log.read_stream(core::ProjectId(), support::stream(name), Version{0},
                        [&](const core::RecordedEvent& event) {
                          if (next >= events.size() || bytes_of(event) != events[next++]) {
                            differs(name + " is read with other bytes");
                          }
                          return true;
                        });
    if (!all) return all.error();
    if (next != events.size()) differs(name + " is read in part");
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto found = log.find(core::ProjectId(), ids[i]);
    if (!found) return found.error();
    if (*found != std::optional(Position{i})) differs("an id is found elsewhere");
  }
  const auto active = store.views().active(kView.name);
  if (!active) return active.error();
  if (!*active) return core::Error{Errc::not_found, "no build of the view answers"};
  if (**active != kView) differs("another build of the view answers");
  const auto view = store.views().open(kView);
  if (!view) return view.error();
  const auto rows = (*view)->scan("", "", [&](std::string_view key, std::string_view row) {
    contents.rows.push_back(std::string(key) + " = " + std::string(row));
    return true;
  });
  if (!rows) return rows.error();
  if (must != nullptr) {
    if (contents.events.size() != must->events.size()) differs("the log has another end");
    if (contents.root != must->root) differs("the root is another");
    // A view may be older, and then says so by its checkpoint; rows of this one never change.
    const bool whole = (*view)->checkpoint().value == kEventsInTables;
    if (whole && contents.rows != must->rows) differs("the view has other rows");
    if (!whole) return core::Error{Errc::unavailable, "the view is to be folded again"};
  }
  return contents;
}

}  // namespace

std::string_view name_of(Noticed noticed) {
  static constexpr std::string_view kNames[] = {"at open", "at read", "by verify", "no effect",
                                                "SILENT"};
  return kNames[static_cast<std::size_t>(noticed)];
}

std::string kind_of(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  const bool of_rocksdb = path.find("/db/") != std::string::npos;
  if (!of_rocksdb) return path.find("/keys/") == std::string::npos ? name : "keys/" + name;
  if (name == "LOCK" || name == "LOG" || name.starts_with("LOG.")) return {};
  if (name.ends_with(".sst")) return "table";
  if (name.ends_with(".log")) return "write-ahead log";
  if (name.starts_with("MANIFEST")) return "manifest";
  if (name.starts_with("OPTIONS")) return "OPTIONS";
  return name;
}

Specimen make_specimen(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto disk = std::make_shared<Disk>(seed);
  auto store = rocks::RocksStore::open(options_on(disk));
  HANSARD_ASSERT(store, "a simulated disk without faults can be opened");
  core::EventLog& log = (*store)->log();
  append(log, random, 0, kEventsInTables);
  const auto built = core::build(log, (*store)->views(), Counts(), kView, log.end());
  HANSARD_ASSERT(built && (*store)->views().activate(kView), "the view can be built");
  // Closing flushes everything; what follows is in the write-ahead log alone.
  const auto closed = (*store)->close();
  HANSARD_ASSERT(closed, "nothing failed");
  store->reset();
  store = rocks::RocksStore::open(options_on(disk));
  HANSARD_ASSERT(store, "and opened again");
  append((*store)->log(), random, kEventsInTables, kEventsInTables + kEventsInLog);

  Specimen specimen;
  specimen.disk = disk->copy();
  std::string wrong;
  auto contents = read_all(**store, nullptr, wrong);
  HANSARD_ASSERT(contents && wrong.empty(), "an unharmed directory is read");
  specimen.contents = *std::move(contents);
  return specimen;
}

Verdicts flip_one(const Specimen& specimen, const Flip& flip) {
  const auto disk = specimen.disk->copy();
  disk->flip(flip.path, flip.byte, flip.bit);
  auto opened = rocks::RocksStore::open(options_on(disk));
  if (!opened) return {Noticed::at_open, opened.error().message};
  rocks::RocksStore& store = **opened;
  std::string wrong;
  const auto contents = read_all(store, &specimen.contents, wrong);
  // What is delivered must be right, also before an error.
  if (!wrong.empty()) return {Noticed::silent, wrong};
  if (!contents) return {Noticed::at_read, contents.error().message};
  const auto report = store.verify({});
  if (!report) return {Noticed::at_verify, report.error().message};
  if (!report->sound()) return {Noticed::at_verify, report->first->what};
  if (report->tree != store.log().tree()) return {Noticed::silent, "the tree is not the events'"};
  const auto more =
      support::append(store.log(), support::request({support::event("session-s0", "one more")}));
  if (!more) return {Noticed::at_verify, "an append says: " + more.error().message};
  if (more->records.front().position.value != specimen.contents.events.size()) {
    return {Noticed::silent, "the next append is stored elsewhere"};
  }
  return {Noticed::no_effect, {}};
}

}  // namespace hansard::faults
