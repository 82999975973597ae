#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "mailbox.h"

namespace hansard::providers::testing {

/// One connection as the server sees it: exactly the bytes that a test says.
class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {}

  /// The next request, head and body by its Content-Length; less when the client ended.
  std::string read_request() {
    std::size_t end = std::string::npos;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!fill()) return take(buffer_.size());
    }
    const std::size_t head = end + 4;
    std::size_t body = 0;
    const std::size_t length = buffer_.find("Content-Length: ");
    if (length < head) body = std::stoul(buffer_.substr(length + 16));
    while (buffer_.size() < head + body) {
      if (!fill()) return take(buffer_.size());
    }
    return take(head + body);
  }
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// Waits until the client ends the connection; whatever comes before is dropped.
  bool ended() {
    buffer_.clear();
    while (fill()) buffer_.clear();
    return ended_;
  }
  /// True when nothing at all has come after `patience`.
  bool silent(std::chrono::milliseconds patience) {
    pollfd wanted{fd_, POLLIN, 0};
    return buffer_.empty() && ::poll(&wanted, 1, static_cast<int>(patience.count())) == 0;
  }
  void shutdown_send() { ::shutdown(fd_, SHUT_WR); }
  /// From now on closing resets.
  void reset_at_close() {
    const linger hard{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  bool fill() {
    pollfd wanted{fd_, POLLIN, 0};
    const auto patience = std::chrono::milliseconds(kPatience).count();
    if (::poll(&wanted, 1, static_cast<int>(patience)) <= 0) return false;
    char bytes[65536];
    const auto got = ::recv(fd_, bytes, sizeof bytes, 0);
    if (got <= 0) {
      ended_ = true;
      return false;
    }
    buffer_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }
  std::string take(std::size_t count) {
    std::string bytes = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return bytes;
  }

  const int fd_;
  std::string buffer_;
  bool ended_ = false;
};

/// A provider on loopback that follows a script: `serve` runs on a thread for each connection, with
/// the connection's number from 0; when it returns the connection is closed.
class UpstreamServer {
 public:
  explicit UpstreamServer(std::function<void(Peer&, int)> serve, int family = AF_INET)
      : serve_(std::move(serve)), listener_(::socket(family, SOCK_STREAM, 0)) {
    if (family == AF_INET) {
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      listen_at(address);
      port_ = ntohs(address.sin_port);
    } else {
      sockaddr_in6 address{};
      address.sin6_family = AF_INET6;
      address.sin6_addr = in6addr_loopback;
      listen_at(address);
      port_ = ntohs(address.sin6_port);
    }
    accepting_ = std::thread([this] { accept_all(); });
  }
  ~UpstreamServer() { stop(); }
  UpstreamServer(const UpstreamServer&) = delete;
  UpstreamServer& operator=(const UpstreamServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] int accepted() const { return accepted_; }
  /// Ends every connection and waits for the scripts.
  void stop() {
    ::shutdown(listener_, SHUT_RDWR);
    if (!accepting_.joinable()) return;
    accepting_.join();
    ::close(listener_);
    {
      const std::lock_guard lock(mutex_);
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  template <class Address>
  void listen_at(Address& address) {
    static_cast<void>(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address));
    ::listen(listener_, 4096);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  }
  void accept_all() {
    for (;;) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      const int number = accepted_++;
      const int at_once = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
      const std::lock_guard lock(mutex_);
      open_.push_back(fd);
      threads_.emplace_back([this, fd, number] {
        Peer peer(fd);
        serve_(peer, number);
        const std::lock_guard closing(mutex_);
        std::erase(open_, fd);
        ::close(fd);
      });
    }
  }

  const std::function<void(Peer&, int)> serve_;
  const int listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> accepted_ = 0;
  std::thread accepting_;
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
};

}  // namespace hansard::providers::testing
