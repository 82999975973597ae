#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>

namespace hansard::providers::testing {

/// A port of loopback that is bound, and stays so, so that nobody else gets it.
class BoundPort {
 public:
  /// @param host  the last byte of 127.0.0.x  @param port  0: any
  explicit BoundPort(std::uint8_t host = 1, std::uint16_t port = 0)
      : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_port = htons(port);
    address_.sin_addr.s_addr = htonl(0x7F000000U | host);
    socklen_t size = sizeof address_;
    if (::bind(fd_, generic(), size) == 0) ::getsockname(fd_, generic(), &size);
  }
  ~BoundPort() { ::close(fd_); }
  BoundPort(const BoundPort&) = delete;
  BoundPort& operator=(const BoundPort&) = delete;
  [[nodiscard]] std::uint16_t port() const { return ntohs(address_.sin_port); }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }

 protected:
  sockaddr* generic() { return reinterpret_cast<sockaddr*>(&address_); }
  int fd_;
  sockaddr_in address_{};
};

/// A listener whose queue is full: connecting to it takes for ever.
class FullListener : public BoundPort {
 public:
  explicit FullListener(std::uint8_t host = 1, std::uint16_t port = 0) : BoundPort(host, port) {
    ::listen(fd_, 0);
    for (int& filler : fillers_) {
      filler = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
      static_cast<void>(::connect(filler, generic(), sizeof address_));
    }
  }
  ~FullListener() {
    for (const int filler : fillers_) ::close(filler);
  }
  FullListener(const FullListener&) = delete;
  FullListener& operator=(const FullListener&) = delete;

 private:
  int fillers_[8] = {};
};

}  // namespace hansard::providers::testing
