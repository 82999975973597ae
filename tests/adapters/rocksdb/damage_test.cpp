// Flipped bits and wrong entries: detected, named by position, never served; the rest goes on.

#include <fstream>

#include "log_state.h"
#include "store_fixture.h"

namespace hansard::rocks::testing {
namespace {

using core::Errc;
using core::Position;

class Damage : public ::testing::Test {
 protected:
  static constexpr int kEvents = 600;

  void SetUp() override {
    auto store = must_open(options_);
    // Several blocks, several full tiles, and runs of more than one event.
    append_events(store->log(), kEvents / 2, "e", std::string(1000, 'x'));
    for (int i = 0; i < 3; ++i) {
      std::vector<core::NewEvent> events;
      for (int j = 0; j < kEvents / 6; ++j) {
        events.push_back(support::event("calls-" + std::to_string(i),
                                        "c" + std::to_string(i) + "-" + std::to_string(j),
                                        std::string(1000, 'y')));
      }
      ASSERT_TRUE(support::append(store->log(), support::request(std::move(events))));
    }
    ASSERT_EQ(store->log().end().value, std::uint64_t{kEvents});
    tree_ = store->log().tree();
  }
  VerifyReport verify(const VerifyOptions& options = {}) {
    const auto store = must_open(options_);
    auto report = store->verify(options);
    EXPECT_TRUE(report) << report.error().message;
    return *report;
  }
  std::string stored(Family family, std::string_view key) {
    return open_files(directory_.data())->get(family, key, "reading").value().value();
  }
  void replace(Family family, std::string_view key, std::string_view value) {
    put(*open_files(directory_.data()), family, key, value);
  }
  void remove(Family family, std::string_view key) {
    const auto files = open_files(directory_.data());
    ASSERT_TRUE(files->db().Delete(rocksdb::WriteOptions(), (*files)[family], key).ok());
  }
  static std::string id_key(const std::string& name) {
    std::string key;
    put_id_key(key, "default", support::event_id(name));
    return key;
  }
  static std::string run_key(const std::string& stream, std::uint64_t version) {
    std::string key;
    put_stream_prefix(key, "default", stream);
    put_be64(key, version);
    return key;
  }

