#include "power_loss.h"

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include "journal.h"
#include "rig.h"
#include "writers.h"

namespace hansard::faults {
namespace {

/// A directory lives for this many rounds, so that losses meet logs of every age.
constexpr std::uint64_t kRoundsPerDirectory = 10;
/// Directories at the same time: RocksDB sleeps a second after a flush that failed.
constexpr int kLanes = 10;

/// When the power goes: in the n-th operation of a kind on a file of a kind.
struct Aim {
  Op op;
  const char* file;  ///< as `kind_of_file`; empty: any
  std::uint64_t in_the_first;
};

constexpr Aim kAims[] = {
    {Op::write, "", 400},
    {Op::sync, "", 100},
    {Op::write, "write-ahead log", 200},
    {Op::sync, "write-ahead log", 100},
    {Op::write, "table", 20},
    {Op::sync, "table", 6},
    {Op::write, "manifest", 8},
    {Op::sync, "manifest", 8},
    {Op::create, "", 12},
    {Op::remove, "", 12},
    {Op::rename, "", 3},
    {Op::sync_directory, "", 10},
    {Op::write, "HEAD", 100},
    {Op::sync, "HEAD", 2},
};

class Rounds {
 public:
  explicit Rounds(std::uint64_t seed) : random_(seed) {}

  void run_one() {
    if (!disk_ || report_.rounds % kRoundsPerDirectory == 0) {
      disk_ = std::make_shared<Disk>(random_());
      journal_ = std::make_unique<Journal>();
      acknowledged_ = 0;
      history_.clear();
    }
    ++report_.rounds;
    lose_power_under_load();
    if (::testing::Test::HasFailure()) return;
    while (draw(3) == 0) lose_power_in_recovery();
    compare();
  }
  [[nodiscard]] const PowerLossReport& report() const { return report_; }

 private:
  std::uint64_t draw(std::uint64_t below) { return random_() % below; }

  /// Sets the disk up to lose its power at a drawn moment.
  void aim(bool in_recovery) {
    const Aim chosen = kAims[draw(std::size(kAims))];
    auto left = std::make_shared<std::atomic<std::int64_t>>(
        1 +
        draw(in_recovery ? std::min<std::uint64_t>(chosen.in_the_first, 20) : chosen.in_the_first));
    auto moment = moment_;
    disk_->set_plan([=](const Step& step) {
      if (step.op != chosen.op) return Verdict::proceed;
      if (*chosen.file != '\0' && kind_of_file(step.path) != chosen.file) return Verdict::proceed;
      if (--*left != 0) return Verdict::proceed;
      *moment = std::string(name_of(step.op)) + " " + kind_of_file(step.path);
      return Verdict::lose_power;
    });
  }

  rocks::OpenOptions options() {
    auto options = store_on(disk_);
    constexpr std::size_t kMemtables[] = {1U << 20, 4U << 20, 12U << 20};
    options.memtable_bytes = kMemtables[draw(std::size(kMemtables))];
    return options;
  }

  void lose_power_under_load() {
    *moment_ = "quiet";
    // Now and then the loss comes while the store opens, also the very first time.
    const bool while_opening = draw(8) == 0;
    if (while_opening) aim(true);
    {
      auto opened = rocks::RocksStore::open(options());
      if (!opened && disk_->has_power()) {
        ADD_FAILURE() << "the store did not open: " << opened.error().message;
        return;
      }
      if (opened) load(**opened, while_opening);
      if (disk_->has_power()) disk_->lose_power();
    }
    after_loss();
  }

  void load(rocks::RocksStore& store, bool aimed) {
    const Counts counts;
    core::ProjectionRunner runner(store.log(), store.views(), {&counts}, quick_retries());
    runner.start();
    Writers::Options how;
    how.appends_each = 40 + draw(200);
    how.text_bytes_max = draw(4) == 0 ? 60'000 : 2'000;
    if (!aimed) aim(false);
    Writers writers(store.log(), *journal_, "r" + std::to_string(report_.rounds), random_(), how);
    // Rebuilds bring swaps of the build that answers; while one runs, another is refused.
    for (int i = 0; i < 4; ++i) static_cast<void>(runner.rebuild("counts"));
    writers.join();
    for (const std::string& wrong : writers.wrong()) ADD_FAILURE() << wrong;
    if (disk_->has_power()) disk_->lose_power();
    runner.stop();
  }

