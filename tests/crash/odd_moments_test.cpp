// A server that goes, or cannot come, at odd moments.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "core/error.h"
#include "crowd.h"
#include "kill_loop.h"
#include "scratch.h"
#include "server_process.h"

namespace hansard::crash {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kStopPatience{60};

int exit_code(core::Errc code) { return core::traits(code).exit_code; }

/// A socket of ours that listens on a free port.
class Listener {
 public:
  Listener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0 && ::listen(fd_, 1) == 0 &&
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size) == 0) {
      port_ = ntohs(at.sin_port);
    }
  }
  ~Listener() { ::close(fd_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

class OddMoments : public ::testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path errors() const { return scratch_.outside() / "server.log"; }
  Finished serve(const std::filesystem::path& data, const std::string& listen,
                 Process::Rights rights = Process::Rights::ours) {
    return crash::run({"serve", "--data", data.string(), "--listen", listen}, scratch_.outside(),
                      kStopPatience, rights);
  }
  /// It ended by itself with the exit code of `code`, and its message names `detail`.
  static void expect_refusal(const Finished& finished, core::Errc code, const std::string& detail) {
    ASSERT_TRUE(finished.ending) << "it goes on: " << finished.output;
    EXPECT_EQ(finished.ending->exit_code, exit_code(code)) << finished.errors;
    EXPECT_NE(finished.errors.find(core::traits(code).name), std::string::npos) << finished.errors;
    EXPECT_NE(finished.errors.find(detail), std::string::npos) << finished.errors;
    EXPECT_EQ(finished.output.find("listens"), std::string::npos) << finished.output;
  }
  static void expect_clean_stop(Process& process) {
    process.signal(SIGTERM);
    const auto ending = process.wait(kStopPatience);
    ASSERT_TRUE(ending) << "it does not stop";
    EXPECT_EQ(ending->signal, 0);
    EXPECT_EQ(ending->exit_code, 0) << process.output();
  }

  Scratch scratch_;
};

TEST_F(OddMoments, TermUnderLoadEndsWithZeroAndLosesNothingThatWasAcknowledged) {
  const std::uint64_t seed = seed_of_run();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Crowd crowd(8, seed, scratch_.outside());
  std::uint16_t port = 0;
  for (int round = 0; round < 4 && !HasFailure(); ++round) {
    Server server(scratch_.data(), errors());
    port = server.listening().value_or(0);
    ASSERT_NE(port, 0) << server.process().output();
    EXPECT_EQ(describe(crowd.read_and_compare(port)), "");
    crowd.write_until(port, 150);
    expect_clean_stop(server.process());
    crowd.gate().close();
  }
  Server server(scratch_.data(), errors());
  port = server.listening().value_or(0);
  ASSERT_NE(port, 0);
  crowd.finish(port);
  EXPECT_EQ(describe(crowd.read_and_compare(port)), "");
  expect_clean_stop(server.process());
}

TEST_F(OddMoments, TermWhileStartingLeavesADirectoryThatOpens) {
  for (int delay_ms = 0; delay_ms < 200; delay_ms += 20) {
    Server server(scratch_.data(), errors());
    server.listening(milliseconds(delay_ms));
    server.process().signal(SIGTERM);
    const auto ending = server.process().wait(kStopPatience);
    ASSERT_TRUE(ending) << "it does not stop";
    // Before it takes signals over, the system's way is as good as ours.
    if (ending->signal != SIGTERM) {
      EXPECT_EQ(ending->exit_code, 0) << server.process().output();
    }
  }
  Server server(scratch_.data(), errors());
  ASSERT_TRUE(server.listening());
  expect_clean_stop(server.process());
}

TEST_F(OddMoments, ABusyPortIsNamedAndLeavesTheDirectoryToOthers) {
  const Listener busy;
  expect_refusal(serve(scratch_.data(), busy.address()), core::Errc::unavailable, busy.address());
  Server server(scratch_.data(), errors());
  EXPECT_TRUE(server.listening());
  expect_clean_stop(server.process());
}

TEST_F(OddMoments, ADirectoryInUseIsRefusedNamingItsHolderWhoGoesOn) {
  Server server(scratch_.data(), errors());
  const auto port = server.listening();
  ASSERT_TRUE(port);
  const auto second = serve(scratch_.data(), "127.0.0.1:0");
  expect_refusal(second, core::Errc::unavailable, "pid " + std::to_string(server.process().pid()));
  const auto answer = HttpClient(*port).get("/readyz");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  expect_clean_stop(server.process());
}

TEST_F(OddMoments, ADirectoryThatMayNotBeWrittenIsRefusedNamingIt) {
  std::filesystem::create_directories(scratch_.data());
  // Others may pass through to it, and read, but not write.
  ::chmod(scratch_.path().c_str(), 0755);
  ::chmod(scratch_.data().c_str(), 0555);
  const auto finished = serve(scratch_.data(), "127.0.0.1:0", Process::Rights::few);
  ::chmod(scratch_.data().c_str(), 0755);
  if (finished.ending && (finished.ending->exit_code == 126 || finished.ending->exit_code == 127)) {
    GTEST_SKIP() << "another user may not run the program where it was built";
  }
  expect_refusal(finished, core::Errc::unavailable, scratch_.data().string());
}

TEST_F(OddMoments, AFileInPlaceOfTheDirectoryIsRefusedNamingIt) {
  std::ofstream(scratch_.data()) << "not a directory\n";
  expect_refusal(serve(scratch_.data(), "127.0.0.1:0"), core::Errc::invalid_argument,
                 scratch_.data().string());
}

}  // namespace
}  // namespace hansard::crash
