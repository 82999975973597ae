#include "core/projection_runner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

#include "core/in_memory_event_log.h"
#include "support/events.h"
#include "support/failing_store.h"
#include "support/log.h"

namespace hansard::core {
namespace {

using namespace std::chrono_literals;
using Phase = ProjectionState::Phase;
using Rows = std::map<std::string, std::string>;

/// Counts events by stream, and remembers the last text of each: enough to notice an event that was
/// folded twice, not at all, or out of order.
class Counts final : public Projection {
 public:
  explicit Counts(std::string name = "counts", std::uint32_t version = 1)
      : name_(std::move(name)), version_(version) {}
  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] std::uint32_t version() const override { return version_; }

  Status apply(const RecordedEvent& event, ReadModelBatch& batch) const override {
    const std::string key(event.stream);
    const std::string* const row = batch.get(key);
    const std::string count = row == nullptr ? "" : *row;
    batch.put(key, count + (version_ == 1 ? "+" : "#") + std::to_string(event.position.value % 10));
    batch.put("all", std::to_string(event.position.value));  // before failing: must not be kept
    if (fails_at == static_cast<std::int64_t>(event.position.value)) {
      if (throws) throw std::runtime_error("thrown by the fold");
      return Error{Errc::internal, "told to fail"};
    }
    return Ok{};
  }

  std::atomic<std::int64_t> fails_at{-1};
  std::atomic<bool> throws{false};

 private:
  std::string name_;
  std::uint32_t version_;
};

class ProjectionRunnerTest : public ::testing::Test {
 protected:
  void append(int count) {
    for (int i = 0; i < count; ++i) {
      const auto number = std::to_string(log_.end().value);
      support::append(
          log_, support::request({support::event("session-" + std::to_string(i % 3), number)}))
          .value();
    }
  }
  static std::chrono::steady_clock::time_point soon(std::chrono::milliseconds wait = 20s) {
    return std::chrono::steady_clock::now() + wait;
  }
  static Rows rows(const ReadModel& model) {
    Rows found;
    model
        .scan({}, {},
              [&](std::string_view key, std::string_view row) {
                found.emplace(key, row);
                return true;
              })
        .value();
    return found;
  }
  Rows read(ProjectionRunner& runner, const std::string& name = "counts") {
    auto model = runner.read(name, log_.end(), soon());
    EXPECT_TRUE(model) << model.error().message;
    return model ? rows(**model) : Rows{};
  }
  Rows expected(const Projection& projection) {
    const auto fresh = make_in_memory_read_model_store();
    const ViewId view{std::string(projection.name()), projection.version(), 99};
    build(log_, *fresh, projection, view, log_.end(), {.batch_events = 1}).value();
    return rows(*fresh->open(view).value());
  }
  /// Waits until the state of `name` satisfies `wanted`. The runner has no event for every change
  /// of state, so this looks again and again, bounded.
  template <class Wanted>
  static ProjectionState await(const ProjectionRunner& runner, const std::string& name,
                               Wanted wanted) {
    const auto deadline = soon();
    while (true) {
      for (const auto& state : runner.states()) {
        if (state.name == name && wanted(state)) return state;
      }
      if (std::chrono::steady_clock::now() > deadline) {
        ADD_FAILURE() << name << " never came to the wanted state";
        return {};
      }
      std::this_thread::yield();
    }
  }
  static ProjectionState await_stop(const ProjectionRunner& runner,
                                    const std::string& name = "counts") {
    return await(runner, name, [](const auto& state) { return state.phase == Phase::stopped; });
  }

