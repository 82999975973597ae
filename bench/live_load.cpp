#include "live_load.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace hansard::bench {
namespace {

constexpr std::uint8_t kText = 1;
constexpr std::uint8_t kClose = 8;
constexpr std::uint8_t kPing = 9;
constexpr std::uint8_t kPong = 10;
constexpr std::chrono::seconds kPatience{30};

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    if (fd >= 0) ::close(fd);
    throw std::runtime_error(std::string("cannot connect: ") + std::strerror(errno));
  }
  return fd;
}

void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw std::runtime_error("a subscription was cut off");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

class LiveLoad::Subscriber {
 public:
  Subscriber(std::uint16_t port, const std::string& target) : fd_(connect_to(port)) {
    try {
      shake_hands(target);
    } catch (...) {
      ::close(fd_);
      throw;
    }
  }
  ~Subscriber() { ::close(fd_); }
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  [[nodiscard]] int fd() const { return fd_; }

  void receive() {
    static thread_local std::array<char, 256U << 10> bytes;
    const ssize_t count = ::recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (count <= 0) throw std::runtime_error("a subscription was cut off");
    buffer_.append(bytes.data(), static_cast<std::size_t>(count));
  }

  /// The next whole text message; pings are answered on the way. Lent until the next call.
  std::optional<std::string_view> next() {
    while (true) {
      if (used_ != 0 && used_ == buffer_.size()) {
        buffer_.clear();
        used_ = 0;
      }
      const std::string_view left = std::string_view(buffer_).substr(used_);
      if (left.size() < 2) return compact();
      const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(left[at]); };
      std::size_t head = 2;
      std::uint64_t length = byte(1) & 0x7fU;  // servers do not mask
      const std::size_t more = length == 126 ? 2 : length == 127 ? 8 : 0;
      if (left.size() < head + more) return compact();
      if (more != 0) length = 0;
      for (std::size_t i = 0; i < more; ++i) length = length << 8U | byte(head + i);
      head += more;
      if (left.size() < head + length) return compact();
      const std::string_view payload = left.substr(head, length);
      used_ += head + length;
      const std::uint8_t opcode = byte(0) & 0x0fU;
      if (opcode == kText) return payload;
      if (opcode == kClose) throw std::runtime_error("a subscription was closed");
      if (opcode == kPing) pong(payload);
    }
  }

 private:
  /// Nothing whole is left: what has been read makes room.
  std::optional<std::string_view> compact() {
    buffer_.erase(0, used_);
    used_ = 0;
    return {};
  }

  void pong(std::string_view payload) {
    std::string frame{static_cast<char>(0x80U | kPong), static_cast<char>(0x80U | payload.size())};
    frame.append(4, '\0');  // a mask of zeros leaves the payload as it is
    send_all(fd_, frame.append(payload));
  }

  void shake_hands(const std::string& target) {
    send_all(fd_, "GET " + target +
                      " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                      "Sec-WebSocket-Key: aGFuc2FyZCBiZW5jaG1hcg==\r\n\r\n");
    std::array<char, 4096> bytes{};
    std::size_t end = std::string::npos;
    while (end == std::string::npos) {
      const ssize_t count = ::recv(fd_, bytes.data(), bytes.size(), 0);
      if (count <= 0) throw std::runtime_error("no answer to a subscription");
      buffer_.append(bytes.data(), static_cast<std::size_t>(count));
      end = buffer_.find("\r\n\r\n");
    }
    if (buffer_.rfind("HTTP/1.1 101", 0) != 0) {
      throw std::runtime_error("a subscription was refused: " + buffer_.substr(0, 800));
    }
    used_ = end + 4;
  }

  int fd_;
  std::string buffer_;
  std::size_t used_ = 0;
};

LiveLoad::LiveLoad(std::uint16_t port, std::size_t subscribers, const std::string& target)
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_CLOEXEC)) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
  for (std::size_t i = 0; i < subscribers; ++i) {
    subscribers_.push_back(std::make_unique<Subscriber>(port, target));
    event.data.ptr = subscribers_.back().get();
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, subscribers_.back()->fd(), &event);
  }
  thread_ = std::thread([this] {
    try {
      for (auto& subscriber : subscribers_) take(*subscriber);  // came with the handshake
      read();
    } catch (const std::runtime_error& thrown) {
      problem_ = thrown.what();
      failed_ = true;
    }
  });
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (caught_up_ < subscribers && !failed_ && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  if (caught_up_ < subscribers) {
    static_cast<void>(stop());
    throw std::runtime_error("subscribers do not catch up");
  }
}

LiveLoad::~LiveLoad() {
  if (thread_.joinable()) {
    ::eventfd_write(wake_, 1);
    thread_.join();
  }
  if (wake_ >= 0) ::close(wake_);
  if (epoll_ >= 0) ::close(epoll_);
}

std::vector<LiveLoad::Arrival> LiveLoad::stop() {
  ::eventfd_write(wake_, 1);
  thread_.join();
  subscribers_.clear();
  if (problem_) throw std::runtime_error(*problem_);
  return std::move(arrivals_);
}

void LiveLoad::read() {
  std::array<epoll_event, 64> events{};
  while (true) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      auto* subscriber = static_cast<Subscriber*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (subscriber == nullptr) return;
      subscriber->receive();
      take(*subscriber);
    }
  }
}

void LiveLoad::take(Subscriber& subscriber) {
  constexpr std::string_view kEvent = R"({"frame":"event","position":)";
  constexpr std::string_view kCaughtUp = R"({"frame":"caught_up")";
  constexpr std::string_view kFellBehind = R"({"frame":"fell_behind")";
  const auto now = std::chrono::steady_clock::now();
  while (const auto message = subscriber.next()) {
    if (message->substr(0, kEvent.size()) == kEvent) {
      Arrival arrival{0, now};
      const char* from = message->data() + kEvent.size();
      std::from_chars(from, message->data() + message->size(), arrival.position);
      arrivals_.push_back(arrival);
      ++arrived_;
    } else if (message->substr(0, kCaughtUp.size()) == kCaughtUp) {
      ++caught_up_;
    } else if (message->substr(0, kFellBehind.size()) == kFellBehind) {
      throw std::runtime_error("a subscriber fell behind");
    }
  }
}

}  // namespace hansard::bench
