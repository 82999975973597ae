// Verifying in parts, on threads, from a trusted head and against heads kept elsewhere: the report
// is a function of the stored bytes and of nothing else.

#include <random>

#include "log_state.h"
#include "store_fixture.h"

namespace hansard::rocks::testing {
namespace {

using core::Position;

std::string describe(const VerifyReport& report) {
  std::string text;
  const auto number = [&](const char* name, std::uint64_t value) {
    text += std::string(name) + " " + std::to_string(value) + "\n";
  };
  number("from", report.from.value);
  number("end", report.end.value);
  number("events", report.events);
  number("bytes", report.event_bytes);
  number("lost", report.lost_events);
  number("event faults", report.event_faults);
  number("index faults", report.index_faults);
  number("tree faults", report.tree_faults);
  number("root faults", report.root_faults);
  number("other faults", report.other_faults);
  number("streams", report.streams);
  number("runs", report.runs);
  number("tiles", report.tiles);
  number("heads", report.heads);
  number("heads unchecked", report.heads_unchecked);
  number("wrong heads", report.wrong_heads);
  if (report.first_wrong) {
    number("first wrong head", report.first_wrong->given.size);
    if (report.first_wrong->found) text += core::to_hex(core::as_bytes(*report.first_wrong->found));
  }
  if (report.tree) text += "root " + core::to_hex(core::as_bytes(report.tree->root)) + "\n";
  if (report.first) text += "first " + std::to_string(report.first->position.value) + "\n";
  for (const Fault& fault : report.faults) {
    text += std::to_string(fault.position.value) + ": " + fault.what + "\n";
  }
  for (const LostRange& range : report.lost) {
    text += std::to_string(range.from.value) + " to " + std::to_string(range.end.value) + ": " +
            range.why + "\n";
  }
  return text;
}

class Verify : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kEvents = 2500;  // ten parts, the last tile unfinished

  void SetUp() override {
    const auto store = must_open(options_);
    for (std::uint64_t at = 0; at < kEvents; at += 50) {
      std::vector<core::NewEvent> events;
      for (std::uint64_t i = at; i < at + 50; ++i) {
        events.push_back(support::event("session-" + std::to_string(i / 7 % 9),
                                        "e" + std::to_string(i), "text"));
      }
      ASSERT_TRUE(support::append(store->log(), support::request(std::move(events))));
      heads_.push_back(store->log().tree());
    }
  }
  VerifyReport verify(const VerifyOptions& options = {}) {
    const auto store = must_open(options_);
    auto report = store->verify(options);
    EXPECT_TRUE(report) << report.error().message;
    return *std::move(report);
  }
  void copy_to(const std::filesystem::path& to) { copy_as_killed(directory_.data(), to); }

  TempDirectory directory_;
  OpenOptions options_ = options_for(directory_.data());
  std::vector<core::TreeHead> heads_;
};

/// One wrong thing; @return the position at which it must be named first, if it is one place.
std::uint64_t plant(const Database& files, std::mt19937_64& random, std::uint64_t events) {
  const Position position{random() % events};
  const auto stored = files.get(Family::events, key_of(position), "reading").value();
  if (!stored) return position.value;  // dropped by the fault before
  const auto opened = open_value(*stored);
  if (!opened) return position.value;
  const auto event = core::OwnedEvent::decode(std::string(*opened)).value();
  std::string id;
  put_id_key(id, event.event().project, event.event().id);
  const auto drop = [&](Family family, const std::string& key) {
    EXPECT_TRUE(files.db().Delete(rocksdb::WriteOptions(), files[family], key).ok());
  };
  switch (random() % 7) {
    case 0:
      drop(Family::events, key_of(position));
      break;
    case 1: {
      std::string damaged = *stored;
      damaged[random() % damaged.size()] ^= 1;
      put(files, Family::events, key_of(position), damaged);
      break;
    }
    case 2:
      drop(Family::ids, id);
      break;
    case 3: {
      std::string elsewhere;
      put_be64(elsewhere, random() % (2 * events));
      put(files, Family::ids, id, elsewhere);
      break;
    }
    case 4: {
      std::string earlier(*opened);
      earlier[18] = 0;  // the highest byte of recorded_at that is not zero
      seal_value(earlier);
      put(files, Family::events, key_of(position), earlier);
      break;
    }
    case 5: {
      const std::string key = tile_key(0, position.value / 256 % (events / 256));
      auto tile = files.get(Family::merkle, key, "reading").value();
      if (!tile) break;
      (*tile)[random() % tile->size()] ^= 1;
      put(files, Family::merkle, key, *tile);
      break;
    }
    default:
      drop(Family::merkle, tile_key(0, position.value / 256 % (events / 256)));
  }
  return position.value;
}

TEST_F(Verify, TheReportDoesNotDependOnTheNumberOfThreads) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 12; ++round) {
    TempDirectory copy;
    copy_to(copy.data());
    {
      const auto files = open_files(copy.data());
      for (int i = 0; i < round; ++i) plant(*files, random, kEvents);
    }
    OpenOptions options = options_for(copy.data());
    options.read_only = true;
    auto store = RocksStore::open(options);
    if (!store) continue;  // the end of the log is damaged, which opening sees by itself
    VerifyOptions how;
    how.heads = heads_;
    how.from = Position{round % 3 == 2 ? random() % kEvents : 0};
    const std::string alone = describe((*store)->verify(how).value());
    for (const unsigned threads : {2U, 3U, 8U}) {
      how.threads = threads;
      EXPECT_EQ(describe((*store)->verify(how).value()), alone) << threads << " threads";
    }
  }
}

