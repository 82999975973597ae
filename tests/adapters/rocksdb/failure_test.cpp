// What happens when the disk fails under a commit, and when the power does.

#include <future>
#include <set>
#include <thread>

#include "faulty_file_system.h"
#include "store_fixture.h"

namespace hansard::rocks::testing {
namespace {

using core::Errc;

struct Pending {
  std::promise<core::Result<core::Receipt>> promise;
  std::future<core::Result<core::Receipt>> answer = promise.get_future();
};

class Failure : public ::testing::Test {
 protected:
  void SetUp() override {
    options_ = options_for(directory_.data());
    options_.file_system = files_;
    options_.reopen_pause_max = std::chrono::milliseconds(50);
    options_.notice = [this](std::string_view text) {
      const std::lock_guard lock(mutex_);
      notices_.emplace_back(text);
      changed_.notify_all();
    };
    store_ = must_open(options_);
  }
  core::EventLog& log() { return store_->log(); }

  std::future<core::Result<core::Receipt>> start_append(core::AppendRequest request) {
    auto pending = std::make_shared<Pending>();
    auto answer = std::move(pending->answer);
    log().append(std::move(request), [pending](core::Result<core::Receipt> receipt) {
      pending->promise.set_value(std::move(receipt));
    });
    return answer;
  }
  static core::AppendRequest one(const std::string& name) {
    return support::request({support::event("session-1", name)});
  }
  void wait_for_notice(const std::string& part) {
    std::unique_lock lock(mutex_);
    const bool told = changed_.wait_for(lock, std::chrono::seconds(20), [&] {
      return std::any_of(notices_.begin(), notices_.end(), [&](const std::string& notice) {
        return notice.find(part) != std::string::npos;
      });
    });
    ASSERT_TRUE(told) << "no notice with '" << part << "'";
  }
  /// Sends the same events until each is answered, as a client would.
  void retry_until_stored(const std::string& name) {
    for (int attempt = 0; attempt < 200; ++attempt) {
      const auto receipt = support::append(log(), one(name));
      if (receipt) return;
      ASSERT_EQ(receipt.error().code, Errc::unavailable) << receipt.error().message;
    }
    FAIL() << "never served again";
  }
  std::vector<std::string> stored_names() {
    std::vector<std::string> names;
    for (const auto& event : support::read_all(log())) names.emplace_back(event.event().facts);
    return names;
  }

  TempDirectory directory_;
  std::shared_ptr<FaultyFileSystem> files_ = std::make_shared<FaultyFileSystem>();
  OpenOptions options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> notices_;
  std::unique_ptr<RocksStore> store_;
};

TEST_F(Failure, AFailedSyncFailsItsGroupAndWhateverWasPreparedOnIt) {
  append_events(log(), 3, "before");
  files_->hold_log_syncs();
  auto first = start_append(one("first"));
  files_->wait_for_held_sync();
  auto second = start_append(one("second"));
  auto again = start_append(one("first"));
  auto conflict = one("third");
  conflict.checks.push_back({support::stream("session-1"), core::Expected::none()});
  auto third = start_append(std::move(conflict));
  auto relaxed = one("relaxed");
  relaxed.durability = core::Durability::relaxed;
  ASSERT_TRUE(start_append(std::move(relaxed)).get()) << "so all of these are sequenced";
  files_->fail_log_syncs(1, rocksdb::IOStatus::IOError("planned"));
  files_->release_log_syncs();
  for (auto* answer : {&first, &second, &again, &third}) {
    const auto receipt = answer->get();
    ASSERT_FALSE(receipt);
    EXPECT_EQ(receipt.error().code, Errc::unavailable) << receipt.error().message;
  }

  wait_for_notice("serving again");
  for (const char* name : {"first", "second"}) retry_until_stored(name);
  const auto names = stored_names();
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size())
      << "a retry with the same id must be the same event";
  EXPECT_GE(names.size(), 5U);
  EXPECT_EQ(store_->stats().commit_failures, 1U);
  EXPECT_EQ(store_->stats().reopened, 1U);
  EXPECT_TRUE(store_->stats().serving);
  const auto report = store_->verify({});
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->sound()) << (report->first ? report->first->what : "");
}

