// Content that was destroyed is nowhere, whoever was reading meanwhile; everything else is as
// before.
#include "rocksdb_store/erasure.h"

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <random>
#include <thread>

#include "searched_files.h"
#include "store_fixture.h"

namespace hansard::rocks::testing {
namespace {

using core::Errc;
using core::Position;
using core::PositionSet;
using core::RecordedEvent;
using hansard::testing::forms_of;
using hansard::testing::places_of;

const std::string kSecret = "the planted text, said once 0aX7";

class Erasure : public ::testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    store_.reset();
    store_ = must_open(options_);
  }
  core::EventLog& log() { return store_->log(); }

  /// Events of which every seventh holds the secret. @return where.
  PositionSet append(int count, const std::string& prefix = "e") {
    PositionSet planted;
    for (int i = 0; i < count; ++i) {
      const std::string name = prefix + std::to_string(i);
      const std::string text = i % 7 == 3 ? kSecret + " " + name : "nothing to hide";
      auto receipt = support::append(
          log(),
          support::request({support::event("session-" + std::to_string(i % 5), name, text)}));
      EXPECT_TRUE(receipt) << receipt.error().message;
      if (receipt && i % 7 == 3) planted.add(receipt->records[0].position);
    }
    return planted;
  }
  EraseReport must_erase(const PositionSet& positions, const EraseOptions& options = {}) {
    auto report = store_->eraser().erase(positions, options);
    EXPECT_TRUE(report) << report.error().message;
    return report ? *report : EraseReport{};
  }
  std::vector<std::string> found() const {
    return places_of(forms_of(kSecret, kSecret, support::hasher()), options_.directory);
  }
  void expect_sound() {
    const auto report = store_->verify({});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_TRUE(report->sound()) << report->first->what;
    EXPECT_EQ(report->tree->root, log().tree().root);
  }
  std::uint64_t erased_events() {
    std::uint64_t erased = 0;
    EXPECT_TRUE(log().read(Position{0}, [&](const RecordedEvent& event) {
      EXPECT_EQ(event.erased, event.content.empty());
      erased += event.erased ? 1 : 0;
      return true;
    }));
    return erased;
  }

  TempDirectory directory_;
  OpenOptions options_ = options_for(directory_.data());
  std::unique_ptr<RocksStore> store_;
};

TEST_F(Erasure, LeavesNothingOfTheContentAndEverythingElse) {
  PositionSet planted = append(200);
  open();  // into tables
  planted.add(append(50, "later"));
  const auto tree = log().tree();
  ASSERT_FALSE(found().empty());
  const auto report = must_erase(planted);
  EXPECT_EQ(report.events, planted.count());
  EXPECT_EQ(found(), std::vector<std::string>{});
  EXPECT_EQ(log().tree().root, tree.root);
  EXPECT_EQ(erased_events(), planted.count());
  expect_sound();
  open();
  EXPECT_EQ(log().tree().root, tree.root);
  EXPECT_EQ(erased_events(), planted.count());
  expect_sound();
  EXPECT_EQ(found(), std::vector<std::string>{});
}

TEST_F(Erasure, OfWhatIsStillInMemoryAndInTheLogOnly) {
  const PositionSet planted = append(40);
  must_erase(planted);
  EXPECT_EQ(found(), std::vector<std::string>{});
  EXPECT_EQ(erased_events(), planted.count());
}

TEST_F(Erasure, AgainDoesNothingMore) {
  const PositionSet planted = append(40);
  must_erase(planted);
  const auto again = must_erase(planted);
  EXPECT_EQ(again.events, 0U);
  EXPECT_EQ(again.already, planted.count());
}

TEST_F(Erasure, MaskedContentIsReadByNobodyAtOnce) {
  const PositionSet planted = append(40);
  store_->eraser().mask(planted);
  EXPECT_EQ(erased_events(), planted.count());
  std::uint64_t in_streams = 0;
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(log().read_stream({}, support::stream("session-" + std::to_string(i)), {0},
                                  [&](const RecordedEvent& event) {
                                    in_streams += event.erased ? 1 : 0;
                                    return true;
                                  }));
  }
  EXPECT_EQ(in_streams, planted.count());
  // Sent again with other content it is the same event, of which the content is not known any more.
  const auto again =
      support::append(log(), support::request({support::event("session-3", "e3", "other text")}));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->records[0].duplicate);
  EXPECT_TRUE(again->records[0].erased);
  store_->eraser().unmask(planted);
  EXPECT_EQ(erased_events(), 0U);
}

TEST_F(Erasure, HidesContentFromWhoIsReadingAlready) {
  const PositionSet planted = append(40);
  std::uint64_t told = 0;
  ASSERT_TRUE(log().read(Position{0}, [&](const RecordedEvent& event) {
    if (event.position.value == 1) store_->eraser().mask(planted);
    told += event.content.find(kSecret) == std::string_view::npos ? 0 : 1;
    return true;
  }));
  EXPECT_EQ(told, 0U);
}

TEST_F(Erasure, DoesNotWaitForAReaderOfEventsThatGoesOn) {
  const PositionSet planted = append(200);
  open();
  std::mutex mutex;
  std::condition_variable changed;
  bool begun = false;
  std::atomic<bool> done{false};
  std::uint64_t read = 0;
  store_->eraser().mask(planted);
  std::thread reader([&] {
    // Pages through the log again and again until the erasure is over.
    while (!done) {
      EXPECT_TRUE(log().read(Position{0}, [&](const RecordedEvent& event) {
        EXPECT_EQ(event.content.find(kSecret), std::string_view::npos);
        {
          const std::lock_guard lock(mutex);
          begun = true;
        }
        changed.notify_one();
        ++read;
        return true;
      }));
    }
  });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return begun; });
  }
  must_erase(planted);
  done = true;
  reader.join();
  EXPECT_EQ(found(), std::vector<std::string>{});
}

