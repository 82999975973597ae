#include "scale/filled_log.h"

#include <condition_variable>
#include <cstdio>
#include <exception>
#include <fstream>
#include <mutex>
#include <thread>
#include <vector>

#include "core/event.h"
#include "events/equivalence.h"
#include "meter.h"
#include "scale/conversations.h"
#include "scale/must.h"
#include "sleeping_semaphore.h"
#include "workload.h"

namespace hansard::bench {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLanes = 4;      ///< sources of conversations; fixed, they shape the log
constexpr std::size_t kGoing = 2'000;  ///< sessions at a time, over all lanes
constexpr std::size_t kBatchEvents = 256;
constexpr unsigned kOutstanding = 32;                   ///< batches on their way
constexpr auto kMonths = std::chrono::hours(24 * 180);  ///< that the conversations span
/// 2026-03-01: before any clock that reads this, so that what is appended later is also later.
constexpr core::Timestamp kStart{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};
constexpr const char* kMarker = "conversations.txt";

std::string description(const FillOptions& options) {
  return "format " + std::to_string(kConversationsFormat) + ", seed " +
         std::to_string(options.seed) + ", events " + std::to_string(options.events);
}

std::string read_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

void write_line(const fs::path& path, const std::string& line) {
  std::ofstream file(path);
  file << line << '\n';
  must(file.flush().good(), "cannot write " + path.string());
}

/// Lanes prepare batches at the same time and append them in turn.
class Writers {
 public:
  Writers(core::EventLog& log, const core::KeyedHash& hash, const FillOptions& options)
      : log_(log), hash_(hash), options_(options) {}

  void run() {
    std::vector<std::thread> threads;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      threads.emplace_back([this, lane] {
        try {
          write(lane);
        } catch (const std::exception& thrown) {
          fail(thrown.what());
        }
      });
    }
    for (auto& thread : threads) thread.join();
    for (unsigned i = 0; i < kOutstanding; ++i) room_.acquire();
    must(problem_.empty(), "filling: " + problem_);
  }

 private:
  void write(std::size_t lane) {
    Conversations source(
        {.seed = options_.seed * 64 + lane,
         .going = kGoing / kLanes,
         .users = std::max<std::uint64_t>(options_.events / 200, 10),
         .start = kStart,
         .step = std::chrono::microseconds(kMonths) / static_cast<std::int64_t>(options_.events)},
        hash_);
    for (std::uint64_t batch = lane; batch * kBatchEvents < options_.events; batch += kLanes) {
      const std::uint64_t first = batch * kBatchEvents;
      auto request =
          source.next(first, std::min<std::uint64_t>(kBatchEvents, options_.events - first));
      for (core::NewEvent& event : request.records) core::seal(event, hasher());
      room_.acquire();
      {
        std::unique_lock lock(mutex_);
        turn_.wait(lock, [&] { return next_ == batch || !problem_.empty(); });
        if (!problem_.empty()) return room_.release();
        log_.append(std::move(request), [this](const core::Result<core::Receipt>& receipt) {
          if (!receipt) fail(receipt.error().message);
          room_.release();
        });
        ++next_;
      }
      turn_.notify_all();
      if (batch % (1'000'000 / kBatchEvents) == 0 && batch != 0) {
        std::fprintf(stderr, "filled %.1f million events\n", static_cast<double>(first) / 1e6);
      }
    }
  }

  void fail(const std::string& what) {
    {
      const std::lock_guard lock(mutex_);
      if (problem_.empty()) problem_ = what;
    }
    turn_.notify_all();
  }

  core::EventLog& log_;
  const core::KeyedHash& hash_;
  const FillOptions options_;
  // Lanes that wait for their turn hold room too, so there is more of it than lanes.
  static_assert(kOutstanding > kLanes);
  Semaphore room_{kOutstanding};
  std::mutex mutex_;
  std::condition_variable turn_;
  std::uint64_t next_ = 0;
  std::string problem_;
};

}  // namespace

std::unique_ptr<rocks::RocksStore> open_store(const fs::path& directory, bool read_only) {
  static const events::VocabularyEquivalence equivalence;
  rocks::OpenOptions options;
  options.directory = directory;
  options.hasher = &hasher();
  options.equivalence = &equivalence;
  options.read_only = read_only;
  options.notice = [](std::string_view what) {
    std::fprintf(stderr, "store: %.*s\n", static_cast<int>(what.size()), what.data());
  };
  return must(rocks::RocksStore::open(std::move(options)), "opening " + directory.string());
}

fs::path data_in(const fs::path& directory) { return directory / "data"; }

Filled fill(const fs::path& directory, const FillOptions& options) {
  const fs::path marker = directory / kMarker;
  const std::string wanted = description(options);
  if (fs::exists(directory) && !fs::is_empty(directory)) {
    const std::string found = read_line(marker);
    if (found == wanted) return {};
    must(found == "filling", directory.string() + " holds something else (" + found + ")");
    fs::remove_all(directory);
  }
  fs::create_directories(directory);
  write_line(marker, "filling");
  const auto store = open_store(data_in(directory));
  const core::KeyedHash hash(hasher(), store->store_key());
  Filled filled;
  const Meter meter;
  Writers(store->log(), hash, options).run();
  filled.seconds = meter.stop().seconds;
  filled.events = store->log().end().value;
  must(filled.events == options.events, "events are missing after filling");
  must(store->close(), "closing after filling");
  write_line(marker, wanted);
  return filled;
}

void clone_data(const fs::path& from, const fs::path& to) {
  fs::remove_all(to);
  fs::create_directories(to);
  for (const auto& entry : fs::recursive_directory_iterator(from)) {
    const fs::path target = to / fs::relative(entry.path(), from);
    if (entry.is_directory()) {
      fs::create_directories(target);
      fs::permissions(target, entry.status().permissions());
    } else if (entry.path().extension() == ".sst") {
      fs::create_hard_link(entry.path(), target);
    } else if (entry.is_regular_file()) {
      fs::copy_file(entry.path(), target);
    }
  }
}

}  // namespace hansard::bench
