#include "core/command_loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <set>
#include <thread>

#include "core/in_memory_event_log.h"
#include "support/events.h"
#include "support/log.h"
#include "support/work_pool.h"

namespace hansard::core {
namespace {

using support::hasher;

/// A tally of notes: `Note` adds one unless the tally is closed; a repeated note is the same event.
struct Note {
  std::string name;
  bool closing = false;
  bool opening = false;  ///< again; where it is open already, this repeats the latest opening
};
struct Tally {
  struct State {
    std::set<std::string> names;
    std::vector<Timestamp> recorded;
    bool closed = false;
    int openings = 0;
  };
  using Command = Note;

  [[nodiscard]] State initial() const { return {}; }
  [[nodiscard]] Result<State> evolve(State state, const RecordedEvent& event) const {
    ++evolved;
    if (event.type == "Unreadable") return Error{Errc::corruption, "cannot evolve"};
    if (event.type == "TallyClosed") state.closed = true;
    if (event.type == "TallyOpened") {
      state.closed = false;
      ++state.openings;
    }
    state.names.insert(std::string(event.facts));
    state.recorded.push_back(event.recorded_at);
    return state;
  }
  [[nodiscard]] Result<std::vector<NewEvent>> decide(const State& state, const ProjectId&,
                                                     const StreamId& stream,
                                                     const Note& note) const {
    if (before_answer) before_answer();
    if (note.name.empty()) return std::vector<NewEvent>{};
    if (note.opening) {
      const int number = state.closed ? state.openings + 1 : state.openings;
      auto opened = support::event(stream.text(), "opening" + std::to_string(number));
      opened.type = "TallyOpened";
      return std::vector<NewEvent>{opened};
    }
    auto event = support::event(stream.text(), stream.text() + note.name);
    if (note.closing) event.type = "TallyClosed";
    if (state.closed && !state.names.contains(event.facts)) {
      return Error{Errc::rejected, "the tally is closed"};
    }
    return std::vector<NewEvent>{event};
  }
  [[nodiscard]] std::size_t bytes(const State& state) const {
    return 100 + state.names.size() * 50;
  }

  mutable std::atomic<int> evolved{0};
  std::function<void()> before_answer;  ///< called within every decision
};

class CommandLoopTest : public ::testing::Test {
 protected:
  using Loop = CommandLoop<Tally>;

  Post post() {
    return [this](std::function<void()> work) { pool_.post(std::move(work)); };
  }
  static CommandContext context(const std::string& stream) {
    CommandContext context;
    context.stream = support::stream(stream);
    context.recorded_at = support::at_us(5'000'000);
    return context;
  }
  static Result<Receipt> run(Loop& loop, CommandContext context, Note note) {
    std::promise<Result<Receipt>> promise;
    loop.execute(std::move(context), std::move(note),
                 [&](Result<Receipt> receipt) { promise.set_value(std::move(receipt)); });
    return promise.get_future().get();
  }

