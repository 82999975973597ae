#include "events/audit/bundle.h"

#include <gtest/gtest.h>

#include <random>

#include "core/in_memory_event_log.h"
#include "core/tree.h"
#include "ossl/ed25519.h"
#include "support/events.h"

namespace hansard::events::audit {
namespace {

using core::Errc;
using support::hasher;

/// A log of two streams, and bundles about it.
class Bundles : public ::testing::Test {
 protected:
  Bundles() {
    for (int i = 0; i < 9; ++i) {
      append("session-a", "a" + std::to_string(i));
      if (i % 3 == 0) append("session-b", "b" + std::to_string(i));
    }
  }
  void append(const char* stream, const std::string& name) {
    log_.append(support::request({support::event(stream, name)}),
                [](const core::Result<core::Receipt>& receipt) { ASSERT_TRUE(receipt); });
  }
  Note signed_note(std::string text) const {
    return sign_note(hasher(), key_, kOrigin, std::move(text));
  }
  std::vector<std::string> bundle_of(const char* stream) {
    const core::TreeHead tree = log_.tree();
    BundleHead head{vkey_, signed_note(to_text(Checkpoint{kOrigin, tree, {}})), {}, {}, {}};
    std::vector<std::string> lines(1);
    std::uint64_t count = 0;
    const auto read = log_.read_stream(core::ProjectId(), support::stream(stream), core::Version{},
                                       [&](const core::RecordedEvent& event) {
                                         const auto path =
                                             core::inclusion_proof(hasher(), log_.hashes(),
                                                                   event.position.value, tree.size);
                                         lines.push_back(bundle_event_line(hasher(), event, *path));
                                         ++count;
                                         return true;
                                       });
    EXPECT_TRUE(read);
    head.stream_head = signed_note(
        to_text(StreamHead{kOrigin, tree, "default", stream, core::Version{count - 1}}));
    lines.front() = bundle_head_line(hasher(), head);
    lines.push_back(bundle_end_line(count));
    return lines;
  }
  core::Result<BundleVerdict> check(const std::vector<std::string>& lines,
                                    BundleCheck::Trust trust = {}) {
    BundleCheck checking(hasher(), verifier_, std::move(trust));
    for (const std::string& line : lines) {
      EXPECT_EQ(line.find('\n'), line.size() - 1) << "a line is a line";
      const auto good = checking.line(std::string_view(line).substr(0, line.size() - 1));
      if (!good) return good.error();
    }
    return checking.finish();
  }

