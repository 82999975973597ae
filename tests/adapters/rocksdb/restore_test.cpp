#include "rocksdb_store/restore.h"

#include <fstream>

#include "store_fixture.h"

namespace hansard::rocks::testing {
namespace {

using core::Errc;
using core::OwnedEvent;
using core::Position;

/// A log with a few streams, a second project and an erased event, and its copy.
class Restoring : public ::testing::Test {
 protected:
  void SetUp() override {
    auto store = must_open(options_for(source_.data()));
    append_events(store->log(), 600);
    auto other = support::request({support::event("custom-x", "other project")});
    other.project = support::project("second");
    ASSERT_TRUE(support::append(store->log(), std::move(other)));
    store.reset();
    erase_stored(source_.data(), Position{7});
    store = must_open(options_for(source_.data()));
    events_ = support::read_all(store->log());
    target_ = {{store->log_id(), store->store_key()}, store->log().tree()};
  }

  /// Restores `count` events from `from` on; the directory stays unfinished.
  void restore(std::size_t count) {
    auto restore = Restore::begin(options_for(copy_.data()), target_);
    ASSERT_TRUE(restore) << restore.error().message;
    const auto from = static_cast<std::size_t>((*restore)->next().value);
    for (std::size_t i = from; i < count; ++i) {
      const auto added = (*restore)->add(events_[i].event());
      ASSERT_TRUE(added) << added.error().message;
    }
    if (count == events_.size()) {
      const auto finished = (*restore)->finish();
      ASSERT_TRUE(finished) << finished.error().message;
    }
  }
  [[nodiscard]] Errc refused_to_begin(const RestoreTarget& target) const {
    const auto restore = Restore::begin(options_for(copy_.data()), target);
    return restore ? Errc::internal : restore.error().code;
  }
  /// The error of adding `event` to a fresh restore that has the first event.
  core::Error refused(const core::RecordedEvent& event) {
    auto restore = Restore::begin(options_for(copy_.data()), target_);
    EXPECT_TRUE(restore);
    if ((*restore)->next().value == 0) {
      EXPECT_TRUE((*restore)->add(events_[0].event()));
    }
    const auto added = (*restore)->add(event);
    EXPECT_FALSE(added);
    return added ? core::Error{} : added.error();
  }

  TempDirectory source_;
  TempDirectory copy_;
  std::vector<OwnedEvent> events_;
  RestoreTarget target_;
};

TEST_F(Restoring, GivesTheSameBytesRootAndIdentity) {
  restore(events_.size());
  const auto copy = must_open(options_for(copy_.data()));
  EXPECT_EQ(copy->log().tree(), target_.tree);
  EXPECT_EQ(copy->log_id(), target_.identity.log_id);
  EXPECT_EQ(copy->store_key(), target_.identity.store_key);
  const auto restored = support::read_all(copy->log());
  ASSERT_EQ(restored.size(), events_.size());
  for (std::size_t i = 0; i < events_.size(); ++i) {
    EXPECT_EQ(restored[i].bytes(), events_[i].bytes()) << i;
  }
  EXPECT_TRUE(restored[7].event().erased);
  const auto report = copy->verify({});
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->sound()) << (report->first ? report->first->what : "");
}

TEST_F(Restoring, TheCopyKnowsItsEventsAndGoesOn) {
  restore(events_.size());
  const auto copy = must_open(options_for(copy_.data()));
  const auto again =
      support::append(copy->log(), support::request({support::event("session-3", "e3")}));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->records[0].duplicate);
  const auto next =
      support::append(copy->log(), support::request({support::event("session-3", "later")}));
  ASSERT_TRUE(next);
  EXPECT_EQ(next->records[0].position.value, events_.size());
  EXPECT_EQ(next->records[0].version.value, 120U);
}

