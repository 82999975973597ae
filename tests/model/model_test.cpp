// Random operations on a log and on a reference written down independently: every answer is the
// same, also when writes and syncs fail and the power goes.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <memory>

#include "driver.h"
#include "events/equivalence.h"
#include "numbers.h"
#include "planted_bugs.h"
#include "subjects.h"

namespace hansard::model {
namespace {

const core::EventEquivalence& plain() {
  static const core::EventEquivalence instance;
  return instance;
}
const core::EventEquivalence& vocabulary() {
  static const events::VocabularyEquivalence instance;
  return instance;
}

using RunOn = std::optional<std::string> (*)(Subject&, const RunOptions&);

/// Runs over consecutive seeds, each on a new log.
template <class MakeSubject>
void run_seeds(const char* what, std::uint64_t seeds, std::uint64_t operations, bool faults,
               RunOn run, const MakeSubject& make) {
  const auto started = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < seeds; ++i) {
    RunOptions options;
    options.seed = seed() + i;
    options.operations = operations;
    options.faults = faults;
    const auto subject = make(options.seed);
    const auto wrong = run(*subject, options);
    ASSERT_FALSE(wrong) << *wrong << "\nHANSARD_TEST_SEED=" << options.seed;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  const auto all = static_cast<double>(seeds * operations);
  std::printf("%s: %.0f operations over %llu seeds from %llu, %.0f a second\n", what, all,
              static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(seed()),
              all / took.count());
}

/// Rounds scale the long runs; with 1,000 they come to more than ten million operations.
std::uint64_t scaled(std::uint64_t quick, std::uint64_t a_thousand) {
  if (!HANSARD_LONG) return quick;
  const std::uint64_t asked = rounds(1, 1000) * a_thousand / 1000;
  return asked == 0 ? 1 : asked;
}

TEST(Model, TheSequencerAnswersAsTheReferenceDoes) {
  run_seeds("in memory", scaled(10, 4400), 2000, false, run_against_reference,
            [](std::uint64_t) { return std::make_unique<InMemorySubject>(plain()); });
}

TEST(Model, TheStoreAnswersAsTheReferenceDoesThroughFaultsAndRestarts) {
  faults::widen_background_pools(4);
  run_seeds("store", scaled(4, 600), 2000, true, run_against_reference,
            [](std::uint64_t number) { return std::make_unique<StoreSubject>(plain(), number); });
}

TEST(Model, SessionCommandsAreAnsweredAsTheRulesSay) {
  run_seeds("session commands in memory", scaled(5, 250), 2000, false, run_sessions,
            [](std::uint64_t) { return std::make_unique<InMemorySubject>(vocabulary()); });
}

TEST(Model, SessionCommandsAreAnsweredAsTheRulesSayThroughFaultsAndRestarts) {
  faults::widen_background_pools(4);
  run_seeds(
      "session commands on the store", scaled(1, 50), 2000, true, run_sessions,
      [](std::uint64_t number) { return std::make_unique<StoreSubject>(vocabulary(), number); });
}

class ModelOf : public ::testing::TestWithParam<Bug> {};

TEST_P(ModelOf, APlantedBugIsNoticedAndTraced) {
  BuggySubject subject(GetParam(), plain());
  RunOptions options;
  options.seed = seed();
  options.operations = 5000;
  const auto wrong = run_against_reference(subject, options);
  EXPECT_EQ(wrong.has_value(), GetParam() != Bug::none) << (wrong ? *wrong : "");
  if (!wrong) return;
  EXPECT_NE(wrong->find("of seed " + std::to_string(seed())), std::string::npos);
  BuggySubject again(GetParam(), plain());
  EXPECT_EQ(run_against_reference(again, options), wrong) << "the seed repeats it";
}

INSTANTIATE_TEST_SUITE_P(Planted, ModelOf,
                         ::testing::Values(Bug::none, Bug::lost_event, Bug::double_event,
                                           Bug::stale_head, Bug::reordered_versions));

}  // namespace
}  // namespace hansard::model