  const EventEquivalence same_{};
  InMemoryEventLog log_{support::hasher(), same_};
  std::unique_ptr<ReadModelStore> store_ = make_in_memory_read_model_store();
  Counts counts_;
};

TEST_F(ProjectionRunnerTest, CatchesUpThenFollowsLive) {
  append(100);
  ProjectionRunner runner(log_, *store_, {&counts_});
  runner.start();
  EXPECT_EQ(read(runner), expected(counts_));
  append(50);
  EXPECT_EQ(read(runner), expected(counts_));
  const auto state = await(runner, "counts", [](auto& s) { return s.phase == Phase::live; });
  EXPECT_EQ(state.checkpoint, Position{150});
  EXPECT_EQ(state.version, 1U);
  EXPECT_TRUE(state.error.empty());
}

TEST_F(ProjectionRunnerTest, AnEmptyLogIsServedAtOnce) {
  ProjectionRunner runner(log_, *store_, {&counts_});
  runner.start();
  const auto model = runner.read("counts", Position{0}, soon());
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ((*model)->checkpoint(), Position{0});
}

TEST_F(ProjectionRunnerTest, RowsDoNotDependOnBatchSizes) {
  append(200);
  const Rows one_by_one = expected(counts_);
  for (const std::size_t events : {2U, 3U, 7U, 64U, 199U, 200U, 5000U}) {
    const auto store = make_in_memory_read_model_store();
    build(log_, *store, counts_, {"counts", 1, 0}, log_.end(), {.batch_events = events}).value();
    EXPECT_EQ(rows(*store->open({"counts", 1, 0}).value()), one_by_one) << events;
  }
  const auto store = make_in_memory_read_model_store();
  build(log_, *store, counts_, {"counts", 1, 0}, log_.end(), {.batch_row_bytes = 1}).value();
  EXPECT_EQ(rows(*store->open({"counts", 1, 0}).value()), one_by_one);
}

TEST_F(ProjectionRunnerTest, ABuildStopsWhereTold) {
  append(30);
  const ViewId view{"counts", 1, 0};
  build(log_, *store_, counts_, view, Position{17}).value();
  EXPECT_EQ(store_->open(view).value()->checkpoint(), Position{17});
  EXPECT_EQ(rows(*store_->open(view).value()).at("all"), "16");
  EXPECT_EQ(build(log_, *store_, counts_, view, Position{31}).error().code, Errc::invalid_argument);
}

TEST_F(ProjectionRunnerTest, GoesOnWhereAFormerRunnerLeft) {
  append(20);
  {
    ProjectionRunner runner(log_, *store_, {&counts_});
    runner.start();
    read(runner);
  }
  append(20);
  ProjectionRunner runner(log_, *store_, {&counts_});
  counts_.fails_at = 3;  // would stop if it started over
  runner.start();
  EXPECT_EQ(read(runner).at("all"), "39");
  counts_.fails_at = -1;
  EXPECT_EQ(read(runner), expected(counts_));
}

TEST_F(ProjectionRunnerTest, AFoldErrorStopsItVisiblyAndSkipsNothing) {
  append(50);
  counts_.fails_at = 33;
  ProjectionRunner runner(log_, *store_, {&counts_}, {.batch_events = 10});
  runner.start();
  const auto state = await_stop(runner);
  EXPECT_EQ(state.failed_at, Position{33});
  EXPECT_EQ(state.failed_event, to_string(support::event_id("33")));
  EXPECT_NE(state.error.find("told to fail"), std::string::npos);
  EXPECT_EQ(state.building_checkpoint, Position{33});

  const auto refused = runner.read("counts", log_.end(), soon());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  EXPECT_NE(refused.error().message.find("33"), std::string::npos);

  counts_.fails_at = -1;
  ASSERT_TRUE(runner.retry("counts"));
  EXPECT_EQ(read(runner), expected(counts_));
}

TEST_F(ProjectionRunnerTest, WhatCameBeforeAFailureGoesOnAnswering) {
  append(10);
  ProjectionRunner runner(log_, *store_, {&counts_});
  runner.start();
  read(runner);
  counts_.fails_at = 15;
  append(10);
  const auto state = await_stop(runner);
  EXPECT_EQ(state.checkpoint, Position{15});
  const auto model = runner.read("counts", Position{15}, soon());
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(rows(**model).at("all"), "14") << "nothing of the failing event is kept";
  counts_.fails_at = -1;
  ASSERT_TRUE(runner.retry("counts"));
  EXPECT_EQ(read(runner), expected(counts_));
}

TEST_F(ProjectionRunnerTest, AFoldThatThrowsStopsOnlyItself) {
  Counts other("other");
  counts_.fails_at = 5;
  counts_.throws = true;
  append(20);
  ProjectionRunner runner(log_, *store_, {&counts_, &other});
  runner.start();
  EXPECT_NE(await_stop(runner).error.find("thrown by the fold"), std::string::npos);
  append(20);
  EXPECT_EQ(read(runner, "other"), expected(other));
  EXPECT_EQ(await_stop(runner).failed_at, Position{5});
}

TEST_F(ProjectionRunnerTest, RetryIsForTheStoppedAndRebuildForTheKnown) {
  append(5);
  ProjectionRunner runner(log_, *store_, {&counts_});
  runner.start();
  read(runner);
  await(runner, "counts", [](auto& s) { return s.phase == Phase::live; });
  EXPECT_EQ(runner.retry("counts").error().code, Errc::rejected);
  EXPECT_EQ(runner.retry("nobody").error().code, Errc::not_found);
  EXPECT_EQ(runner.rebuild("nobody").error().code, Errc::not_found);
  EXPECT_EQ(runner.read("nobody", {}, soon()).error().code, Errc::not_found);
}

TEST_F(ProjectionRunnerTest, ARebuildRunsBesideTheActiveBuildAndSwaps) {
  append(40);
  ProjectionRunner runner(log_, *store_, {&counts_}, {.batch_events = 3});
  runner.start();
  read(runner);
  // A row that no fold would write shows which build answers.
  const ViewId first = store_->active("counts").value().value();
  store_->commit(first, {{"marker", "old"}}, log_.end()).value();
  const auto old_model = runner.read("counts", log_.end(), soon()).value();
  EXPECT_EQ(rows(*old_model).count("marker"), 1U);
  ASSERT_TRUE(runner.rebuild("counts"));
  append(30);
  await(runner, "counts", [&](const auto& state) {
    return state.phase == Phase::live && store_->active("counts").value() != first;
  });
  EXPECT_EQ(read(runner), expected(counts_)) << "the marker is gone";
  EXPECT_EQ(rows(*old_model).count("marker"), 1U) << "an open snapshot stays what it was";
  const auto builds = store_->builds().value();
  EXPECT_EQ(std::count(builds.begin(), builds.end(), first), 0) << "the old build is deleted";
}

TEST_F(ProjectionRunnerTest, ARebuildHealsAStoppedProjection) {
  append(20);
  counts_.fails_at = 10;
  ProjectionRunner runner(log_, *store_, {&counts_});
  runner.start();
  await_stop(runner);
  counts_.fails_at = -1;
  ASSERT_TRUE(runner.rebuild("counts"));
  EXPECT_EQ(read(runner), expected(counts_));
}

TEST_F(ProjectionRunnerTest, ANewVersionIsBuiltBesideTheOldAndSwapped) {
  append(40);
  {
    ProjectionRunner runner(log_, *store_, {&counts_});
    runner.start();
    read(runner);
  }
  append(5);
  Counts second("counts", 2);
  second.fails_at = 30;  // holds the new build up, so that the old one is seen to answer
  ProjectionRunner runner(log_, *store_, {&second}, {.batch_events = 7});
  runner.start();
  await_stop(runner);
  const auto old_model = runner.read("counts", Position{40}, soon());
  ASSERT_TRUE(old_model) << old_model.error().message;
  EXPECT_NE(rows(**old_model).at("session-0").find('+'), std::string::npos);
  EXPECT_EQ(runner.read("counts", Position{41}, soon()).error().code, Errc::unavailable);

  second.fails_at = -1;
  ASSERT_TRUE(runner.retry("counts"));
  EXPECT_EQ(read(runner), expected(second));
  EXPECT_EQ(store_->active("counts").value()->version, 2U);
  await(runner, "counts", [&](const auto&) { return store_->builds().value().size() == 1; });
}

TEST_F(ProjectionRunnerTest, AnUnfinishedBuildIsResumedByTheNextRunner) {
  append(40);
  counts_.fails_at = 25;
  {
    ProjectionRunner runner(log_, *store_, {&counts_}, {.batch_events = 5});
    runner.start();
    await_stop(runner);
  }
  counts_.fails_at = 3;  // would stop if it started over
  ProjectionRunner runner(log_, *store_, {&counts_});
  runner.start();
  EXPECT_EQ(read(runner).at("all"), "39");
}

TEST_F(ProjectionRunnerTest, AViewAheadOfTheLogIsBuiltAnew) {
  append(10);
  store_->commit({"counts", 1, 0}, {{"phantom", "row"}}, Position{500}).value();
  store_->activate({"counts", 1, 0}).value();
  ProjectionRunner runner(log_, *store_, {&counts_});
  runner.start();
  EXPECT_EQ(read(runner), expected(counts_));
}

TEST_F(ProjectionRunnerTest, StorageErrorsAreRetriedUntilTheyPass) {
  support::FailingStore failing(*store_);
  append(20);
  ProjectionRunner runner(log_, failing, {&counts_}, {.retry_pause_max = 20ms});
  for (auto* fails : {&failing.opens_fail, &failing.commits_fail, &failing.gets_fail}) {
    *fails = true;
    if (fails == &failing.opens_fail) runner.start();
    append(10);
    const auto state = await(runner, "counts", [](const auto& s) { return !s.error.empty(); });
    EXPECT_NE(state.error.find("the disk does not answer"), std::string::npos);
    EXPECT_NE(state.phase, Phase::stopped) << "a disk is not a bug";
    const int so_far = failing.failures;
    await(runner, "counts", [&](const auto&) { return failing.failures > so_far + 2; });
    const auto late = runner.read("counts", log_.end(), soon(10ms));
    ASSERT_FALSE(late);
    EXPECT_NE(late.error().message.find("the disk does not answer"), std::string::npos);
    *fails = false;
    EXPECT_EQ(read(runner), expected(counts_));
  }
}

TEST_F(ProjectionRunnerTest, AReadThatWaitsTooLongNamesBothPositions) {
  append(5);
  ProjectionRunner runner(log_, *store_, {&counts_});
  runner.start();
  read(runner);
  const auto late = runner.read("counts", Position{1234}, soon(20ms));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::timed_out);
  EXPECT_NE(late.error().message.find("1234"), std::string::npos);
  EXPECT_NE(late.error().message.find('5'), std::string::npos);
}