TEST_F(Restoring, AnInterruptedOneGoesOnAndOpensForNothingElse) {
  restore(0);
  EXPECT_EQ(must_refuse(options_for(copy_.data())).code, Errc::rejected);
  restore(301);
  EXPECT_EQ(must_refuse(options_for(copy_.data())).code, Errc::rejected);
  auto reading = options_for(copy_.data());
  reading.read_only = true;
  EXPECT_EQ(must_refuse(reading).code, Errc::rejected);
  restore(events_.size());
  EXPECT_EQ(must_open(options_for(copy_.data()))->log().tree(), target_.tree);
}

TEST_F(Restoring, OneThatWasKilledGoesOnFromWhatIsThere) {
  auto first = Restore::begin(options_for(copy_.data()), target_);
  ASSERT_TRUE(first);
  for (int i = 0; i < 400; ++i)
    ASSERT_TRUE((*first)->add(events_[static_cast<std::size_t>(i)].event()));
  TempDirectory killed;
  copy_as_killed(copy_.data(), killed.data());
  auto again = Restore::begin(options_for(killed.data()), target_);
  ASSERT_TRUE(again) << again.error().message;
  for (auto i = (*again)->next().value; i < events_.size(); ++i) {
    ASSERT_TRUE((*again)->add(events_[static_cast<std::size_t>(i)].event()));
  }
  ASSERT_TRUE((*again)->finish());
  again->reset();
  EXPECT_EQ(must_open(options_for(killed.data()))->log().tree(), target_.tree);
}

TEST_F(Restoring, RefusesADirectoryThatHoldsALog) {
  { const auto store = must_open(options_for(copy_.data())); }
  EXPECT_EQ(refused_to_begin(target_), Errc::rejected);
  EXPECT_TRUE(must_open(options_for(copy_.data()))) << "and leaves it as it was";
}

TEST_F(Restoring, RefusesToGoOnWithSomethingElse) {
  restore(10);
  RestoreTarget other = target_;
  other.tree.root[0] ^= 1;
  EXPECT_EQ(refused_to_begin(other), Errc::rejected);
  other = target_;
  other.identity.store_key[0] ^= 1;
  EXPECT_EQ(refused_to_begin(other), Errc::rejected);
  restore(events_.size());
}

TEST_F(Restoring, RefusesAnotherRootAndServesNothing) {
  target_.tree.root[5] ^= 1;
  auto restore = Restore::begin(options_for(copy_.data()), target_);
  ASSERT_TRUE(restore);
  for (const OwnedEvent& event : events_) ASSERT_TRUE((*restore)->add(event.event()));
  const auto finished = (*restore)->finish();
  ASSERT_FALSE(finished);
  EXPECT_EQ(finished.error().code, Errc::corruption);
  restore->reset();
  EXPECT_EQ(must_refuse(options_for(copy_.data())).code, Errc::rejected);
}

TEST_F(Restoring, TakesOnlyWhatALogCouldHold) {
  const core::RecordedEvent good = events_[1].event();
  core::RecordedEvent event = good;
  event.position = Position{2};
  EXPECT_EQ(refused(event).code, Errc::invalid_argument);
  event = good;
  event.version.value += 1;
  EXPECT_NE(refused(event).message.find("version"), std::string::npos);
  event = good;
  event.id = events_[0].event().id;
  EXPECT_NE(refused(event).message.find("came before"), std::string::npos);
  event = good;
  event.recorded_at = events_[0].event().recorded_at - std::chrono::seconds(1);
  EXPECT_NE(refused(event).message.find("recorded"), std::string::npos);
  event = good;
  event.stream = "no stream";
  EXPECT_EQ(refused(event).code, Errc::invalid_argument);
  event = good;
  event.facts = "[]";
  EXPECT_EQ(refused(event).code, Errc::invalid_argument);
  event = good;
  event.erased = true;
  EXPECT_EQ(refused(event).code, Errc::invalid_argument);
}

TEST_F(Restoring, ReadsTheKeysBesideAnOpenStore) {
  const auto store = must_open(options_for(source_.data()));
  const auto identity = read_identity(source_.data());
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->store_key, store->store_key());
  EXPECT_EQ(identity->log_id, store->log_id());
  EXPECT_EQ(read_identity(copy_.data()).error().code, Errc::not_found);
}

}  // namespace
}  // namespace hansard::rocks::testing