  static constexpr const char* kOrigin = "hansard/x/1";
  const ossl::Ed25519Key key_ = ossl::Ed25519Key::draw();
  const VerifierKey vkey_{kOrigin, key_.public_key()};
  const ossl::Ed25519Verifier verifier_;
  const core::EventEquivalence equivalence_;
  core::InMemoryEventLog log_{hasher(), equivalence_};
};

TEST_F(Bundles, HoldAsTheyAreWrittenWithContentErasedOrNot) {
  auto verdict = check(bundle_of("session-a"));
  ASSERT_TRUE(verdict) << verdict.error().message;
  EXPECT_EQ(verdict->events, 9U);
  EXPECT_EQ(verdict->erased, 0U);
  EXPECT_EQ(verdict->stream->last.value, 8U);
  EXPECT_EQ(verdict->checkpoint.tree, log_.tree());
  EXPECT_FALSE(verdict->key_given);
  ASSERT_TRUE(log_.erase(core::Position{2}));
  verdict = check(bundle_of("session-a"), {vkey_, {}});
  ASSERT_TRUE(verdict) << verdict.error().message;
  EXPECT_EQ(verdict->erased, 1U);
  EXPECT_TRUE(verdict->key_given);
}

TEST_F(Bundles, DoNotHoldWhenAnyByteOfThemChanges) {
  const auto good = bundle_of("session-b");
  std::mt19937_64 random(73);
  for (int i = 0; i < 3000; ++i) {
    auto lines = good;
    std::string& line = lines[random() % lines.size()];
    const std::size_t at = random() % (line.size() - 1);
    const char before = line[at];
    const char put = static_cast<char>(32 + random() % 95);
    if (put == before) continue;
    line[at] = put;
    const auto verdict = check(lines);
    ASSERT_FALSE(verdict) << "byte " << at << " of " << line;
    ASSERT_EQ(verdict.error().code, Errc::corruption);
    ASSERT_EQ(verdict.error().message.find("line "), 0U) << verdict.error().message;
  }
}

TEST_F(Bundles, AreCheckedAgainstWhatOneHasFromElsewhere) {
  const auto lines = bundle_of("session-a");
  const VerifierKey stranger{kOrigin, ossl::Ed25519Key::draw().public_key()};
  EXPECT_FALSE(check(lines, {stranger, {}}));
  const core::TreeHead now = log_.tree();
  const auto kept = [&](std::uint64_t size) {
    return signed_note(
        to_text(Checkpoint{kOrigin, *core::head_at(hasher(), log_.hashes(), size), {}}));
  };
  EXPECT_EQ(check(lines, {{}, kept(now.size)})->outside, now);
  EXPECT_FALSE(check(lines, {{}, kept(5)})) << "the bundle does not say how it grew";
  core::TreeHead other = now;
  other.root[0] ^= 1;
  EXPECT_FALSE(check(lines, {{}, signed_note(to_text(Checkpoint{kOrigin, other, {}}))}));

  auto grown = lines;
  BundleHead head{vkey_, kept(now.size), {}, {}, {}};
  head.older = BundleHead::Older{5, *core::consistency_proof(hasher(), log_.hashes(), 5, now.size)};
  grown.front() = bundle_head_line(hasher(), head);
  const auto verdict = check(grown, {{}, kept(5)});
  ASSERT_TRUE(verdict) << verdict.error().message;
  EXPECT_EQ(verdict->outside->size, 5U);
  EXPECT_FALSE(check(grown, {{}, kept(6)}));
  head.older->path.pop_back();
  grown.front() = bundle_head_line(hasher(), head);
  EXPECT_FALSE(check(grown, {{}, kept(5)}));
}

/// Two keys before the bundle's.
class BundlesAfterChanges : public Bundles {
 protected:
  EarlierKey link(const ossl::Ed25519Key& from, const ossl::Ed25519Key& to, std::uint64_t size,
                  const std::string& origin = kOrigin) const {
    const core::TreeHead tree{size, core::head_at(hasher(), log_.hashes(), 1)->root};
    const VerifierKey next{kOrigin, to.public_key()};
    return {{kOrigin, from.public_key()},
            sign_note(hasher(), from, kOrigin, to_text(hasher(), KeyChange{origin, tree, next}))};
  }
  std::vector<std::string> bundle(std::vector<EarlierKey> earlier) {
    auto lines = bundle_of("session-a");
    const core::TreeHead now = log_.tree();
    const core::TreeHead then = *core::head_at(hasher(), log_.hashes(), 5);
    BundleHead head{vkey_, signed_note(to_text(Checkpoint{kOrigin, now, {}})), {}, {}, {}};
    head.older = BundleHead::Older{then.size,
                                   *core::consistency_proof(hasher(), log_.hashes(), 5, now.size)};
    head.earlier = std::move(earlier);
    lines.front() = bundle_head_line(hasher(), head);
    return lines;
  }
  Note kept_by(const ossl::Ed25519Key& key) const {
    const core::TreeHead then = *core::head_at(hasher(), log_.hashes(), 5);
    return sign_note(hasher(), key, kOrigin, to_text(Checkpoint{kOrigin, then, {}}));
  }
  static VerifierKey vkey(const ossl::Ed25519Key& key) { return {kOrigin, key.public_key()}; }

