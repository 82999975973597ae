#include "write_points.h"

#include "journal.h"
#include "rig.h"

namespace hansard::faults {
namespace {

using core::Errc;

/// Refusals that the script takes before the fault is healed, and before it gives up.
constexpr int kHealAfter = 3;
constexpr auto kViewWait = std::chrono::milliseconds(500);
constexpr auto kPatience = std::chrono::seconds(30);

class Script {
 public:
  Script(std::shared_ptr<Disk> disk, const PlannedFault* fault)
      : disk_(std::move(disk)), fault_(fault) {}

  void run() {
    for (int opening = 0; opening < 2; ++opening) {
      const auto store = open();
      if (!store) return;
      const Counts counts;
      core::ProjectionRunner runner(store->log(), store->views(), {&counts}, quick_retries());
      runner.start();
      for (int i = 0; i < 12; ++i) append(store->log(), i % 4 == 3 ? 60'000 : 200, 1 + i % 3);
      static_cast<void>(runner.rebuild("counts"));  // refused while the first build runs
      for (int i = 0; i < 4; ++i) append(store->log(), 200, 1);
      wait_for_view(runner, store->log().end());
      runner.stop();
      // What closing cannot write is not needed: everything acknowledged is durable.
      static_cast<void>(store->close());
    }
  }
  [[nodiscard]] Journal& journal() { return journal_; }

 private:
  /// Counts a refusal; heals the fault after a few. @return false when patience is at its end.
  bool bear(const core::Error& error) {
    const bool expected = error.code == Errc::unavailable || error.code == Errc::out_of_space ||
                          error.code == Errc::timed_out;
    EXPECT_TRUE(expected) << traits(error.code).name << ": " << error.message;
    if (++refusals_ == kHealAfter && fault_ != nullptr) fault_->heal(*disk_);
    if (!expected || std::chrono::steady_clock::now() > deadline_) {
      ADD_FAILURE() << "the service did not resume: " << error.message;
      return false;
    }
    return true;
  }
  rocks::OpenOptions options() {
    auto options = store_on(disk_);
    options.memtable_bytes = 1U << 20;
    return options;
  }
  std::unique_ptr<rocks::RocksStore> open() {
    while (true) {
      auto opened = rocks::RocksStore::open(options());
      if (opened) return *std::move(opened);
      if (!bear(opened.error())) return nullptr;
    }
  }
  void append(core::EventLog& log, std::size_t bytes, int events) {
    std::vector<core::NewEvent> records;
    for (int i = 0; i < events; ++i) {
      const std::string name = "e" + std::to_string(made_++);
      records.push_back(support::event("session-" + std::to_string(made_ % 3), name,
                                       std::string(bytes, static_cast<char>('a' + made_ % 26))));
    }
    const auto request = support::request(std::move(records));
    const std::size_t number = journal_.send(0, request);
    while (true) {
      const auto receipt = support::append(log, request);
      journal_.answer(number, receipt);
      if (receipt || !bear(receipt.error())) return;
    }
  }
  void wait_for_view(const core::ProjectionRunner& runner, core::Position end) {
    while (true) {
      const auto view = runner.read("counts", end, std::chrono::steady_clock::now() + kViewWait);
      if (view || !bear(view.error())) return;
    }
  }

  const std::shared_ptr<Disk> disk_;
  const PlannedFault* const fault_;
  Journal journal_;
  std::uint64_t made_ = 0;
  int refusals_ = 0;
  const std::chrono::steady_clock::time_point deadline_ =
      std::chrono::steady_clock::now() + kPatience;
};

void compare(const std::shared_ptr<Disk>& disk, const Journal& journal) {
  const auto opened = rocks::RocksStore::open(store_on(disk));
  ASSERT_TRUE(opened) << opened.error().message;
  for (const auto& wrong : contradictions((*opened)->log(), journal)) ADD_FAILURE() << wrong;
  EXPECT_EQ(unsound(**opened), "");
  const Counts counts;
  core::ProjectionRunner runner((*opened)->log(), (*opened)->views(), {&counts}, quick_retries());
  runner.start();
  EXPECT_EQ(unlike_a_rebuild(runner, (*opened)->log()), "");
}

}  // namespace

std::uint64_t count_write_points() {
  const auto disk = std::make_shared<Disk>(1);
  Script(disk, nullptr).run();
  return disk->steps();
}

void run_with_fault(const PlannedFault& fault, std::uint64_t step) {
  const auto disk = std::make_shared<Disk>(step);
  fault.arm(*disk, step);
  Script script(disk, &fault);
  script.run();
  if (::testing::Test::HasFailure()) return;
  fault.heal(*disk);
  disk->set_plan({});
  EXPECT_EQ(script.journal().count(Journal::State::unknown), 0U);
  compare(disk, script.journal());
  disk->lose_power();
  compare(disk->after_power_loss(step), script.journal());
}

}  // namespace hansard::faults