TEST_F(Verify, RecordedAtIsComparedAcrossTheBordersOfParts) {
  {
    const auto files = open_files(directory_.data());
    const auto stored = files->get(Family::events, key_of(Position{1024}), "reading").value();
    std::string earlier(open_value(*stored).value());
    earlier[18] = 0;
    seal_value(earlier);
    put(*files, Family::events, key_of(Position{1024}), earlier);
  }
  const auto report = verify();
  EXPECT_EQ(report.event_faults, 1U);
  EXPECT_EQ(report.first->position.value, 1024U) << report.first->what;
}

TEST_F(Verify, HeadsKeptElsewhereHoldAtEverySize) {
  VerifyOptions options;
  options.threads = 2;
  options.heads = heads_;
  std::reverse(options.heads.begin(), options.heads.end());
  {
    const auto files = open_files(directory_.data());
    for (std::uint64_t size = 0; size < kEvents; size += 61) {
      options.heads.push_back(edge_at(*files, support::hasher(), size).value().head());
    }
  }
  const auto report = verify(options);
  EXPECT_TRUE(report.sound());
  EXPECT_EQ(report.heads, options.heads.size());
  for (const std::uint64_t from : {1U, 256U, 1000U, 2499U, 2500U}) {
    options.from = Position{from};
    const auto part = verify(options);
    EXPECT_TRUE(part.sound()) << from;
    EXPECT_EQ(part.heads, options.heads.size()) << from;
  }
}

TEST_F(Verify, TheSmallestHeadThatDoesNotHoldIsNamedWithBothRoots) {
  VerifyOptions options;
  options.heads = heads_;
  options.heads[40].root[0] ^= 1;
  options.heads[7].root[31] ^= 1;
  options.heads.push_back({kEvents + 1, {}});
  const auto report = verify(options);
  EXPECT_FALSE(report.sound());
  EXPECT_EQ(report.wrong_heads, 3U);
  ASSERT_TRUE(report.first_wrong);
  EXPECT_EQ(report.first_wrong->given, options.heads[7]);
  EXPECT_EQ(report.first_wrong->found, heads_[7].root);
}

TEST_F(Verify, AShorterLogIsToldByAHeadBehindItsEnd) {
  VerifyOptions options;
  options.heads = {{kEvents + 5, {}}};
  const auto report = verify(options);
  EXPECT_FALSE(report.sound());
  ASSERT_TRUE(report.first_wrong);
  EXPECT_FALSE(report.first_wrong->found);
}

TEST_F(Verify, OnlyWhatFollowsATrustedHeadIsRead) {
  {
    const auto files = open_files(directory_.data());
    std::string damaged = *files->get(Family::events, key_of(Position{100}), "reading").value();
    damaged[damaged.size() / 2] ^= 1;
    put(*files, Family::events, key_of(Position{100}), damaged);
  }
  EXPECT_EQ(verify().first->position.value, 100U);
  VerifyOptions options;
  options.trusted = heads_[30];
  const auto report = verify(options);
  EXPECT_TRUE(report.sound()) << report.first->what;
  EXPECT_EQ(report.from.value, heads_[30].size);
  EXPECT_EQ(report.events, kEvents - heads_[30].size);
  EXPECT_EQ(report.tree, heads_.back());
}

TEST_F(Verify, AHeadThatIsNotOfThisLogIsNotTrusted) {
  for (core::TreeHead head : {heads_[30], core::TreeHead{kEvents + 1, {}}}) {
    head.root[5] ^= 1;
    VerifyOptions options;
    options.trusted = head;
    const auto report = verify(options);
    EXPECT_EQ(report.root_faults, 1U);
    EXPECT_FALSE(report.sound());
  }
}

TEST_F(Verify, AnAlteredTileBeforeATrustedHeadBreaksItsRoot) {
  {
    const auto files = open_files(directory_.data());
    auto tile = *files->get(Family::merkle, tile_key(0, 2), "reading").value();
    tile[40] ^= 1;
    put(*files, Family::merkle, tile_key(0, 2), tile);
  }
  VerifyOptions options;
  options.trusted = heads_[30];
  EXPECT_EQ(verify(options).root_faults, 1U);
}

TEST_F(Verify, EntriesThatNameWhatIsNotThereAreFound) {
  {
    const auto files = open_files(directory_.data());
    std::string far;
    put_be64(far, kEvents + 1000);
    std::string id;
    put_id_key(id, "default", support::event_id("never appended"));
    put(*files, Family::ids, id, far);
  }
  EXPECT_EQ(verify().index_faults, 1U);
  {
    const auto files = open_files(directory_.data());
    put(*files, Family::merkle, tile_key(0, 3000), std::string(256 * 32, 'x'));
    put(*files, Family::meta, "something", "else");
  }
  const auto report = verify();
  EXPECT_EQ(report.tree_faults, 1U);
  EXPECT_EQ(report.other_faults, 1U);
}

TEST_F(Verify, ARunOfBillionsIsBoundedByTheLog) {
  {
    const auto files = open_files(directory_.data());
    std::string key;
    put_stream_prefix(key, "default", "session-0");
    put_be64(key, 0);
    std::string value;
    put_run_value(value, {core::Version{0}, Position{0}, 0xffffffffU});
    put(*files, Family::streams, key, value);
  }
  EXPECT_GE(verify().index_faults, 1U);
}

}  // namespace
}  // namespace hansard::rocks::testing
