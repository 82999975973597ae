#include "flood.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace hansard::overload {
namespace {

using Clock = std::chrono::steady_clock;

struct Client {
  int fd = -1;
  std::string out;  ///< of one request, begun
  std::string in;
  std::uint64_t unanswered = 0;
};

class Flood {
 public:
  Flood(const FloodOptions& options, FloodOutcome& outcome)
      : options_(options), outcome_(outcome), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    clients_.resize(options.connections);
    for (std::size_t i = 0; i < clients_.size(); ++i) connect(i);
  }
  ~Flood() {
    // Given up: what the server has not read of it is taken back, as far as TCP can.
    const linger hard{1, 0};
    for (const Client& client : clients_) {
      if (client.fd < 0) continue;
      ::setsockopt(client.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
      ::close(client.fd);
    }
    ::close(epoll_);
  }
  Flood(const Flood&) = delete;
  Flood& operator=(const Flood&) = delete;

  void run() {
    const auto start = Clock::now();
    const auto end = start + options_.duration;
    for (auto now = start; now < end; now = Clock::now()) {
      const double seconds = std::chrono::duration<double>(now - start).count();
      const auto due = static_cast<std::uint64_t>(seconds * options_.per_second);
      // Offers in small bursts, so that answers are read between them.
      for (int burst = 0; burst < 256 && outcome_.offered < due; ++burst) offer();
      read_all(outcome_.offered < due ? 0 : 1);
    }
    const auto patience = Clock::now() + std::chrono::seconds(10);
    while (unanswered() > 0 && Clock::now() < patience) {
      for (Client& client : clients_) push(client);
      read_all(10);
    }
  }

 private:
  void connect(std::size_t index) {
    Client& client = clients_[index];
    client.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(options_.port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(client.fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
      return drop(client);
    }
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    wanted.data.u64 = index;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, client.fd, &wanted);
  }

  void drop(Client& client) {
    if (client.fd < 0) return;
    ::close(client.fd);
    client.fd = -1;
    client.out.clear();
    client.unanswered = 0;
    ++outcome_.ended;
  }

  void offer() {
    Client& client = clients_[next_++ % clients_.size()];
    ++outcome_.offered;
    if (client.fd < 0 || !client.out.empty()) return;
    std::array<char, 16> number{};
    std::snprintf(number.data(), number.size(), "%08llu",
                  static_cast<unsigned long long>(outcome_.offered % 100'000'000U));
    client.out = options_.head + number.data() + options_.tail;
    ++client.unanswered;
    push(client);
  }

  void push(Client& client) {
    while (client.fd >= 0 && !client.out.empty()) {
      const ssize_t count =
          ::send(client.fd, client.out.data(), client.out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count <= 0) {
        if (errno == EAGAIN || errno == EINTR) return;
        // The answer that the server gave before it closed may still be there to be read.
        client.out.clear();
        return;
      }
      client.out.erase(0, static_cast<std::size_t>(count));
      if (client.out.empty()) ++outcome_.sent;
    }
  }

  void read_all(int patience_ms) {
    std::array<epoll_event, 256> ready{};
    const int count =
        ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), patience_ms);
    for (int i = 0; i < count; ++i) {
      Client& client = clients_[ready[static_cast<std::size_t>(i)].data.u64];
      if (client.fd >= 0) read(client);
    }
  }

  void read(Client& client) {
    static thread_local std::array<char, 64U << 10> bytes;
    const ssize_t count = ::recv(client.fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count > 0) client.in.append(bytes.data(), static_cast<std::size_t>(count));
    take_answers(client);
    if (count > 0) return push(client);
    if (!client.in.empty()) ++outcome_.sent_at_end;
    drop(client);
  }

  void take_answers(Client& client) {
    std::size_t at = 0;
    for (;;) {
      const std::size_t end = client.in.find("\r\n\r\n", at);
      if (end == std::string::npos) break;
      const std::string_view head(client.in.data() + at, end - at);
      const std::size_t length_at = head.find("Content-Length: ");
      const std::size_t length =
          length_at == std::string_view::npos
              ? 0
              : std::strtoul(std::string(head.substr(length_at + 16, 12)).c_str(), nullptr, 10);
      if (client.in.size() < end + 4 + length) break;
      const int status = std::atoi(std::string(head.substr(9, 3)).c_str());
      ++outcome_.answers[status];
      const bool advised = head.find("Retry-After: ") != std::string_view::npos;
      if ((status == 429 || status == 503) && !advised) ++outcome_.refused_without_advice;
      if (client.unanswered > 0) --client.unanswered;
      at = end + 4 + length;
    }
    client.in.erase(0, at);
  }

  [[nodiscard]] std::uint64_t unanswered() const {
    std::uint64_t sum = 0;
    for (const Client& client : clients_) sum += client.unanswered;
    return sum;
  }

  const FloodOptions& options_;
  FloodOutcome& outcome_;
  const int epoll_;
  std::vector<Client> clients_;
  std::size_t next_ = 0;
};

}  // namespace

FloodOutcome flood(const FloodOptions& options) {
  FloodOutcome outcome;
  Flood(options, outcome).run();
  return outcome;
}

}  // namespace hansard::overload