  const ossl::Ed25519Key first_ = ossl::Ed25519Key::draw();
  const ossl::Ed25519Key second_ = ossl::Ed25519Key::draw();
  const ossl::Ed25519Key stranger_ = ossl::Ed25519Key::draw();
};

TEST_F(BundlesAfterChanges, AreFollowedFromAnyKeyThatOneHas) {
  const auto lines = bundle({link(first_, second_, 3), link(second_, key_, 7)});
  const std::pair<const ossl::Ed25519Key*, std::size_t> keys[] = {
      {&first_, 2}, {&second_, 1}, {&key_, 0}};
  for (const auto& [key, changes] : keys) {
    const auto verdict = check(lines, {vkey(*key), {}});
    ASSERT_TRUE(verdict) << verdict.error().message;
    EXPECT_TRUE(verdict->key_given);
    EXPECT_EQ(verdict->key_changes, changes);
    EXPECT_EQ(verdict->key, vkey_);
  }
  EXPECT_EQ(check(lines)->key_changes, 2U);
  EXPECT_FALSE(check(lines, {vkey(stranger_), {}}));
  EXPECT_FALSE(check(lines, {VerifierKey{"hansard/x/2", first_.public_key()}, {}}));
}

TEST_F(BundlesAfterChanges, HoldAgainstACheckpointThatAnOldKeySigned) {
  const auto lines = bundle({link(first_, second_, 3), link(second_, key_, 7)});
  const auto verdict = check(lines, {vkey(first_), kept_by(first_)});
  ASSERT_TRUE(verdict) << verdict.error().message;
  EXPECT_EQ(verdict->outside->size, 5U);
  EXPECT_TRUE(check(lines, {vkey(first_), kept_by(key_)}));
  EXPECT_TRUE(check(lines, {{}, kept_by(second_)}));
  EXPECT_FALSE(check(lines, {vkey(second_), kept_by(first_)})) << "the key one has came later";
  EXPECT_FALSE(check(lines, {{}, kept_by(stranger_)}));
}

TEST_F(BundlesAfterChanges, AMissingChangeLeadsNowhere) {
  EXPECT_FALSE(check(bundle({}), {vkey(first_), {}}));
  EXPECT_FALSE(check(bundle({link(second_, key_, 7)}), {vkey(first_), {}}));
  EXPECT_TRUE(check(bundle({link(second_, key_, 7)}), {vkey(second_), {}}));
  for (const auto& earlier : {std::vector{link(first_, second_, 3)},
                              std::vector{link(second_, key_, 7), link(first_, second_, 3)}}) {
    const auto verdict = check(bundle(earlier));
    ASSERT_FALSE(verdict);
    EXPECT_NE(verdict.error().message.find("hands over to"), std::string::npos)
        << verdict.error().message;
  }
}

TEST_F(BundlesAfterChanges, AForgedChangeIsSeenWhateverKeyOneHas) {
  const EarlierKey good = link(second_, key_, 7);
  EarlierKey unsigned_by_it = link(stranger_, key_, 7);
  unsigned_by_it.key = good.key;
  EarlierKey altered = good;
  altered.change.text[altered.change.text.size() - 3] ^= 1;
  EarlierKey a_checkpoint = good;
  a_checkpoint.change =
      sign_note(hasher(), second_, kOrigin, to_text(Checkpoint{kOrigin, log_.tree(), {}}));
  EarlierKey renamed = link(second_, key_, 7);
  renamed.key.name = "hansard/y/1";
  const EarlierKey forged[] = {unsigned_by_it,
                               altered,
                               a_checkpoint,
                               renamed,
                               link(second_, stranger_, 7),
                               link(second_, key_, 7, "hansard/y/1"),
                               link(second_, key_, 2),
                               link(second_, key_, log_.tree().size + 1)};
  for (const EarlierKey& each : forged) {
    const auto lines = bundle({link(first_, second_, 3), each});
    for (const auto& key : {std::optional<VerifierKey>(), std::optional(vkey_),
                            std::optional(vkey(first_)), std::optional(vkey(second_))}) {
      EXPECT_FALSE(check(lines, {key, {}})) << to_text(each.change);
    }
  }
}

TEST_F(Bundles, NameLineAndPositionOfWhatIsWrong) {
  auto lines = bundle_of("session-a");
  lines[3] = bundle_of("session-b")[2];
  const auto verdict = check(lines);
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().message.rfind("line 4, position ", 0), 0U) << verdict.error().message;
  EXPECT_NE(verdict.error().message.find("session-a"), std::string::npos);
}

TEST_F(Bundles, ProveSomething) {
  const auto good = bundle_of("session-a");
  EXPECT_FALSE(check({}));
  EXPECT_FALSE(check({good.front()}));
  BundleHead head{vkey_, signed_note(to_text(Checkpoint{kOrigin, log_.tree(), {}})), {}, {}, {}};
  EXPECT_FALSE(check({bundle_head_line(hasher(), head), bundle_end_line(0)}));
  EXPECT_TRUE(check({bundle_head_line(hasher(), head), good[2], bundle_end_line(1)}));
  EXPECT_FALSE(check({bundle_head_line(hasher(), head), good[2], bundle_end_line(1), good[3]}));
}

TEST(KeyChange, IsAStatementOfTheKeyBefore) {
  const auto key = ossl::Ed25519Key::draw();
  const KeyChange change{
      "hansard/x/1", {7, hasher().sha256({"root"})}, {"hansard/x/1", key.public_key()}};
  const std::string text = to_text(hasher(), change);
  EXPECT_EQ(*parse_key_change(hasher(), text), change);
  EXPECT_FALSE(parse_key_change(hasher(), text + "x\n"));
  EXPECT_FALSE(parse_stream_head(text));
  EXPECT_FALSE(parse_checkpoint(text));
}

}  // namespace
}  // namespace hansard::events::audit
