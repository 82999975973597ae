#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "test_server.h"

namespace hansard::http::testing {
namespace {

class Listening : public TestServer {};

std::string unix_path(std::string_view name) {
  return (std::filesystem::temp_directory_path() /
          ("hansard_" + std::to_string(::getpid()) + "_" + std::string(name)))
      .string();
}

TEST_F(Listening, ABusyPortIsAnErrorThatNamesIt) {
  start();
  ServerOptions options;
  options.listen[0].port = port();
  Server second(options, Router::make({}).value(), KeyRing(), pool_, *log_, metrics_, clock_);
  const auto started = second.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, core::Errc::unavailable);
  EXPECT_NE(started.error().message.find("127.0.0.1:" + std::to_string(port())), std::string::npos);
  EXPECT_NE(started.error().message.find("in use"), std::string::npos);
  expect_serving();
}

TEST_F(Listening, OtherMachinesAreNotServedWithoutAKey) {
  for (const char* host : {"0.0.0.0", "::", "192.0.2.1"}) {
    ServerOptions options;
    options.listen[0] = {host, 0};
    Server server(options, Router::make({}).value(), KeyRing(), pool_, *log_, metrics_, clock_);
    const auto started = server.start();
    ASSERT_FALSE(started) << host;
    EXPECT_EQ(started.error().code, core::Errc::invalid_argument);
    EXPECT_EQ(started.error().field, "listen");
  }
}

TEST_F(Listening, ListenAddressesAreParsed) {
  EXPECT_EQ(parse_listen("8080")->port, 8080);
  EXPECT_EQ(parse_listen("8080")->host, "127.0.0.1");
  EXPECT_EQ(parse_listen("0.0.0.0:1")->host, "0.0.0.0");
  EXPECT_EQ(parse_listen("[::1]:7")->host, "::1");
  for (const char* bad : {"", ":1", "a:b", "1:65536", "[::1]", "::1:80", "host:"}) {
    EXPECT_FALSE(parse_listen(bad)) << bad;
  }
}

TEST_F(Listening, TheUnixSocketIsTheOwnersAlone) {
  const std::string path = unix_path("owner.sock");
  ServerOptions options;
  options.unix_socket = path;
  start(options, {{"w", "hsd_0123456789abcdefXYZ", core::ProjectId(), {Scope::write}}});
  struct stat found {};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
  RawClient client(path);
  client.send("GET /hello HTTP/1.1\r\nHost: hansard\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "hello");
  server_->stop();
  EXPECT_NE(::stat(path.c_str(), &found), 0) << "removed at the end";
}

TEST_F(Listening, AStaleSocketIsReplacedAndALiveOneIsNot) {
  const std::string path = unix_path("stale.sock");
  {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ::close(fd);  // the file stays, as after a kill
  }
  ServerOptions options;
  options.unix_socket = path;
  start(options);
  options.listen.clear();
  Server second(options, Router::make({}).value(), KeyRing(), pool_, *log_, metrics_, clock_);
  const auto started = second.start();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("served by another process"), std::string::npos);
  RawClient client(path);
  EXPECT_TRUE(client.connected());
}

TEST_F(Listening, AFileInTheSocketsPlaceIsNotRemoved) {
  const std::string path = unix_path("file.sock");
  std::ofstream(path) << "precious";
  ServerOptions options;
  options.listen.clear();
  options.unix_socket = path;
  Server server(options, Router::make({}).value(), KeyRing(), pool_, *log_, metrics_, clock_);
  EXPECT_FALSE(server.start());
  EXPECT_TRUE(std::filesystem::exists(path));
  std::filesystem::remove(path);
}

TEST_F(Listening, ASocketPathMayBeLongerThanAnAddress) {
  const std::filesystem::path directory = unix_path(std::string(120, 'd'));
  std::filesystem::create_directory(directory);
  ServerOptions options;
  options.unix_socket = directory / "hansard.sock";
  start(options);
  const auto address = UnixAddress::of(options.unix_socket);
  ASSERT_TRUE(address);
  RawClient client(address->path);
  client.send(get("/hello"));
  EXPECT_EQ(client.read_answer().body, "hello");
  server_->stop();
  EXPECT_TRUE(std::filesystem::is_empty(directory));
  std::filesystem::remove(directory);
}

}  // namespace
}  // namespace hansard::http::testing
