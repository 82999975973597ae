#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace hansard::http::testing {

/// An answer as it came over the wire.
struct Answer {
  int status = 0;
  std::string head;
  std::string body;    ///< chunks joined
  bool whole = false;  ///< its framing was complete

  [[nodiscard]] std::optional<std::string> header(std::string_view name) const {
    std::string lower = head;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    std::string key = "\r\n" + std::string(name) + ": ";
    std::transform(key.begin(), key.end(), key.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const std::size_t at = lower.find(key);
    if (at == std::string::npos) return std::nullopt;
    const std::size_t from = at + key.size();
    return head.substr(from, head.find("\r\n", from) - from);
  }
  [[nodiscard]] bool says(std::string_view text) const {
    return body.find(text) != std::string::npos;
  }
};

/// A client that sends exactly the bytes it is told to. Every wait ends after kPatience, so a
/// server that hangs fails the test instead of hanging it.
class RawClient {
 public:
  static constexpr std::chrono::milliseconds kPatience{10000};

  explicit RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  explicit RawClient(const std::string& unix_path) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, unix_path.c_str(), sizeof address.sun_path - 1);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { ::close(fd_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void shutdown_send() { ::shutdown(fd_, SHUT_WR); }
  /// Resets the connection instead of closing it.
  void reset() {
    const linger hard{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    ::close(fd_);
    fd_ = -1;
  }
  void receive_buffer(int bytes) { ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes); }

  /// Reads until `needle` has come, and returns everything up to its end.
  std::string read_until(std::string_view needle) {
    for (;;) {
      const std::size_t at = buffer_.find(needle);
      if (at != std::string::npos) return take(at + needle.size());
      if (!fill()) return {};
    }
  }
  /// Fewer only when the server ended or was silent.
  std::string read_exactly(std::size_t bytes) {
    while (buffer_.size() < bytes && fill()) {
    }
    return take(std::min(bytes, buffer_.size()));
  }
  /// Reads one answer. `head_only`: of a HEAD request.
  Answer read_answer(bool head_only = false) {
    Answer answer;
    answer.head = read_until("\r\n\r\n");
    if (answer.head.size() < 12) return answer;
    answer.status = std::stoi(answer.head.substr(9, 3));
    if (answer.status == 100) return answer;
    if (head_only || answer.status == 204) {
      answer.whole = true;
    } else if (const auto length = answer.header("Content-Length")) {
      const std::size_t wanted = std::stoul(*length);
      while (buffer_.size() < wanted && fill()) {
      }
      answer.body = take(std::min(wanted, buffer_.size()));
      answer.whole = answer.body.size() == wanted;
    } else if (answer.header("Transfer-Encoding")) {
      read_chunks(answer);
    } else {
      while (fill()) {
      }
      answer.body = take(buffer_.size());
      answer.whole = true;
    }
    return answer;
  }
  /// True when the server closes (or resets) and nothing more came.
  bool closed() {
    while (buffer_.empty() && fill()) {
    }
    return buffer_.empty() && ended_;
  }
  /// Bytes that came so far and were not read.
  [[nodiscard]] const std::string& unread() const { return buffer_; }
  /// Waits until something comes; false after `patience`.
  bool readable(std::chrono::milliseconds patience) {
    pollfd wanted{fd_, POLLIN, 0};
    return ::poll(&wanted, 1, static_cast<int>(patience.count())) > 0;
  }

 private:
  void read_chunks(Answer& answer) {
    for (;;) {
      const std::string line = read_until("\r\n");
      if (line.empty()) return;
      const std::size_t size = std::stoul(line, nullptr, 16);
      while (buffer_.size() < size + 2 && fill()) {
      }
      if (buffer_.size() < size + 2) return;
      answer.body += take(size);
      take(2);
      if (size == 0) {
        answer.whole = true;
        return;
      }
    }
  }
  bool fill() {
    if (!readable(kPatience)) return false;
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

  int fd_;
  bool connected_ = false;
  bool ended_ = false;
  std::string buffer_;
};

}  // namespace hansard::http::testing