TEST_F(Erasure, TakesTheSnapshotOfAViewBackThatIsHeldForTooLong) {
  const PositionSet planted = append(40);
  const core::ViewId view{"derived", 1, 0};
  ASSERT_TRUE(store_->views().commit(view, {{"a", kSecret}}, Position{40}));
  const auto held = store_->views().open(view).value();
  ASSERT_TRUE(store_->views().commit(view, {{"a", std::nullopt}}, Position{41}));
  EXPECT_EQ(held->get("a").value(), kSecret);
  EraseOptions options;
  options.views = {"derived"};
  options.readers_patience = std::chrono::milliseconds{1};
  must_erase(planted, options);
  EXPECT_EQ(found(), std::vector<std::string>{});
  const auto late = held->get("a");
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::unavailable);
  EXPECT_EQ(held->scan("", "", [](auto, auto) { return true; }).error().code, Errc::unavailable);
  EXPECT_EQ(store_->views().open(view).value()->get("a").value(), std::nullopt);
}

TEST_F(Erasure, SaysThatAFileIsHeldAndSucceedsLater) {
  const PositionSet planted = append(100);
  open();
  std::mutex mutex;
  std::condition_variable changed;
  bool inside = false;
  bool go_on = false;
  std::thread reader([&] {
    // A sink that stays in one event holds on to what it reads.
    EXPECT_TRUE(log().read(Position{0}, [&](const RecordedEvent& event) {
      if (event.position.value != 50) return true;
      std::unique_lock lock(mutex);
      inside = true;
      changed.notify_all();
      changed.wait(lock, [&] { return go_on; });
      return true;
    }));
  });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return inside; });
  }
  EraseOptions options;
  options.files_patience = std::chrono::milliseconds{50};
  const auto held = store_->eraser().erase(planted, options);
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().code, Errc::unavailable);
  const auto still = store_->eraser().erase(planted, options);
  ASSERT_FALSE(still) << "what an attempt before has replaced is waited for, too";
  {
    const std::lock_guard lock(mutex);
    go_on = true;
  }
  changed.notify_all();
  must_erase(planted);
  reader.join();
  EXPECT_EQ(found(), std::vector<std::string>{});
}

TEST_F(Erasure, OfAFewRewritesOnlyTheTablesThatHoldThem) {
  // Tables of their own for each of these, at the bottom.
  std::string padding(2000, 'x');
  std::mt19937 random(7);
  for (int file = 0; file < 6; ++file) {
    for (int i = 0; i < 50; ++i) {
      for (char& c : padding) c = static_cast<char>('a' + random() % 26);
      const auto name = std::to_string(file) + "-" + std::to_string(i);
      ASSERT_TRUE(
          support::append(log(), support::request({support::event("session-s", name, padding)})));
    }
    open();
  }
  PositionSet one;
  one.add(Position{10});
  EXPECT_LE(must_erase(one).files_rewritten, 2U);
}

TEST_F(Erasure, AnswersTheSameAfterARestart) {
  const PositionSet planted = append(100);
  store_->eraser().stop();
  const auto refused = store_->eraser().erase(planted, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::cancelled);
  open();
  must_erase(planted);
  EXPECT_EQ(found(), std::vector<std::string>{});
  options_.read_only = true;
  open();
  EXPECT_EQ(store_->eraser().erase(planted, {}).error().code, Errc::unsupported);
}

TEST_F(Erasure, IsRepeatableAfterAKillAtAnyPhase) {
  for (const std::string stop_at : {"flushing", "stripping", "waiting", "compacting", "checking"}) {
    SCOPED_TRACE(stop_at);
    const PositionSet planted = append(60, "e-" + stop_at);
    const TempDirectory killed;
    EraseOptions options;
    options.phase = [&](std::string_view phase) {
      if (phase != stop_at) return;
      // RocksDB deletes what it needs no more while we copy.
      for (bool whole = false; !whole;) {
        try {
          copy_as_killed(options_.directory, killed.data());
          whole = true;
        } catch (const std::filesystem::filesystem_error&) {
        }
      }
    };
    const auto root = log().tree().root;
    must_erase(planted, options);
    auto again = options_for(killed.data());
    const auto reopened = must_open(again);
    ASSERT_TRUE(reopened);
    EXPECT_EQ(reopened->log().tree().root, root);
    ASSERT_TRUE(reopened->eraser().erase(planted, {}));
    EXPECT_EQ(places_of(forms_of(kSecret, kSecret, support::hasher()), killed.data()),
              std::vector<std::string>{});
    EXPECT_TRUE(reopened->verify({})->sound());
  }
}

TEST_F(Erasure, GoesOnBesideAppends) {
  const PositionSet planted = append(200);
  open();
  std::atomic<bool> done{false};
  std::atomic<int> appended{0};
  std::thread writer([&] {
    for (int i = 0; !done; ++i, ++appended) {
      EXPECT_TRUE(support::append(log(), support::request({support::event(
                                             "session-w", "w" + std::to_string(i), "beside")})));
    }
  });
  must_erase(planted);
  done = true;
  writer.join();
  EXPECT_EQ(found(), std::vector<std::string>{});
  expect_sound();
}

}  // namespace
}  // namespace hansard::rocks::testing
