// The wall clock jumps by hours, back and forth, between commands and across restarts. What was
// recorded keeps its order and its times, and a retry is the same event whatever the clock says.

#include <algorithm>
#include <cstdio>
#include <future>

#include "core/command_loop.h"
#include "core/time.h"
#include "events/equivalence.h"
#include "events/session/decider.h"
#include "rig.h"

namespace hansard::faults {
namespace {

using core::Errc;
using core::Position;
using core::Timestamp;
using std::chrono::hours;
using std::chrono::microseconds;

class SteppingClock final : public core::Clock {
 public:
  [[nodiscard]] Timestamp now() const override { return now_; }
  void step(microseconds by) { now_ += by; }

 private:
  Timestamp now_ = support::at_us(1'700'000'000'000'000);
};

const events::VocabularyEquivalence& vocabulary() {
  static const events::VocabularyEquivalence instance;
  return instance;
}

/// The engine under the clock, as the edge wires it: each command gets the time at which it came.
class ClockSteps : public ::testing::Test {
 protected:
  using Loop = core::CommandLoop<events::SessionDecider>;

  void SetUp() override { ASSERT_NO_FATAL_FAILURE(open()); }
  void open() {
    auto options = store_on(disk_);
    options.equivalence = &vocabulary();
    auto store = rocks::RocksStore::open(std::move(options));
    ASSERT_TRUE(store) << store.error().message;
    store_ = *std::move(store);
    loop_ = std::make_unique<Loop>(store_->log(), decider_, support::hasher(),
                                   [](const std::function<void()>& work) { work(); });
  }
  /// The process ends, in order or by a power loss, and comes back at another time.
  void restart(bool orderly, microseconds step) {
    if (!orderly) disk_->lose_power();
    loop_.reset();
    store_.reset();
    disk_ = orderly ? disk_->copy() : disk_->after_power_loss(random_());
    clock_.step(step);
    ASSERT_NO_FATAL_FAILURE(open());
  }
  microseconds any_step() {
    return microseconds(static_cast<std::int64_t>(random_() % 86'400'000'000)) - hours(12);
  }

  core::Result<core::Receipt> execute(events::SessionCommand command) {
    command.meta.occurred_at = command.meta.occurred_at.value_or(clock_.now());
    command.meta.salt_seed.fill(static_cast<std::uint8_t>(1 + random_() % 255));
    core::CommandContext context;
    context.stream = support::stream("session-s1");
    context.recorded_at = clock_.now();
    std::promise<core::Result<core::Receipt>> promise;
    loop_->execute(std::move(context), std::move(command),
                   [&](core::Result<core::Receipt> receipt) { promise.set_value(receipt); });
    return promise.get_future().get();
  }
  static events::SessionCommand create() {
    events::SessionCommand command;
    command.body = events::CreateSession{};
    return command;
  }
  static events::SessionCommand say(const std::string& id, const std::string& text = "hello") {
    events::SendMessage message;
    message.message_id = id;
    message.parts = {events::Part::make_text(text)};
    events::SessionCommand command;
    command.body = events::SessionStep(message);
    return command;
  }

  std::shared_ptr<Disk> disk_ = std::make_shared<Disk>(seed());
  SteppingClock clock_;
  core::KeyedHash keyed_hash_{support::hasher(), support::salt("store key")};
  events::SessionDecider decider_{keyed_hash_, support::hasher()};
  std::mt19937_64 random_{seed()};
  std::unique_ptr<rocks::RocksStore> store_;
  std::unique_ptr<Loop> loop_;
};

TEST_F(ClockSteps, RecordedTimesNeverDecreaseAndOccurredTimesAreKept) {
  struct Said {
    Timestamp recorded;
    Timestamp occurred;
  };
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed()));
  std::vector<Said> said;
  ASSERT_TRUE(execute(create()));
  Timestamp latest = clock_.now();
  said.push_back({latest, latest});
  for (int i = 0; i < 400; ++i) {
    if (random_() % 3 == 0) clock_.step(any_step());
    if (random_() % 40 == 0) {
      SCOPED_TRACE("restart before message " + std::to_string(i));
      ASSERT_NO_FATAL_FAILURE(restart(random_() % 2 == 0, any_step()));
    }
    latest = std::max(latest, clock_.now());
    const auto receipt = execute(say("m" + std::to_string(i)));
    ASSERT_TRUE(receipt) << receipt.error().message;
    ASSERT_EQ(receipt->records.front().position.value, said.size());
    ASSERT_EQ(receipt->records.front().recorded_at, latest) << "of message " << i;
    said.push_back({latest, clock_.now()});
  }
  std::size_t next = 0;
  std::size_t before_its_time = 0;
  const auto read = store_->log().read({}, [&](const core::RecordedEvent& event) {
    EXPECT_EQ(event.recorded_at, said[next].recorded) << "position " << next;
    EXPECT_EQ(event.occurred_at, said[next].occurred) << "position " << next;
    EXPECT_EQ(event.version.value, next);
    if (said[next].occurred < said[next].recorded) ++before_its_time;
    return ++next < said.size();
  });
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(next, said.size());
  EXPECT_GT(before_its_time, 50U) << "the clock was behind the log often";
  EXPECT_EQ(unsound(*store_), "");
}

TEST_F(ClockSteps, ARetryIsTheSameEventHoursLaterAndHoursEarlier) {
  const auto created = execute(create());
  ASSERT_TRUE(created);
  const auto first = execute(say("m1"));
  ASSERT_TRUE(first);
  const core::RecordReceipt& told = first->records.front();
  for (const hours step : {hours(5), hours(-30), hours(24 * 400), hours(-24 * 800)}) {
    for (const bool across_a_restart : {false, true}) {
      if (across_a_restart) {
        ASSERT_NO_FATAL_FAILURE(restart(step > hours(0), step));
      } else {
        clock_.step(step);
      }
      const auto again = execute(say("m1"));
      ASSERT_TRUE(again) << again.error().message;
      EXPECT_TRUE(again->duplicate());
      EXPECT_EQ(again->records.front().position, told.position);
      EXPECT_EQ(again->records.front().recorded_at, told.recorded_at);
      const auto other = execute(say("m1", "something else"));
      ASSERT_FALSE(other);
      EXPECT_EQ(other.error().code, Errc::id_reused);
      EXPECT_TRUE(execute(create())->duplicate());
    }
  }
  EXPECT_EQ(store_->log().end().value, 2U) << "nothing was written twice";
}

/// A time that the client gave is its own: it is kept, and compared, whatever the clock says.
TEST_F(ClockSteps, ATimeFromTheClientIsComparedAndOursIsNot) {
  ASSERT_TRUE(execute(create()));
  auto timed = say("m1");
  timed.meta.occurred_at = support::at_us(42);
  timed.meta.occurred_at_from_client = true;
  ASSERT_TRUE(execute(timed));
  clock_.step(hours(-7));
  const auto again = execute(timed);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->duplicate());
  timed.meta.occurred_at = support::at_us(43);
  const auto moved = execute(timed);
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().code, Errc::id_reused);
}

/// Waits are measured by a clock that does not jump: a reader's deadline passes neither at once nor
/// never, and views catch up.
TEST_F(ClockSteps, ViewsCatchUpAndWaitsEndOnTime) {
  ASSERT_TRUE(execute(create()));
  const Counts counts;
  core::ProjectionRunner runner(store_->log(), store_->views(), {&counts}, quick_retries());
  runner.start();
  for (int i = 0; i < 50; ++i) {
    clock_.step(any_step());
    ASSERT_TRUE(execute(say("m" + std::to_string(i))));
  }
  EXPECT_EQ(unlike_a_rebuild(runner, store_->log()), "");
  const auto start = std::chrono::steady_clock::now();
  clock_.step(hours(-100));
  const auto late = runner.read("counts", Position{store_->log().end().value + 1},
                                start + std::chrono::milliseconds(100));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::timed_out);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(100));
  runner.stop();
}

}  // namespace
}  // namespace hansard::faults
