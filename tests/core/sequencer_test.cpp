#include "core/sequencer.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "support/events.h"

namespace hansard::core {
namespace {

using support::event;
using support::request;

/// What is stored, given by hand; may fail.
class Stored final : public SequencerIndex {
 public:
  [[nodiscard]] Result<std::optional<Version>> head(const StreamKey& stream) const override {
    if (heads_fail) return Error{Errc::unavailable, "heads cannot be read"};
    const auto found = heads.find(stream);
    if (found == heads.end()) return std::optional<Version>{};
    return std::optional<Version>{found->second};
  }
  [[nodiscard]] Result<std::optional<OwnedEvent>> find(const ProjectId& project,
                                                       const EventId& id) const override {
    if (ids_fail) return Error{Errc::corruption, "ids cannot be read"};
    const auto found = events.find({project.text(), to_string(id)});
    if (found == events.end()) return std::optional<OwnedEvent>{};
    return std::optional<OwnedEvent>{OwnedEvent::decode(found->second).value()};
  }
  /// Stores what was sequenced, as a log does.
  void store(const AppendRequest& append, const Sequenced& sequenced) {
    for (const SequencedRecord& record : sequenced.writes) {
      std::string bytes;
      encode_event(*record.event, append.project, append.actor, record.placement, bytes);
      events[{append.project.text(), to_string(record.event->id)}] = bytes;
      heads[{append.project.text(), record.event->stream.text()}] = record.placement.version;
    }
  }

  std::map<StreamKey, Version> heads;
  std::map<std::pair<std::string, std::string>, std::string> events;
  bool heads_fail = false;
  bool ids_fail = false;
};

class SequencerTest : public ::testing::Test {
 protected:
  Result<Sequenced> run(const AppendRequest& append) {
    EXPECT_TRUE(validate(append));
    auto sequenced = sequence(state_, stored_, same_, append);
    if (sequenced) stored_.store(append, *sequenced);
    return sequenced;
  }
  /// Runs, expects that error, and that the state did not move.
  void refuse(const AppendRequest& append, Errc code) {
    const SequencerState before = state_;
    const auto sequenced = run(append);
    ASSERT_FALSE(sequenced);
    EXPECT_EQ(sequenced.error().code, code) << sequenced.error().message;
    EXPECT_EQ(state_.next, before.next);
    EXPECT_EQ(state_.recorded_at, before.recorded_at);
  }