TEST_F(Failure, ReadsAreUnavailableWhileTheLogCannotBeReopenedAndGoOnAfterwards) {
  append_events(log(), 5, "before");
  files_->refuse_new_logs(true);
  files_->fail_log_syncs(1, rocksdb::IOStatus::IOError("planned"));
  EXPECT_EQ(support::append(log(), one("lost")).error().code, Errc::unavailable);
  wait_for_notice("reopening failed");
  EXPECT_EQ(support::append(log(), one("refused")).error().code, Errc::unavailable);
  EXPECT_FALSE(store_->stats().serving);
  const auto read = log().read({}, [](const core::RecordedEvent&) { return true; });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::unavailable);
  EXPECT_EQ(log().end().value, 5U) << "what was acknowledged stays visible in numbers";

  files_->refuse_new_logs(false);
  wait_for_notice("serving again");
  EXPECT_GE(stored_names().size(), 5U);
  retry_until_stored("lost");
}

TEST_F(Failure, ClosingWhileTheLogCannotBeReopenedAnswersEverybody) {
  files_->refuse_new_logs(true);
  files_->fail_log_syncs(1, rocksdb::IOStatus::IOError("planned"));
  auto lost = start_append(one("lost"));
  EXPECT_EQ(lost.get().error().code, Errc::unavailable);
  wait_for_notice("reopening failed");
  auto late = start_append(one("late"));
  store_.reset();
  EXPECT_FALSE(late.get());
}

TEST_F(Failure, AFullDiskIsNamedOnceTheReopenedLogShowsThatNothingWasWritten) {
  append_events(log(), 2, "before");
  files_->fail_log_appends(1, rocksdb::IOStatus::NoSpace("planned"));
  const auto receipt = support::append(log(), one("unlucky"));
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().code, Errc::out_of_space) << receipt.error().message;
  retry_until_stored("unlucky");
  EXPECT_EQ(stored_names().size(), 3U);
}

TEST_F(Failure, AFullDiskThatOnlyASyncFoundOutLeavesTheOutcomeUnknown) {
  append_events(log(), 2, "before");
  files_->fail_log_syncs(1, rocksdb::IOStatus::NoSpace("planned"));
  const auto receipt = support::append(log(), one("unlucky"));
  ASSERT_FALSE(receipt);
  EXPECT_EQ(receipt.error().code, Errc::unavailable);
  wait_for_notice("serving again");
  retry_until_stored("unlucky");
  EXPECT_EQ(stored_names().size(), 3U);
}

TEST_F(Failure, ViewsDoNotGoBackWhenTheLogIsReopened) {
  append_events(log(), 4, "before");
  const core::ViewId view{"usage", 1, 0};
  ASSERT_TRUE(store_->views().commit(view, {{"a", "1"}, {"b", "2"}}, core::Position{3}));
  ASSERT_TRUE(store_->views().commit(view, {{"a", std::nullopt}}, core::Position{4}));
  const auto before = store_->views().open(view).value();
  files_->fail_log_syncs(1, rocksdb::IOStatus::IOError("planned"));
  EXPECT_FALSE(support::append(log(), one("lost")));
  wait_for_notice("serving again");

  EXPECT_EQ(before->get("b").error().code, Errc::unavailable) << "a snapshot of what was closed";
  const auto after = store_->views().open(view).value();
  EXPECT_EQ(after->checkpoint(), core::Position{4});
  EXPECT_EQ(after->get("a").value(), std::nullopt);
  EXPECT_EQ(after->get("b").value(), "2");
}

TEST_F(Failure, AppendsBeyondTheQueueAreRefusedWhileASyncHangs) {
  store_.reset();
  options_.queue_requests_max = 8;
  options_.group_requests_max = 4;
  store_ = must_open(options_);
  files_->hold_log_syncs();
  std::vector<std::future<core::Result<core::Receipt>>> answers;
  answers.push_back(start_append(one("held")));
  files_->wait_for_held_sync();
  // At most the running sync, one group waiting for the next, one batch being added and the queue.
  for (int i = 0; i < 200; ++i) answers.push_back(start_append(one("e" + std::to_string(i))));
  const auto overloaded = store_->stats().overloaded;
  EXPECT_GT(overloaded, 100U);
  files_->release_log_syncs();
  std::uint64_t stored = 0;
  std::uint64_t refused = 0;
  for (auto& answer : answers) {
    const auto receipt = answer.get();
    receipt ? ++stored : ++refused;
    if (!receipt) {
      EXPECT_EQ(receipt.error().code, Errc::overloaded);
    }
  }
  EXPECT_EQ(refused, overloaded);
  EXPECT_EQ(log().end().value, stored);
}