TEST_F(ProjectionRunnerTest, EventsGatherForTheNextFoldUnlessAReaderWaits) {
  ProjectionRunner runner(log_, *store_, {&counts_}, {.gather = 1h});
  runner.start();
  for (int i = 0; i < 3; ++i) {
    append(1);
    EXPECT_EQ(read(runner), expected(counts_));  // gives up long before an hour
    append(1);
    std::promise<void> told;
    const auto wait = runner.when("counts", log_.end(), [&](Status status) {
      EXPECT_TRUE(status);
      told.set_value();
    });
    EXPECT_EQ(told.get_future().wait_for(20s), std::future_status::ready);
  }
  append(1);
  EXPECT_EQ(runner.states().at(0).checkpoint, Position{6}) << "nobody asks for the seventh";
}

TEST_F(ProjectionRunnerTest, WhenCallsOnceTheViewHasAbsorbedEnough) {
  append(5);
  ProjectionRunner runner(log_, *store_, {&counts_});
  std::promise<Status> later;
  const auto wait = runner.when("counts", Position{8}, [&](Status s) { later.set_value(s); });
  runner.start();
  append(3);
  EXPECT_TRUE(later.get_future().get());
  bool called = false;
  const auto at_once =
      runner.when("counts", Position{8}, [&](const Status& s) { called = static_cast<bool>(s); });
  EXPECT_TRUE(called) << "already there: called before returning";
  std::promise<Status> unknown;
  const auto nobody = runner.when("nobody", {}, [&](Status s) { unknown.set_value(s); });
  EXPECT_EQ(unknown.get_future().get().error().code, Errc::not_found);
}