  const EventEquivalence same_{};
  Stored stored_;
  SequencerState state_{Position{70}, support::at_us(500)};
};

TEST_F(SequencerTest, NumbersFollowTheStateAndTheHeads) {
  stored_.heads[{"default", "session-a"}] = Version{6};
  const auto append =
      request({event("session-a", "1"), event("session-b", "2"), event("session-a", "3")});
  const auto sequenced = run(append).value();
  ASSERT_EQ(sequenced.writes.size(), 3U);
  const std::uint64_t versions[] = {7, 0, 8};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(sequenced.writes[i].event, &append.records[i]) << "points into the request";
    EXPECT_EQ(sequenced.writes[i].placement.position, Position{70 + i});
    EXPECT_EQ(sequenced.writes[i].placement.version, Version{versions[i]});
    EXPECT_EQ(sequenced.receipt.records[i].version, Version{versions[i]});
    EXPECT_FALSE(sequenced.receipt.records[i].duplicate);
  }
  EXPECT_EQ(state_.next, Position{73});
  EXPECT_EQ(sequenced.receipt.end(), Position{73});
}

TEST_F(SequencerTest, RecordedAtIsTheLargerOfTheLastAndTheRequests) {
  auto append = request({event("session-a", "1")});
  append.recorded_at = support::at_us(400);
  EXPECT_EQ(run(append).value().writes[0].placement.recorded_at, support::at_us(500));
  append = request({event("session-a", "2")});
  append.recorded_at = support::at_us(600);
  EXPECT_EQ(run(append).value().writes[0].placement.recorded_at, support::at_us(600));
  EXPECT_EQ(state_.recorded_at, support::at_us(600));
}

TEST_F(SequencerTest, EveryRefusalLeavesTheStateAlone) {
  run(request({event("session-a", "1")})).value();
  const Check absent{support::stream("session-a"), Expected::none()};
  refuse(request({event("session-a", "2")}, {absent}), Errc::version_conflict);
  refuse(request({event("session-a", "2"), event("session-a", "1", "other")}), Errc::id_reused);
  refuse(request({event("session-a", "2"), event("session-a", "1")}), Errc::partial_duplicate);
  stored_.heads_fail = true;
  refuse(request({event("session-a", "2")}), Errc::unavailable);
  refuse(request({event("session-b", "2")}, {absent}), Errc::unavailable);
  stored_.ids_fail = true;
  refuse(request({event("session-a", "2")}), Errc::corruption);
}

TEST_F(SequencerTest, AFullDuplicateMovesNothingEvenTime) {
  const auto append = request({event("session-a", "1")});
  run(append).value();
  const SequencerState before = state_;
  stored_.heads_fail = true;  // heads are not even looked at
  auto again = append;
  again.recorded_at = support::at_us(99'000'000);
  again.checks = {{support::stream("session-a"), Expected::none()}};
  const auto sequenced = run(again).value();
  EXPECT_TRUE(sequenced.writes.empty());
  EXPECT_TRUE(sequenced.receipt.duplicate());
  EXPECT_EQ(state_.next, before.next);
  EXPECT_EQ(state_.recorded_at, before.recorded_at);
}

TEST_F(SequencerTest, IsAPureFunctionOfItsInputs) {
  for (int i = 0; i < 20; ++i) run(request({event("session-a", std::to_string(i))})).value();
  auto append = request({event("session-a", "new"), event("session-a", "3"), event("system", "s")});
  append.known = Known::skip;
  SequencerState one = state_;
  SequencerState two = state_;
  const auto first = sequence(one, stored_, same_, append).value();
  const auto second = sequence(two, stored_, same_, append).value();
  ASSERT_EQ(first.writes.size(), second.writes.size());
  for (std::size_t i = 0; i < first.writes.size(); ++i) {
    EXPECT_EQ(first.writes[i].placement.position, second.writes[i].placement.position);
    EXPECT_EQ(first.writes[i].placement.version, second.writes[i].placement.version);
  }
  EXPECT_EQ(one.next, two.next);
  EXPECT_EQ(one.recorded_at, two.recorded_at);
}

TEST_F(SequencerTest, TheSameCheckMayBeGivenTwice) {
  const Check exists{support::stream("session-a"), Expected::exists()};
  const auto sequenced =
      sequence(state_, stored_, same_, request({event("session-b", "1")}, {exists, exists}));
  EXPECT_EQ(sequenced.error().violations.size(), 2U);
}

TEST(Validate, AcceptsTheLargestNamesThereAre) {
  auto record = event("session-a", "1");
  record.stream = StreamId::make(std::string(20, 'c'), std::string(100, 'n')).value();
  record.type = std::string(64, 'T');
  record.schema = std::numeric_limits<std::uint16_t>::max();
  auto append = request({record});
  append.project = support::project(std::string(63, 'p'));
  EXPECT_TRUE(validate(append));
  std::string bytes;
  encode_event(record, append.project, {}, {}, bytes);
  const auto decoded = decode_event(bytes).value();
  EXPECT_EQ(decoded.type, record.type);
  EXPECT_EQ(decoded.stream, record.stream.text());
  EXPECT_EQ(decoded.project, append.project.text());
}

TEST(Receipt, EndsAfterItsLastPosition) {
  EXPECT_EQ(Receipt{}.end(), Position{0});
  const Receipt receipt{
      {{Position{5}, {}, true}, {Position{9}, {}, false}, {Position{2}, {}, true}}};
  EXPECT_EQ(receipt.end(), Position{10});
  EXPECT_FALSE(receipt.duplicate());
}

}  // namespace
}  // namespace hansard::core
