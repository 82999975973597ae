#include "http_load.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace hansard::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kSilence{60};

class Connection {
 public:
  explicit Connection(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (fd_ < 0 || ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
      if (fd_ >= 0) ::close(fd_);
      throw std::runtime_error(std::string("cannot connect: ") + std::strerror(errno));
    }
  }
  ~Connection() { ::close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] int fd() const { return fd_; }

  void send(const std::string& request) {
    sent = Clock::now();
    std::string_view left = request;
    while (!left.empty()) {
      const ssize_t count = ::send(fd_, left.data(), left.size(), MSG_NOSIGNAL);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) throw std::runtime_error("the server closed the connection");
      left.remove_prefix(static_cast<std::size_t>(count));
    }
    waiting = true;
  }

  /// Takes what has arrived. @return true when the answer is whole.
  bool receive() {
    static thread_local std::array<char, 256U << 10> bytes;
    const ssize_t count = ::recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return false;
    if (count <= 0) throw std::runtime_error("the server closed the connection");
    buffer_.append(bytes.data(), static_cast<std::size_t>(count));
    if (head_bytes_ == 0) read_head();
    return head_bytes_ != 0 && buffer_.size() >= head_bytes_ + body_bytes_;
  }

  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] std::string_view body() const {
    return std::string_view(buffer_).substr(head_bytes_, body_bytes_);
  }
  void done() {
    buffer_.erase(0, head_bytes_ + body_bytes_);
    head_bytes_ = 0;
    waiting = false;
  }

  bool waiting = false;      ///< for an answer
  std::size_t next = 0;      ///< request to send
  Clock::time_point sent{};  ///< when the last one was
  Clock::time_point due{};   ///< when the next one is, at a fixed rate

 private:
  void read_head() {
    const std::size_t end = buffer_.find("\r\n\r\n");
    if (end == std::string::npos) return;
    constexpr std::string_view kLength = "content-length:";
    bool found = false;
    for (std::size_t at = buffer_.find("\r\n"); at < end; at = buffer_.find("\r\n", at + 2)) {
      const char* line = buffer_.data() + at + 2;
      if (::strncasecmp(line, kLength.data(), kLength.size()) != 0) continue;
      line += kLength.size();
      while (*line == ' ') ++line;
      found = std::from_chars(line, buffer_.data() + end, body_bytes_).ec == std::errc{};
    }
    if (!found) throw std::runtime_error("an answer without Content-Length");
    std::from_chars(buffer_.data() + 9, buffer_.data() + 12, status_);
    head_bytes_ = end + 4;
  }

  int fd_;
  std::string buffer_;
  std::size_t head_bytes_ = 0;  ///< 0: not whole yet
  std::size_t body_bytes_ = 0;
  int status_ = 0;
};

class Driver {
 public:
  Driver(const HttpLoad& load, HttpOutcome& outcome)
      : load_(load), outcome_(outcome), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (std::size_t i = 0; i < load.connections.size(); ++i) {
      connections_.push_back(std::make_unique<Connection>(load.port));
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, connections_.back()->fd(), &event);
    }
  }
  ~Driver() { ::close(epoll_); }
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  void run() {
    std::size_t requests = 0;
    for (const auto& each : load_.connections) requests += each.size();
    outcome_.latencies.reserve(requests);
    const Meter meter;
    start();
    while (send_due() || waiting_ != 0) {
      if (!wait()) throw std::runtime_error("no answer for a minute");
      if (load_.stop != nullptr && load_.stop->load()) break;
    }
    outcome_.usage = meter.stop();
  }

 private:
  void start() {
    if (load_.per_second <= 0) return;
    const double each = static_cast<double>(connections_.size()) / load_.per_second;
    interval_ = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(each));
    auto due = Clock::now();
    for (auto& connection : connections_) {
      connection->due = due;
      due += interval_ / static_cast<std::int64_t>(connections_.size());
    }
  }

  [[nodiscard]] bool has_more(std::size_t i) const {
    return load_.repeat || connections_[i]->next < load_.connections[i].size();
  }

  /// Sends whatever may be sent now. @return whether anything will be sent later.
  bool send_due() {
    bool more = false;
    const auto now = interval_.count() != 0 ? Clock::now() : Clock::time_point{};
    next_due_.reset();
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      Connection& connection = *connections_[i];
      if (connection.waiting) continue;
      if (!has_more(i)) continue;
      if (interval_.count() != 0 && connection.due > now) {
        next_due_ = std::min(next_due_.value_or(connection.due), connection.due);
        more = true;
        continue;
      }
      connection.send(load_.connections[i][connection.next % load_.connections[i].size()]);
      connection.due += interval_;
      ++connection.next;
      ++waiting_;
    }
    return more;
  }

  /// @return false when nothing came for too long.
  bool wait() {
    auto patience = std::chrono::duration_cast<std::chrono::nanoseconds>(kSilence);
    if (next_due_) patience = std::max(*next_due_ - Clock::now(), Clock::duration::zero());
    timespec timeout{};
    timeout.tv_sec = patience.count() / 1'000'000'000;
    timeout.tv_nsec = patience.count() % 1'000'000'000;
    std::array<epoll_event, 64> events;
    const int count =
        ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
    for (int i = 0; i < count; ++i) answer(events[static_cast<std::size_t>(i)].data.u64);
    return count != 0 || next_due_;
  }

  void answer(std::size_t i) {
    Connection& connection = *connections_[i];
    if (!connection.receive()) return;
    HttpAnswered answered{
        i,           connection.next - 1, connection.status(), connection.body(), connection.sent,
        Clock::now()};
    outcome_.latencies.add(answered.answered - answered.sent);
    ++outcome_.answers;
    if (answered.status < 200 || answered.status > 299) {
      throw std::runtime_error("answered " + std::to_string(answered.status) + ": " +
                               std::string(answered.body.substr(0, 300)));
    }
    if (load_.told) load_.told(answered);
    connection.done();
    --waiting_;
  }

  const HttpLoad& load_;
  HttpOutcome& outcome_;
  int epoll_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::size_t waiting_ = 0;
  Clock::duration interval_{};
  std::optional<Clock::time_point> next_due_;
};

}  // namespace

HttpOutcome run_http(const HttpLoad& load) {
  HttpOutcome outcome;
  try {
    Driver(load, outcome).run();
  } catch (const std::runtime_error& thrown) {
    outcome.problem = thrown.what();
  }
  return outcome;
}

std::string http_request(std::string_view method, std::string_view target, std::string_view body) {
  std::string request(method);
  request.append(" ").append(target).append(" HTTP/1.1\r\nHost: 127.0.0.1\r\n");
  if (!body.empty()) {
    request.append("Content-Type: application/json\r\nContent-Length: ");
    request.append(std::to_string(body.size())).append("\r\n");
  }
  return request.append("\r\n").append(body);
}

}  // namespace hansard::bench