TEST_F(ProjectionRunnerTest, WhenTellsOfAStopAndOfTheEnd) {
  append(5);
  counts_.fails_at = 7;
  ProjectionRunner runner(log_, *store_, {&counts_});
  runner.start();
  read(runner);
  std::promise<Status> stopped;
  const auto wait = runner.when("counts", Position{9}, [&](Status s) { stopped.set_value(s); });
  append(5);
  EXPECT_EQ(stopped.get_future().get().error().code, Errc::unavailable);

  Counts other("other");
  ProjectionRunner second(log_, *store_, {&other});
  second.start();
  std::promise<Status> ended;
  const auto forever = second.when("other", Position{1000}, [&](Status s) { ended.set_value(s); });
  second.stop();
  EXPECT_EQ(ended.get_future().get().error().code, Errc::cancelled);
  second.stop();
}

TEST_F(ProjectionRunnerTest, ADestroyedWaitIsNeverCalled) {
  ProjectionRunner runner(log_, *store_, {&counts_});
  runner.start();
  auto called = std::make_shared<std::atomic<bool>>(false);
  auto wait = runner.when("counts", Position{3}, [called](const Status&) { *called = true; });
  wait.reset();
  append(5);
  read(runner);
  runner.stop();
  EXPECT_FALSE(*called);
}

