#include "contracts/event_log_contract.h"
#include "store_fixture.h"

namespace hansard::contracts {
namespace {

using rocks::testing::TempDirectory;

class RocksLogUnderTest final : public EventLogUnderTest {
 public:
  explicit RocksLogUnderTest(const core::EventEquivalence& equivalence)
      : options_(rocks::testing::options_for(directory_.data())) {
    options_.equivalence = &equivalence;
    store_ = rocks::testing::must_open(options_);
  }
  core::EventLog& log() override { return store_->log(); }
  [[nodiscard]] bool persists() const override { return true; }
  void reopen() override {
    store_.reset();
    store_ = rocks::testing::must_open(options_);
  }
  void erase(core::Position position) override {
    store_.reset();
    rocks::testing::erase_stored(directory_.data(), position);
    store_ = rocks::testing::must_open(options_);
  }

 private:
  TempDirectory directory_;
  rocks::OpenOptions options_;
  std::unique_ptr<rocks::RocksStore> store_;
};

std::unique_ptr<EventLogUnderTest> make_rocksdb_log(const core::EventEquivalence& equivalence) {
  return std::make_unique<RocksLogUnderTest>(equivalence);
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(RocksDb, EventLogContract,
                         ::testing::Values(EventLogFactory{"RocksDb", make_rocksdb_log}), name_of);

}  // namespace hansard::contracts
