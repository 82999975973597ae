// The whole arrangement can fail: bytes really lost from disk are refused by the server, and after
// their loss was accepted, the comparison names exactly the events that were in them.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/error.h"
#include "crowd.h"
#include "kill_loop.h"
#include "scratch.h"
#include "server_process.h"

namespace hansard::crash {
namespace {

namespace fs = std::filesystem;

/// Everything but sockets: a killed server leaves its own behind.
void copy_directory(const fs::path& from, const fs::path& to) {
  fs::create_directories(to);
  for (const auto& entry : fs::recursive_directory_iterator(from)) {
    const fs::path target = to / fs::relative(entry.path(), from);
    if (entry.is_directory()) fs::create_directories(target);
    if (entry.is_regular_file()) fs::copy_file(entry.path(), target);
  }
}

/// The write-ahead log with most bytes.
fs::path largest_log(const fs::path& data) {
  fs::path largest;
  for (const auto& entry : fs::directory_iterator(data / "db")) {
    if (entry.path().extension() != ".log") continue;
    if (largest.empty() || entry.file_size() > fs::file_size(largest)) largest = entry.path();
  }
  return largest;
}

std::set<std::string> acked_from(const Journal& journal, std::uint64_t end) {
  std::set<std::string> keys;
  for (const Append& append : journal.appends()) {
    if (append.outcome != Outcome::acked) continue;
    for (std::size_t i = 0; i < append.records.size(); ++i) {
      if (append.placed[i].position >= end) keys.insert(append.records[i].key);
    }
  }
  return keys;
}

TEST(LostBytes, AreRefusedAndOnceAcceptedTheComparisonNamesExactlyTheEventsInThem) {
  const Scratch scratch;
  const std::uint64_t seed = seed_of_run();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Crowd crowd(8, seed, scratch.outside());
  const fs::path errors = scratch.outside() / "server.log";
  {
    Server server(scratch.data(), errors);
    const auto port = server.listening();
    ASSERT_TRUE(port);
    crowd.write_until(*port, 400);
    server.process().kill();
  }
  crowd.abandon();

  const fs::path copy = scratch.path() / "copy";
  copy_directory(scratch.data(), copy);
  const fs::path log = largest_log(copy);
  ASSERT_FALSE(log.empty());
  fs::resize_file(log, fs::file_size(log) / 2);

  const auto refused =
      crash::run({"serve", "--data", copy.string(), "--listen", "127.0.0.1:0"}, scratch.outside());
  ASSERT_TRUE(refused.ending) << "it serves a log that lacks acknowledged events";
  EXPECT_EQ(refused.ending->exit_code, core::traits(core::Errc::corruption).exit_code)
      << refused.errors;
  EXPECT_NE(refused.errors.find("--accept-loss"), std::string::npos) << refused.errors;

  const auto accepted =
      crash::run({"doctor", "--accept-loss", "--data", copy.string()}, scratch.outside());
  ASSERT_TRUE(accepted.ending);
  ASSERT_EQ(accepted.ending->exit_code, 0) << accepted.errors;
  {
    Server server(copy, errors);
    const auto port = server.listening();
    ASSERT_TRUE(port);
    const auto faults = crowd.read_and_compare(*port);
    const std::uint64_t end = crowd.log().empty() ? 0 : crowd.log().back().position + 1;
    std::set<std::string> lost;
    for (const Fault& fault : faults) {
      EXPECT_EQ(fault.kind, Fault::Kind::lost) << describe(faults);
      lost.insert(fault.key);
    }
    EXPECT_FALSE(lost.empty());
    EXPECT_GT(end, 0U);
    EXPECT_EQ(lost, acked_from(crowd.journal(), end));
    std::cout << "of " << crowd.journal().counts().acked_records << " acknowledged events "
              << lost.size() << " were in the bytes taken away: all of them reported\n";
  }
  Server server(scratch.data(), errors);
  const auto port = server.listening();
  ASSERT_TRUE(port);
  EXPECT_EQ(describe(crowd.read_and_compare(*port)), "") << "the original lost nothing";
}

}  // namespace
}  // namespace hansard::crash
