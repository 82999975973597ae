// Sixteen threads append at once; one order that respects time must explain every answer.

#include <gtest/gtest.h>

#include <barrier>
#include <cstdio>
#include <thread>

#include "history.h"
#include "numbers.h"
#include "planted_bugs.h"
#include "subjects.h"
#include "support/log.h"

namespace hansard::model {
namespace {

constexpr std::size_t kThreads = 16;

const core::EventEquivalence& plain() {
  static const core::EventEquivalence instance;
  return instance;
}

/// What the threads did to `log`, `each` appends per thread.
std::vector<Call> record(core::EventLog& log, std::uint64_t seed, std::size_t each) {
  std::atomic<std::uint64_t> clock{1};
  std::vector<std::vector<Call>> calls(kThreads);
  std::barrier start(static_cast<std::ptrdiff_t>(kThreads));
  const auto run = [&](std::size_t number) {
    std::mt19937_64 random(seed * 100 + number);
    const auto draw = [&](std::uint64_t below) { return random() % below; };
    const auto stream = [&] { return "session-s" + std::to_string(draw(4)); };
    std::vector<std::uint64_t> seen(4);  // the next version of each stream, as last heard
    start.arrive_and_wait();
    for (std::size_t i = 0; i < each; ++i) {
      std::vector<core::NewEvent> records;
      for (std::uint64_t count = draw(4) == 0 ? 3 : 1; count > 0; --count) {
        // Threads share some names, so that they meet at ids, too.
        const bool shared = draw(4) == 0;
        const std::string name =
            shared ? "shared" + std::to_string(draw(4 * each))
                   : std::to_string(number) + "-" + std::to_string(i) + "-" + std::to_string(count);
        const std::string where = shared ? "session-s" + std::to_string(name.size() % 4) : stream();
        records.push_back(support::event(where, name, draw(40) == 0 ? "other" : "text"));
      }
      Call call;
      call.request = support::request(std::move(records));
      if (draw(3) == 0) call.request.known = core::Known::skip;
      for (std::uint64_t checks = draw(3); checks > 0; --checks) {
        const std::size_t at = draw(4);
        const auto expected = seen[at] == 0 ? core::Expected::none()
                                            : core::Expected::exactly(core::Version{seen[at] - 1});
        call.request.checks.push_back({support::stream("session-s" + std::to_string(at)),
                                       draw(4) == 0 ? core::Expected::exists() : expected});
      }
      call.called = clock.fetch_add(1);
      call.answer = support::append(log, call.request);
      call.returned = clock.fetch_add(1);
      if (!call.answer) {
        for (const core::Violation& violation : call.answer.error().violations) {
          const auto at = static_cast<std::size_t>(violation.stream.back() - '0');
          seen[at] = violation.actual == "none" ? 0 : std::stoull(violation.actual) + 1;
        }
      } else {
        for (std::size_t r = 0; r < call.answer->records.size(); ++r) {
          const auto at =
              static_cast<std::size_t>(call.request.records[r].stream.text().back() - '0');
          seen[at] = std::max(seen[at], call.answer->records[r].version.value + 1);
        }
      }
      const bool answered =
          call.answer || (call.answer.error().code != core::Errc::invalid_argument);
      if (answered) calls[number].push_back(std::move(call));  // else: an id twice in one append
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t number = 0; number < kThreads; ++number) threads.emplace_back(run, number);
  for (std::thread& thread : threads) thread.join();
  std::vector<Call> all;
  for (auto& own : calls) {
    for (Call& call : own) all.push_back(std::move(call));
  }
  return all;
}

struct Tally {
  std::size_t stored = 0;
  std::size_t duplicates = 0;
  std::size_t refused = 0;
  void add(const std::vector<Call>& calls) {
    for (const Call& call : calls) {
      ++(!call.answer ? refused : call.answer->duplicate() ? duplicates : stored);
    }
  }
};

template <class MakeSubject>
void check_histories(std::uint64_t histories, std::size_t each, const MakeSubject& make) {
  Tally tally;
  for (std::uint64_t i = 0; i < histories; ++i) {
    const std::uint64_t number = seed() + i;
    SCOPED_TRACE("HANSARD_TEST_SEED=" + std::to_string(number));
    const auto subject = make(number);
    const auto calls = record(subject->log(), number, each);
    tally.add(calls);
    const auto wrong = unexplained(calls, subject->log());
    ASSERT_FALSE(wrong) << *wrong;
  }
  std::printf("%llu histories from seed %llu: %zu stored, %zu duplicates, %zu refused\n",
              static_cast<unsigned long long>(histories), static_cast<unsigned long long>(seed()),
              tally.stored, tally.duplicates, tally.refused);
  EXPECT_GT(tally.duplicates, 0U);
  EXPECT_GT(tally.refused, 0U);
}

TEST(Linearizability, OneOrderExplainsEveryAnswerOfTheStore) {
  check_histories(rounds(3, HANSARD_LONG ? 300 : 3), 100, [](std::uint64_t number) {
    return std::make_unique<StoreSubject>(plain(), number);
  });
}

TEST(Linearizability, OneOrderExplainsEveryAnswerOfTheLogInMemory) {
  check_histories(rounds(3, HANSARD_LONG ? 300 : 3), 100,
                  [](std::uint64_t) { return std::make_unique<InMemorySubject>(plain()); });
}

class LinearizabilityOf : public ::testing::TestWithParam<Bug> {};

TEST_P(LinearizabilityOf, ALogWithAPlantedBugIsNoticed) {
  BuggyLog log(GetParam(), plain(), 50);
  const auto calls = record(log, seed(), 100);
  const bool noticed = unexplained(calls, log).has_value();
  // What only reads get wrong is not in the answers to appends.
  EXPECT_EQ(noticed, GetParam() != Bug::none && GetParam() != Bug::reordered_versions);
}

INSTANTIATE_TEST_SUITE_P(Planted, LinearizabilityOf,
                         ::testing::Values(Bug::none, Bug::lost_event, Bug::double_event,
                                           Bug::stale_head, Bug::reordered_versions));

TEST(Linearizability, AnAnswerThatIsOldWhenItIsAskedForIsNoticed) {
  InMemorySubject subject(plain());
  std::vector<Call> calls;
  const auto call = [&](std::uint64_t called, core::AppendRequest request) {
    auto answer = support::append(subject.log(), request);
    calls.push_back({called, called + 1, std::move(request), std::move(answer)});
  };
  call(1, support::request({support::event("session-a", "first")}));
  call(3, support::request({support::event("session-a", "second")}));
  EXPECT_FALSE(unexplained(calls, subject.log()));
  // The same answers, but what was stored second had returned before the first was called.
  std::swap(calls[0].called, calls[1].called);
  std::swap(calls[0].returned, calls[1].returned);
  EXPECT_TRUE(unexplained(calls, subject.log()));
}

}  // namespace
}  // namespace hansard::model