  const EventEquivalence same_{};
  InMemoryEventLog log_{hasher(), same_};
  Tally tally_;
  support::WorkPool pool_{4};
};

TEST_F(CommandLoopTest, DecidesOnTheFoldedStreamAndAppends) {
  Loop loop(log_, tally_, hasher(), post());
  EXPECT_EQ(run(loop, context("tally-a"), {"one"}).value().records.at(0).version, Version{0});
  EXPECT_EQ(run(loop, context("tally-a"), {"two", true}).value().records.at(0).version, Version{1});
  const auto refused = run(loop, context("tally-a"), {"three"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::rejected);
  EXPECT_EQ(log_.end(), Position{2});
}

TEST_F(CommandLoopTest, ARetryAnswersTheOriginalReceiptEvenAfterTheEnd) {
  Loop loop(log_, tally_, hasher(), post());
  const auto first = run(loop, context("tally-a"), {"one"}).value();
  run(loop, context("tally-a"), {"two", true}).value();
  auto with_old_version = context("tally-a");
  with_old_version.expected_version = Version{7};
  const auto again = run(loop, with_old_version, {"one"}).value();
  EXPECT_TRUE(again.duplicate());
  EXPECT_EQ(again.records[0].position, first.records[0].position);
}

TEST_F(CommandLoopTest, ADecisionOfNothingAnswersAnEmptyReceipt) {
  Loop loop(log_, tally_, hasher(), post());
  EXPECT_TRUE(run(loop, context("tally-a"), {""}).value().records.empty());
  EXPECT_EQ(log_.end(), Position{0});
}

TEST_F(CommandLoopTest, AClientsExpectedVersionIsAnsweredAtOnceWhenItDoesNotHold) {
  std::atomic<int> decisions{0};
  tally_.before_answer = [&] { ++decisions; };
  Loop loop(log_, tally_, hasher(), post());
  run(loop, context("tally-a"), {"one"}).value();
  decisions = 0;
  auto stale = context("tally-a");
  stale.expected_version = Version{3};
  const auto conflict = run(loop, stale, {"two"});
  ASSERT_FALSE(conflict);
  EXPECT_EQ(conflict.error().code, Errc::version_conflict);
  ASSERT_EQ(conflict.error().violations.size(), 1U);
  EXPECT_EQ(conflict.error().violations[0].expected, "3");
  EXPECT_EQ(conflict.error().violations[0].actual, "0");
  EXPECT_LE(decisions, 2) << "on the state at hand, and on the head";
  stale.expected_version = Version{0};
  EXPECT_TRUE(run(loop, stale, {"two"}));
}

TEST_F(CommandLoopTest, AStaleExpectedVersionIsToldBeforeARefusal) {
  Loop loop(log_, tally_, hasher(), post());
  run(loop, context("tally-a"), {"one", true}).value();
  auto stale = context("tally-a");
  stale.expected_version = Version{9};
  EXPECT_EQ(run(loop, stale, {"two"}).error().code, Errc::version_conflict);
}

TEST_F(CommandLoopTest, AForeignWriterMakesItDecideAgainOnTheNewState) {
  std::atomic<int> decisions{0};
  tally_.before_answer = [&] {
    if (decisions++ < 3) {  // somebody else is always a little faster, three times
      support::append(log_, support::request(
                                {support::event("tally-a", "foreign" + std::to_string(decisions))}))
          .value();
    }
  };
  Loop loop(log_, tally_, hasher(), post());
  const auto receipt = run(loop, context("tally-a"), {"mine"}).value();
  EXPECT_EQ(receipt.records[0].version, Version{3});
  EXPECT_EQ(decisions, 4);
}

TEST_F(CommandLoopTest, AnIdleStreamWhoseStateIsAtHandIsDecidedOnByItsCaller) {
  std::thread::id decided_by;
  tally_.before_answer = [&] { decided_by = std::this_thread::get_id(); };
  Loop loop(log_, tally_, hasher(), post());
  run(loop, context("tally-a"), {"0"}).value();
  EXPECT_NE(decided_by, std::this_thread::get_id()) << "loading may block";
  // The answer comes a moment before the stream is idle again, so the first may still be queued.
  for (int i = 1; i < 1000 && decided_by != std::this_thread::get_id(); ++i) {
    run(loop, context("tally-a"), {std::to_string(i)}).value();
  }
  EXPECT_EQ(decided_by, std::this_thread::get_id());
}

TEST_F(CommandLoopTest, ARefusalIsNeverOwedToAnOldState) {
  Loop loop(log_, tally_, hasher(), post());
  run(loop, context("tally-a"), {"one", true}).value();
  support::append(log_, support::request({support::event("tally-a", "tally-atwo")})).value();
  EXPECT_TRUE(run(loop, context("tally-a"), {"two"}).value().duplicate())
      << "the state at hand does not know it, and is closed";
}

TEST_F(CommandLoopTest, AKnownEventIsNeverOwedToAnOldState) {
  Loop loop(log_, tally_, hasher(), post());
  run(loop, context("tally-a"), {"one", true}).value();
  run(loop, context("tally-a"), {"first", false, true}).value();
  auto closed = support::event("tally-a", "closed elsewhere");
  closed.type = "TallyClosed";
  ASSERT_TRUE(support::append(log_, support::request({closed})));
  const auto opened = run(loop, context("tally-a"), {"second", false, true}).value();
  EXPECT_FALSE(opened.duplicate());
  EXPECT_EQ(opened.records[0].version, Version{3});
  EXPECT_TRUE(run(loop, context("tally-a"), {"again", false, true}).value().duplicate());
}

TEST_F(CommandLoopTest, ConflictsThatNeverEndAreToldAfterTheLastAttempt) {
  std::atomic<int> decisions{0};
  tally_.before_answer = [&] {
    support::append(log_, support::request(
                              {support::event("tally-a", "foreign" + std::to_string(++decisions))}))
        .value();
  };
  Loop loop(log_, tally_, hasher(), post(), {.attempts_max = 5});
  EXPECT_EQ(run(loop, context("tally-a"), {"mine"}).error().code, Errc::version_conflict);
  EXPECT_EQ(decisions, 5);
}

TEST_F(CommandLoopTest, WhatItAppendedIsFoldedExactlyAsStored) {
  support::append(log_,
                  [] {  // the log's clock is ahead of the commands'
                    auto late = support::request({support::event("tally-z", "late")});
                    late.recorded_at = support::at_us(9'000'000);
                    return late;
                  }())
      .value();
  Loop loop(log_, tally_, hasher(), post());
  for (const char* name : {"one", "two", "three"}) run(loop, context("tally-a"), {name}).value();
  run(loop, context("tally-a"), {""}).value();  // behind the last append in its lane
  EXPECT_EQ(tally_.evolved, 3) << "each append was folded once, and nothing was read back";
  const auto cached = loop.load({}, support::stream("tally-a")).value();
  EXPECT_EQ(tally_.evolved, 3);

  Loop fresh(log_, tally_, hasher(), post());
  const auto folded = fresh.load({}, support::stream("tally-a")).value();
  EXPECT_EQ(cached.names, folded.names);
  EXPECT_EQ(cached.recorded, folded.recorded);
  EXPECT_EQ(cached.recorded.size(), 3U);
}

TEST_F(CommandLoopTest, CommandsOnOneStreamRunOneAfterAnother) {
  std::atomic<int> deciding{0};
  tally_.before_answer = [&] { ++deciding; };
  Loop loop(log_, tally_, hasher(), post(), {.attempts_max = 1});  // so that any conflict shows
  std::vector<std::promise<Result<Receipt>>> promises(400);
  for (std::size_t i = 0; i < promises.size(); ++i) {
    loop.execute(context("tally-s" + std::to_string(i % 4)), {"note" + std::to_string(i)},
                 [&promises, i](Result<Receipt> r) { promises[i].set_value(std::move(r)); });
  }
  for (auto& promise : promises) {
    const auto receipt = promise.get_future().get();
    EXPECT_TRUE(receipt) << receipt.error().message;
  }
  EXPECT_EQ(deciding, 400);
  EXPECT_EQ(log_.end(), Position{400});
}

TEST_F(CommandLoopTest, AStreamThatIsHeldUpHoldsUpNoOther) {
  std::promise<void> gate;
  std::atomic<bool> held{false};
  tally_.before_answer = [&, opened = gate.get_future().share()] {
    if (!held.exchange(true)) opened.wait();  // the first decision only
  };
  Loop loop(log_, tally_, hasher(), post());
  std::promise<Result<Receipt>> slow;
  loop.execute(context("tally-slow"), {"one"},
               [&](Result<Receipt> receipt) { slow.set_value(std::move(receipt)); });
  while (!held) std::this_thread::yield();
  for (int i = 0; i < 10; ++i) run(loop, context("tally-fast"), {std::to_string(i)}).value();
  EXPECT_EQ(log_.end(), Position{10});
  gate.set_value();
  EXPECT_EQ(slow.get_future().get().value().records.at(0).position, Position{10});
}

TEST_F(CommandLoopTest, MoreCommandsThanTheBoundAreRefusedAsOverloaded) {
  std::promise<void> gate;
  const auto opened = gate.get_future().share();
  tally_.before_answer = [opened] { opened.wait(); };
  {
    Loop loop(log_, tally_, hasher(), post(), {.waiting_max = 3});
    std::atomic<int> done{0};
    std::atomic<int> overloaded{0};
    for (int i = 0; i < 5; ++i) {
      loop.execute(context("tally-a"), {"note" + std::to_string(i)}, [&](Result<Receipt> receipt) {
        ++done;
        if (!receipt && receipt.error().code == Errc::overloaded) ++overloaded;
      });
    }
    EXPECT_EQ(done, 2);
    EXPECT_EQ(overloaded, 2);
    gate.set_value();
  }  // destroying the loop waits for the others
  EXPECT_EQ(log_.end(), Position{3});
}

TEST_F(CommandLoopTest, TheStateCacheKeepsWithinItsBound) {
  Loop loop(log_, tally_, hasher(), post(), {.state_cache_bytes = 4000});
  for (int i = 0; i < 100; ++i) run(loop, context("tally-" + std::to_string(i)), {"note"}).value();
  EXPECT_GT(loop.cached_bytes(), 1000U);
  EXPECT_LE(loop.cached_bytes(), 4000U);
}

TEST_F(CommandLoopTest, WhatIsForgottenIsFoldedAnewAlsoWhenACommandWasBeingDecided) {
  Loop loop(log_, tally_, hasher(), post());
  run(loop, context("tally-a"), {"one"}).value();
  run(loop, context("tally-a"), {"two"}).value();
  loop.forget({}, support::stream("tally-a"));
  EXPECT_EQ(loop.cached_bytes(), 0U);
  tally_.before_answer = [&] { loop.forget({}, support::stream("tally-a")); };
  run(loop, context("tally-a"), {"three"}).value();
  tally_.before_answer = nullptr;
  tally_.evolved = 0;
  EXPECT_EQ(loop.load({}, support::stream("tally-a")).value().names.size(), 3U);
  EXPECT_EQ(tally_.evolved, 3) << "nothing was left of the state that was decided on";
}

TEST_F(CommandLoopTest, AnEventThatCannotBeFoldedFailsThatStreamAlone) {
  auto bad = support::event("tally-bad", "bad");
  bad.type = "Unreadable";
  support::append(log_, support::request({bad})).value();
  Loop loop(log_, tally_, hasher(), post());
  EXPECT_EQ(run(loop, context("tally-bad"), {"one"}).error().code, Errc::corruption);
  EXPECT_EQ(loop.load({}, support::stream("tally-bad")).error().code, Errc::corruption);
  EXPECT_TRUE(run(loop, context("tally-good"), {"one"}));
}

}  // namespace
}  // namespace hansard::core
