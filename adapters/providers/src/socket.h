#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "loop.h"

namespace hansard::providers {

/// A TCP connection, without Asio's headers. Waits for the kernel, then moves what there is: no
/// buffer is lent to an operation under way. Callbacks come on the loop, never before the call
/// returns, and none after `close`. Confined to the loop.
class Socket {
 public:
  explicit Socket(Loop& loop);
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  /// `done` gets why it failed, or nothing. Small writes are not held back (TCP_NODELAY). Once
  /// only.
  void connect(const std::string& address, std::uint16_t port,
               std::function<void(std::string why)> done);
  /// Calls `ready` once there is something to read, or the end.
  void when_readable(std::function<void()> ready);
  void when_writable(std::function<void()> ready);

  struct Moved {
    std::size_t bytes = 0;
    bool ended = false;  ///< the other side has closed or reset; nothing more can be moved
    std::string why;     ///< when it was not a plain end
  };
  /// Into `room`, without waiting; nothing moved when nothing is there yet.
  Moved read(std::span<char> room);
  /// As much of both as fits, in this order, without waiting.
  Moved write(std::string_view first, std::string_view second);
  void close();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace hansard::providers
