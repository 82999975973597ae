#include "server/listen.h"

#include <boost/asio/ip/address.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <utility>

namespace hansard::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::local::stream_protocol;
using boost::system::error_code;
using core::Errc;

namespace {

std::string shown(const ListenAddress& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

core::Result<asio::ip::address> resolve(const ListenAddress& address) {
  if (address.host == "localhost") return asio::ip::address(asio::ip::address_v4::loopback());
  error_code failed;
  const auto parsed = asio::ip::make_address(address.host, failed);
  if (failed) {
    return core::Error{Errc::invalid_argument, "\"" + address.host + "\" is no numeric address",
                       "listen"};
  }
  return parsed;
}

core::Error cannot_listen(const std::string& where, const error_code& why) {
  const bool busy = why == asio::error::address_in_use;
  return core::Error{Errc::unavailable,
                     "cannot listen on " + where + ": " +
                         (busy ? std::string("it is in use by another process") : why.message()),
                     "listen"};
}

/// True when a process answers on the socket.
bool is_served(asio::io_context& io, const std::string& path) {
  stream_protocol::socket probe(io);
  error_code failed;
  probe.connect(stream_protocol::endpoint(path), failed);
  return !failed;
}

}  // namespace

core::Result<ListenAddress> parse_listen(std::string_view text) {
  const core::Error malformed{Errc::invalid_argument,
                              "\"" + std::string(text) + "\" is not host:port, [v6]:port or port",
                              "listen"};
  ListenAddress address;
  const std::size_t colon = text.rfind(':');
  std::string_view port = text;
  if (colon != std::string_view::npos) {
    std::string_view host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
      host = host.substr(1, host.size() - 2);
    } else if (host.empty() || host.find_first_of(":[]") != std::string_view::npos) {
      return malformed;
    }
    address.host = host;
  }
  unsigned number = 0;
  const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (failed != std::errc() || end != port.data() + port.size() || number > 65535) {
    return malformed;
  }
  address.port = static_cast<std::uint16_t>(number);
  return address;
}

core::Result<bool> is_loopback(const ListenAddress& address) {
  const auto resolved = resolve(address);
  if (!resolved) return resolved.error();
  return resolved->is_loopback();
}

core::Result<tcp::acceptor> listen_tcp(asio::io_context& io, const ListenAddress& address) {
  const auto resolved = resolve(address);
  if (!resolved) return resolved.error();
  const tcp::endpoint endpoint(*resolved, address.port);
  tcp::acceptor acceptor(io);
  error_code failed;
  acceptor.open(endpoint.protocol(), failed);
  // Lets a restarted server take its port back while old connections linger in TIME_WAIT.
  if (!failed) acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
  if (!failed) acceptor.bind(endpoint, failed);
  if (!failed) acceptor.listen(asio::socket_base::max_listen_connections, failed);
  if (failed) return cannot_listen(shown(address), failed);
  return acceptor;
}

core::Result<stream_protocol::acceptor> listen_unix(asio::io_context& io,
                                                    const std::filesystem::path& socket) {
  auto address = UnixAddress::of(socket);
  if (!address) return address.error();
  struct stat found {};
  if (::lstat(socket.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode)) {
      return core::Error{Errc::unavailable, socket.string() + " exists and is no socket",
                         "unix_socket"};
    }
    if (is_served(io, address->path)) {
      return core::Error{Errc::unavailable, socket.string() + " is served by another process",
                         "unix_socket"};
    }
    ::unlink(socket.c_str());  // left by a process that was killed
  }
  stream_protocol::acceptor acceptor(io);
  error_code failed;
  acceptor.open(stream_protocol(), failed);
  // Linux gives the file the mode of its socket, so it is never open to others, not even briefly.
  if (!failed && ::fchmod(acceptor.native_handle(), S_IRUSR | S_IWUSR) != 0) {
    failed = error_code(errno, boost::system::system_category());
  }
  if (!failed) acceptor.bind(stream_protocol::endpoint(address->path), failed);
  if (!failed && ::chmod(socket.c_str(), S_IRUSR | S_IWUSR) != 0) {
    failed = error_code(errno, boost::system::system_category());
  }
  if (!failed) acceptor.listen(asio::socket_base::max_listen_connections, failed);
  if (failed) return cannot_listen(socket.string(), failed);
  return acceptor;
}

core::Result<UnixAddress> UnixAddress::of(const std::filesystem::path& socket) {
  UnixAddress address;
  address.path = socket.string();
  if (address.path.size() < sizeof(sockaddr_un::sun_path)) return address;
  std::filesystem::path directory = socket.parent_path();
  if (directory.empty()) directory = ".";
  address.directory_ = ::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);  // NOLINT
  if (address.directory_ < 0) {
    return core::Error{Errc::not_found, "no directory " + directory.string(), "unix_socket"};
  }
  address.path =
      "/proc/self/fd/" + std::to_string(address.directory_) + "/" + socket.filename().string();
  return address;
}

UnixAddress::UnixAddress(UnixAddress&& other) noexcept
    : path(std::move(other.path)), directory_(std::exchange(other.directory_, -1)) {}

UnixAddress::~UnixAddress() {
  if (directory_ >= 0) ::close(directory_);
}

}  // namespace hansard::http
