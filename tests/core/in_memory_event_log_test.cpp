#include "core/in_memory_event_log.h"

#include "contracts/event_log_contract.h"

namespace hansard::contracts {
namespace {

class InMemoryUnderTest final : public EventLogUnderTest {
 public:
  explicit InMemoryUnderTest(const core::EventEquivalence& equivalence)
      : log_(support::hasher(), equivalence) {}
  core::EventLog& log() override { return log_; }
  [[nodiscard]] bool persists() const override { return false; }
  void reopen() override {}
  void erase(core::Position position) override { log_.erase(position).value(); }

 private:
  core::InMemoryEventLog log_;
};

std::unique_ptr<EventLogUnderTest> make_in_memory(const core::EventEquivalence& equivalence) {
  return std::make_unique<InMemoryUnderTest>(equivalence);
}

INSTANTIATE_TEST_SUITE_P(InMemory, EventLogContract,
                         ::testing::Values(EventLogFactory{"InMemory", make_in_memory}), name_of);

}  // namespace
}  // namespace hansard::contracts