  void lose_power_in_recovery() {
    *moment_ = "quiet";
    aim(true);
    {
      const auto opened = rocks::RocksStore::open(options());
      if (!opened && disk_->has_power()) {
        ADD_FAILURE() << "the store did not open: " << opened.error().message;
        return;
      }
      disk_->lose_power();
    }
    ++report_.losses_in_recovery;
    after_loss();
  }

  void after_loss() {
    ++report_.moments[*moment_];
    history_ += *moment_ + ", ";
    disk_ = disk_->after_power_loss(random_());
  }

  void compare() {
    auto opened = rocks::RocksStore::open(options());
    ASSERT_TRUE(opened) << opened.error().message << "; before: " << history_;
    rocks::RocksStore& store = **opened;
    for (const auto& wrong : contradictions(store.log(), *journal_)) ADD_FAILURE() << wrong;
    EXPECT_EQ(unsound(store), "");
    const std::uint64_t before = store.log().end().value;
    const std::uint64_t unknown = journal_->count(Journal::State::unknown);
    report_.events_compared += before;
    report_.unknown += unknown;
    for (const Journal::Entry& entry : journal_->entries()) {
      if (entry.state != Journal::State::unknown) continue;
      const auto found = store.log().find({}, entry.request.records.back().id);
      report_.unknown_stored += found && *found ? 1 : 0;
    }

    const Counts counts;
    core::ProjectionRunner runner(store.log(), store.views(), {&counts}, quick_retries());
    runner.start();
    for (const auto& wrong : resolve_unknown(store.log(), *journal_)) ADD_FAILURE() << wrong;
    for (const auto& wrong : contradictions(store.log(), *journal_)) ADD_FAILURE() << wrong;
    EXPECT_EQ(unlike_a_rebuild(runner, store.log()), "");
    EXPECT_EQ(unsound(store), "");
    runner.stop();
    const std::uint64_t acknowledged = journal_->count(Journal::State::acknowledged);
    report_.acknowledged += acknowledged - acknowledged_;
    acknowledged_ = acknowledged;
  }

  std::mt19937_64 random_;
  std::shared_ptr<Disk> disk_;
  std::unique_ptr<Journal> journal_;
  std::shared_ptr<std::string> moment_ = std::make_shared<std::string>();
  std::uint64_t acknowledged_ = 0;  ///< in this directory
  std::string history_;             ///< losses of this directory
  PowerLossReport report_;
};

}  // namespace

std::string kind_of_file(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  if (name.ends_with(".sst")) return "table";
  if (name.ends_with(".log")) return "write-ahead log";
  if (name.starts_with("MANIFEST")) return "manifest";
  if (name.starts_with("OPTIONS")) return "options";
  if (name.starts_with("CURRENT") || name.ends_with(".dbtmp")) return "current";
  if (name.starts_with("store.key") || name.starts_with("log.id")) return "keys";
  return name;
}

PowerLossReport run_power_losses(std::uint64_t rounds, std::uint64_t seed) {
  widen_background_pools(2 * kLanes);
  std::vector<PowerLossReport> reports(kLanes);
  std::vector<std::thread> lanes;
  for (int lane = 0; lane < kLanes; ++lane) {
    lanes.emplace_back([&, lane] {
      Rounds all(seed + static_cast<std::uint64_t>(lane));
      for (std::uint64_t i = static_cast<std::uint64_t>(lane);
           i < rounds && !::testing::Test::HasFailure(); i += kLanes) {
        SCOPED_TRACE("lane " + std::to_string(lane) + ", round " + std::to_string(i / kLanes) +
                     ", HANSARD_TEST_SEED=" + std::to_string(seed));
        all.run_one();
      }
      reports[static_cast<std::size_t>(lane)] = all.report();
    });
  }
  for (std::thread& lane : lanes) lane.join();
  PowerLossReport sum;
  for (const PowerLossReport& report : reports) {
    sum.rounds += report.rounds;
    sum.acknowledged += report.acknowledged;
    sum.unknown += report.unknown;
    sum.unknown_stored += report.unknown_stored;
    sum.losses_in_recovery += report.losses_in_recovery;
    sum.events_compared += report.events_compared;
    for (const auto& [moment, count] : report.moments) sum.moments[moment] += count;
  }
  return sum;
}

}  // namespace hansard::faults