TEST_F(Failure, ARelaxedReceiptComesBeforeTheSyncAndTheEventIsVisibleOnlyAfterIt) {
  files_->hold_log_syncs();
  auto held = start_append(one("held"));
  files_->wait_for_held_sync();
  auto request = one("relaxed");
  request.durability = core::Durability::relaxed;
  const auto receipt = start_append(std::move(request)).get();
  ASSERT_TRUE(receipt) << receipt.error().message;
  EXPECT_EQ(receipt->durability, core::Durability::relaxed);
  EXPECT_EQ(log().end().value, 0U);
  EXPECT_EQ(log().find({}, support::event_id("relaxed")).value(), std::nullopt);
  EXPECT_EQ(log().head({}, support::stream("session-1")).value(), std::nullopt);
  files_->release_log_syncs();
  EXPECT_TRUE(held.get());
  EXPECT_TRUE(support::wait_for_end(log(), receipt->end()));
}

TEST_F(Failure, WritersThatRetryStoreEveryEventOnceHoweverOftenSyncsFail) {
  files_->fail_every_log_sync(7);
  constexpr int kWriters = 4;
  constexpr int kEach = 40;
  std::atomic<int> conflicts{0};
  const auto write = [&](int number) {
    const std::string stream = "session-" + std::to_string(number);
    for (int i = 0; i < kEach; ++i) {
      auto request = support::request(
          {support::event(stream, stream + "-" + std::to_string(i), std::string(300, 'x'))});
      // Each event says which it follows, so that one that was lost after its receipt would show.
      request.checks.push_back(
          {support::stream(stream),
           i == 0 ? core::Expected::none()
                  : core::Expected::exactly(core::Version{static_cast<std::uint64_t>(i - 1)})});
      while (true) {
        const auto receipt = support::append(log(), request);
        if (receipt) break;
        if (receipt.error().code == Errc::unavailable) continue;
        ++conflicts;
        break;
      }
    }
  };
  std::vector<std::thread> writers;
  for (int number = 0; number < kWriters; ++number) writers.emplace_back(write, number);
  for (std::thread& thread : writers) thread.join();
  files_->fail_every_log_sync(0);
  EXPECT_EQ(conflicts.load(), 0);
  EXPECT_GE(store_->stats().reopened, 3U);
  EXPECT_EQ(log().end().value, std::uint64_t{kWriters * kEach});
  const auto report = store_->verify({});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_TRUE(report->sound()) << (report->first ? report->first->what : "");
}

/// Several writers until the power goes; then everything that was not synced is gone.
class PowerCut : public Failure, public ::testing::WithParamInterface<int> {};

TEST_P(PowerCut, EveryAcknowledgedEventIsThereOnceAndNothingHalfWrittenIs) {
  std::mutex mutex;
  std::set<std::string> acknowledged;
  const auto writer = [&](int number) {
    for (int i = 0;; ++i) {
      const std::string name = "w" + std::to_string(number) + "-" + std::to_string(i);
      const std::string stream = "session-" + std::to_string(number);
      const auto receipt = support::append(
          log(), support::request({support::event(stream, name, std::string(700, 'x')),
                                   support::event("calls-" + std::to_string(number), name + "b")}));
      if (!receipt) return;
      const std::lock_guard lock(mutex);
      acknowledged.insert(name);
    }
  };
  files_->cut_power_in_sync(GetParam());
  std::vector<std::thread> writers;
  for (int number = 0; number < 4; ++number) writers.emplace_back(writer, number);
  for (std::thread& thread : writers) thread.join();
  ASSERT_FALSE(files_->has_power());
  store_.reset();
  files_->drop_unsynced();

  options_.file_system.reset();
  store_ = must_open(options_);
  for (const std::string& name : acknowledged) {
    EXPECT_TRUE(log().find({}, support::event_id(name)).value()) << name << " was acknowledged";
    EXPECT_TRUE(log().find({}, support::event_id(name + "b")).value()) << "half of " << name;
  }
  EXPECT_EQ(log().end().value % 2, 0U) << "an append is there in whole or not at all";
  EXPECT_GE(log().end().value, 2 * acknowledged.size());
  const auto report = store_->verify({});
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->sound()) << (report->first ? report->first->what : "");
}

INSTANTIATE_TEST_SUITE_P(InSync, PowerCut, ::testing::Values(1, 2, 3, 10, 37, 100, 331));

}  // namespace
}  // namespace hansard::rocks::testing