  TempDirectory directory_;
  OpenOptions options_ = options_for(directory_.data());
  core::TreeHead tree_;
};

TEST_F(Damage, ASoundLogVerifiesWithItsRoot) {
  std::vector<std::uint64_t> progress;
  VerifyOptions options;
  options.progress = [&](Position read, Position end, std::uint64_t) {
    EXPECT_EQ(end.value, std::uint64_t{kEvents});
    progress.push_back(read.value);
    return true;
  };
  const auto report = verify(options);
  EXPECT_TRUE(report.sound());
  EXPECT_EQ(report.events, std::uint64_t{kEvents});
  EXPECT_EQ(report.tree, tree_);
  EXPECT_EQ(report.streams, 8U);
  EXPECT_EQ(report.tiles, 2U);
  EXPECT_FALSE(report.first);
  EXPECT_EQ(progress.back(), std::uint64_t{kEvents});
}

TEST_F(Damage, APartIsVerifiedAgainstTheWholeTree) {
  for (const auto& [from, end] : {std::pair{0U, 10U}, {10U, 300U}, {256U, 512U}, {599U, 600U}}) {
    VerifyOptions options;
    options.from = Position{from};
    options.end = Position{end};
    const auto report = verify(options);
    EXPECT_TRUE(report.sound()) << from << ".." << end << ": "
                                << (report.first ? report.first->what : "");
    EXPECT_EQ(report.events, end - from);
  }
}

TEST_F(Damage, VerifyingCanBeStopped) {
  VerifyOptions options;
  options.progress = [](Position, Position, std::uint64_t) { return false; };
  EXPECT_EQ(must_open(options_)->verify(options).error().code, Errc::cancelled);
}

TEST_F(Damage, AFlippedByteOnDiskIsNamedAndTheRestIsReadable) {
  {
    const auto files = open_files(directory_.data());
    ASSERT_TRUE(files->db().Flush(rocksdb::FlushOptions(), (*files)[Family::events]).ok());
    ASSERT_TRUE(files->db()
                    .CompactRange(rocksdb::CompactRangeOptions(), (*files)[Family::events], nullptr,
                                  nullptr)
                    .ok());
  }
  // The largest table holds the events. Its middle is within some data block.
  auto tables = files_of(directory_.data(), ".sst");
  const auto largest = *std::max_element(tables.begin(), tables.end(), [](auto& a, auto& b) {
    return std::filesystem::file_size(a) < std::filesystem::file_size(b);
  });
  {
    const auto middle = static_cast<std::streamoff>(std::filesystem::file_size(largest) / 2);
    std::fstream file(largest, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(middle);
    const int byte = file.get();
    file.seekp(middle);
    file.put(static_cast<char>(byte ^ 0x40));
  }

  const auto store = must_open(options_);
  std::uint64_t delivered = 0;
  const auto read = store->log().read({}, [&](const core::RecordedEvent& event) {
    EXPECT_EQ(event.position.value, delivered);
    ++delivered;
    return true;
  });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::corruption);
  EXPECT_NE(read.error().message.find("position " + std::to_string(delivered)), std::string::npos)
      << read.error().message;

  const auto report = store->verify({}).value();
  EXPECT_FALSE(report.sound());
  ASSERT_TRUE(report.first);
  EXPECT_EQ(report.first->position.value, delivered) << "the first wrong position";
  ASSERT_EQ(report.lost.size(), 1U);
  EXPECT_EQ(report.lost[0].from.value, delivered);
  EXPECT_EQ(report.lost[0].end.value - report.lost[0].from.value, report.lost_events);
  EXPECT_EQ(report.events + report.lost_events, std::uint64_t{kEvents}) << "the rest is read";
  EXPECT_EQ(report.event_faults + report.index_faults + report.tree_faults, 0U)
      << "and everything else is sound";
  EXPECT_FALSE(report.tree);

  const auto after = store->log().read(report.lost[0].end, [](const auto&) { return true; });
  EXPECT_TRUE(after) << "events behind the damage are served";
  append_events(store->log(), 1, "further");
}

TEST_F(Damage, AByteChangedBeforeItReachedTheTableIsFoundByTheEventsOwnChecksum) {
  std::string value = stored(Family::events, key_of(Position{123}));
  value[value.size() / 2] ^= 1;
  replace(Family::events, key_of(Position{123}), value);
  {
    const auto store = must_open(options_);
    const auto read = store->log().read(Position{120}, [](const auto&) { return true; });
    EXPECT_EQ(read.error().code, Errc::corruption);
    EXPECT_NE(read.error().message.find("position 123"), std::string::npos);
    const auto history = store->log().read_stream({}, support::stream("session-3"), {},
                                                  [](const auto&) { return true; });
    EXPECT_EQ(history.error().code, Errc::corruption);
    EXPECT_TRUE(store->log().read_stream({}, support::stream("session-4"), {}, [](const auto&) {
      return true;
    })) << "other streams are served";
  }
  const auto report = verify();
  EXPECT_EQ(report.first->position.value, 123U);
  EXPECT_EQ(report.lost_events, 1U);
}

TEST_F(Damage, AChangedEventWithARightChecksumBreaksTheTree) {
  const std::string value = stored(Family::events, key_of(Position{300}));
  std::string forged(open_value(value).value());
  forged[forged.size() - 3] = 'z';
  seal_value(forged);
  replace(Family::events, key_of(Position{300}), forged);
  const auto report = verify();
  EXPECT_EQ(report.event_faults + report.lost_events + report.index_faults, 0U);
  EXPECT_GE(report.tree_faults, 1U);
  EXPECT_EQ(report.first->position.value, 300U) << report.first->what;
}

TEST_F(Damage, AnEventInAnothersPlaceIsFound) {
  const std::string value = stored(Family::events, key_of(Position{10}));
  replace(Family::events, key_of(Position{20}), value);
  {
    const auto store = must_open(options_);
    const auto read = store->log().read(Position{15}, [](const auto&) { return true; });
    EXPECT_EQ(read.error().code, Errc::corruption);
    EXPECT_NE(read.error().message.find("position 20 holds the event of position 10"),
              std::string::npos)
        << read.error().message;
  }
  EXPECT_EQ(verify().first->position.value, 20U);
}

TEST_F(Damage, AMissingEventIsAHoleThatIsNamed) {
  remove(Family::events, key_of(Position{77}));
  {
    const auto store = must_open(options_);
    const auto read = store->log().read({}, [](const auto&) { return true; });
    EXPECT_NE(read.error().message.find("position 77 is missing"), std::string::npos);
  }
  const auto report = verify();
  EXPECT_EQ(report.first->position.value, 77U);
  EXPECT_EQ(report.lost_events, 1U);
  EXPECT_EQ(report.index_faults, 0U) << "its index entries are right";
}

TEST_F(Damage, AMissingIdIsFound) {
  remove(Family::ids, id_key("e42"));
  const auto report = verify();
  EXPECT_EQ(report.index_faults, 1U);
  EXPECT_EQ(report.first->position.value, 42U) << report.first->what;
}

TEST_F(Damage, AnIdTooManyIsFound) {
  std::string position;
  put_be64(position, 42);
  replace(Family::ids, id_key("never appended"), position);
  const auto report = verify();
  EXPECT_EQ(report.index_faults, 1U);
  EXPECT_EQ(report.first->position.value, 42U) << report.first->what;
}

TEST_F(Damage, AnIdThatLeadsElsewhereIsFoundAndNotTakenForADuplicate) {
  std::string position;
  put_be64(position, 43);
  replace(Family::ids, id_key("e42"), position);
  {
    const auto store = must_open(options_);
    const auto receipt = support::append(
        store->log(),
        support::request({support::event("session-2", "e42", std::string(1000, 'x'))}));
    EXPECT_EQ(receipt.error().code, Errc::corruption) << receipt.error().message;
  }
  EXPECT_EQ(verify().first->position.value, 42U);
}

TEST_F(Damage, AMissingRunIsFound) {
  remove(Family::streams, run_key("session-1", 7));
  {
    const auto store = must_open(options_);
    const auto read = store->log().read_stream({}, support::stream("session-1"), {},
                                               [](const auto&) { return true; });
    EXPECT_EQ(read.error().code, Errc::corruption);
    EXPECT_NE(read.error().message.find("version 7"), std::string::npos) << read.error().message;
  }
  const auto report = verify();
  EXPECT_FALSE(report.sound());
  EXPECT_EQ(report.first->position.value, 36U) << report.first->what;
}

TEST_F(Damage, ARunTooLongIsFound) {
  std::string longer;
  put_run_value(longer, {core::Version{7}, Position{36}, 2});
  replace(Family::streams, run_key("session-1", 7), longer);
  EXPECT_FALSE(verify().sound());
}

TEST_F(Damage, AWrongTileIsFoundAtTheLeafThatDiffers) {
  std::string tile = stored(Family::merkle, tile_key(0, 1));
  tile[32 * 5] ^= 1;
  replace(Family::merkle, tile_key(0, 1), tile);
  const auto report = verify();
  EXPECT_EQ(report.first->position.value, 256U + 5U) << report.first->what;
  EXPECT_EQ(report.event_faults + report.index_faults, 0U);
}

TEST_F(Damage, ManyFaultsAreCountedAndTheFirstIsTheFirst) {
  for (const int i : {290, 30, 170}) remove(Family::ids, id_key("e" + std::to_string(i)));
  const auto report = verify();
  EXPECT_EQ(report.index_faults, 3U);
  EXPECT_EQ(report.first->position.value, 30U);
}

}  // namespace
}  // namespace hansard::rocks::testing