TEST_F(ProjectionRunnerTest, ADamagedEventStopsAtItsPosition) {
  /// A log that cannot deliver one position, as after a flipped bit.
  class Damaged final : public EventLog {
   public:
    Damaged(EventLog& log, Position bad) : log_(log), bad_(bad) {}
    void append(AppendRequest r, AppendDone d) override { log_.append(std::move(r), std::move(d)); }
    [[nodiscard]] Position end() const override { return log_.end(); }
    Result<Position> read(Position from, const EventSink& sink) const override {
      bool met = false;
      auto next = log_.read(from, [&](const RecordedEvent& event) {
        met = event.position == bad_;
        return !met && sink(event);
      });
      if (met) return Error{Errc::corruption, "checksum mismatch at position 12"};
      return next;
    }
    Result<Version> read_stream(const ProjectId& p, const StreamId& s, Version from,
                                const EventSink& sink) const override {
      return log_.read_stream(p, s, from, sink);
    }
    [[nodiscard]] Result<std::optional<Version>> head(const ProjectId& p,
                                                      const StreamId& s) const override {
      return log_.head(p, s);
    }
    [[nodiscard]] Result<std::optional<Position>> find(const ProjectId& p,
                                                       const EventId& id) const override {
      return log_.find(p, id);
    }
    [[nodiscard]] TreeHead tree() const override { return log_.tree(); }
    [[nodiscard]] std::unique_ptr<Subscription> subscribe(
        std::function<void(Position)> advanced) override {
      return log_.subscribe(std::move(advanced));
    }

   private:
    EventLog& log_;
    Position bad_;
  };
  append(20);
  Damaged damaged(log_, Position{12});
  ProjectionRunner runner(damaged, *store_, {&counts_});
  runner.start();
  const auto state = await_stop(runner);
  EXPECT_EQ(state.failed_at, Position{12});
  EXPECT_EQ(state.building_checkpoint, Position{12});
  EXPECT_NE(state.error.find("checksum mismatch"), std::string::npos);
}

TEST_F(ProjectionRunnerTest, ManyReadersAndWritersSeeTheirWrites) {
  ProjectionRunner runner(log_, *store_, {&counts_});
  runner.start();
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 40; ++i) {
        const auto receipt =
            support::append(
                log_,
                support::request({support::event("session-t" + std::to_string(t),
                                                 std::to_string(t) + "/" + std::to_string(i))}))
                .value();
        auto model = runner.read("counts", receipt.end(), soon());
        ASSERT_TRUE(model) << model.error().message;
        ASSERT_GE((*model)->checkpoint(), receipt.end());
        const auto row = (*model)->get("session-t" + std::to_string(t)).value();
        ASSERT_TRUE(row);
        ASSERT_EQ(row->size(), static_cast<std::size_t>(i + 1) * 2);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(read(runner), expected(counts_));
}

}  // namespace
}  // namespace hansard::core
