#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "engine_server.h"

/// Many WebSocket subscribers at once, in one thread of the test.
namespace hansard::http::testing {

/// When each event was acknowledged to its writer. Thread-safe.
class Acks {
 public:
  using Time = std::chrono::steady_clock::time_point;
  explicit Acks(std::size_t events) : at_(events) {}
  void set(std::size_t event, Time at) { at_[event] = at.time_since_epoch().count(); }
  /// 0 while it is not acknowledged: a push may be faster than the receipt.
  [[nodiscard]] std::int64_t get(std::size_t event) const { return at_[event]; }

 private:
  std::vector<std::atomic<std::int64_t>> at_;
};

/// Subscribers of everything from the head on, who read as fast as one thread can, and check that
/// each gets every event once, in order.
class Crowd {
 public:
  Crowd(std::uint16_t port, std::size_t count, std::uint64_t first, std::uint64_t events)
      : first_(first), events_(events), epoll_(::epoll_create1(0)) {
    clients_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) connect(port);
  }
  ~Crowd() {
    for (const Client& client : clients_) ::close(client.fd);
    ::close(epoll_);
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  /// Until everybody is at the head; false after `patience`.
  bool join(std::chrono::seconds patience) {
    return run(patience, [this] { return caught_up_ == clients_.size(); });
  }
  /// Until everybody has everything.
  bool receive(std::chrono::seconds patience) {
    return run(patience, [this] { return complete_ == clients_.size() || !wrong_.empty(); });
  }
  /// What was received out of order, or empty.
  [[nodiscard]] const std::string& wrong() const { return wrong_; }

  struct Arrival {
    std::size_t event;
    std::int64_t at;
  };
  [[nodiscard]] const std::vector<Arrival>& arrivals() const { return arrivals_; }

 private:
  struct Client {
    int fd = -1;
    bool upgraded = false;
    std::string buffer;
    std::uint64_t next = 0;
  };

  void connect(std::uint16_t port) {
    Client client;
    client.fd = ::socket(AF_INET, SOCK_STREAM, 0);
    client.next = first_;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::connect(client.fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0)
        << std::strerror(errno);
    const std::string_view request =
        "GET /v1/live?from=head HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    ASSERT_EQ(::send(client.fd, request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    wanted.data.u64 = clients_.size();
    ASSERT_EQ(::epoll_ctl(epoll_, EPOLL_CTL_ADD, client.fd, &wanted), 0);
    clients_.push_back(std::move(client));
  }

  template <class Done>
  bool run(std::chrono::seconds patience, const Done& done) {
    const auto until = std::chrono::steady_clock::now() + patience;
    std::vector<epoll_event> ready(256);
    while (!done()) {
      if (std::chrono::steady_clock::now() > until) return false;
      const int count = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), 100);
      for (int i = 0; i < count; ++i) {
        read(clients_[ready[static_cast<std::size_t>(i)].data.u64]);
      }
    }
    return true;
  }

  void read(Client& client) {
    char bytes[65536];
    const auto got = ::recv(client.fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got <= 0) {
      if (got == 0) wrong_ = "the server closed a subscriber";
      return;
    }
    const std::int64_t now = std::chrono::steady_clock::now().time_since_epoch().count();
    client.buffer.append(bytes, static_cast<std::size_t>(got));
    if (!client.upgraded) {
      const std::size_t end = client.buffer.find("\r\n\r\n");
      if (end == std::string::npos) return;
      if (client.buffer.compare(9, 3, "101") != 0) wrong_ = client.buffer;
      client.buffer.erase(0, end + 4);
      client.upgraded = true;
    }
    std::size_t at = 0;
    while (take_frame(client, at, now)) {
    }
    client.buffer.erase(0, at);
  }

  bool take_frame(Client& client, std::size_t& at, std::int64_t now) {
    const auto byte = [&](std::size_t i) {
      return static_cast<std::size_t>(static_cast<unsigned char>(client.buffer[at + i]));
    };
    if (client.buffer.size() < at + 4) return false;
    std::size_t head = 2;
    std::size_t length = byte(1);
    if (length == 126) {
      head = 4;
      length = byte(2) * 256 + byte(3);
    }
    if (client.buffer.size() < at + head + length) return false;
    const bool is_text = byte(0) == 0x81;
    const std::string_view text(client.buffer.data() + at + head, length);
    at += head + length;
    if (is_text) take_text(client, text, now);
    return true;
  }

  void take_text(Client& client, std::string_view text, std::int64_t now) {
    if (text.find("\"frame\":\"caught_up\"") != std::string_view::npos) ++caught_up_;
    constexpr std::string_view kEvent = "{\"frame\":\"event\",\"position\":";
    if (text.substr(0, kEvent.size()) != kEvent) return;
    const std::uint64_t position =
        std::strtoull(std::string(text.substr(kEvent.size(), 20)).c_str(), nullptr, 10);
    if (position != client.next) {
      wrong_ =
          "position " + std::to_string(position) + " instead of " + std::to_string(client.next);
    }
    client.next = position + 1;
    arrivals_.push_back({static_cast<std::size_t>(position - first_), now});
    if (client.next == first_ + events_) ++complete_;
  }

  const std::uint64_t first_;
  const std::uint64_t events_;
  const int epoll_;
  std::vector<Client> clients_;
  std::size_t caught_up_ = 0;
  std::size_t complete_ = 0;
  std::string wrong_;
  std::vector<Arrival> arrivals_;
};

class LiveCrowd : public EngineServer {
 protected:
  /// `events` appends on one connection, each after the answer to the one before and no sooner than
  /// `apart` after it, pushed to `subscribers`; prints how long after its receipt an event arrived,
  /// over all subscribers.
  void push(std::size_t subscribers, std::size_t events,
            std::chrono::milliseconds apart = std::chrono::milliseconds(0)) {
    limit("connections", 20'000);
    start();
    Crowd crowd(port(), subscribers, log_.end().value, events);
    ASSERT_TRUE(crowd.join(std::chrono::seconds(60))) << crowd.wrong();
    Acks acks(events);
    const std::string body = R"({"records":[{"stream":"custom-a","type":"Noted","facts":{"t":")" +
                             std::string(700, 'x') + R"("}}]})";
    const std::string request =
        "POST /v1/append HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Content-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body;
    std::thread writer([&] {
      RawClient client(port());
      auto due = std::chrono::steady_clock::now();
      for (std::size_t i = 0; i < events; ++i, due += apart) {
        std::this_thread::sleep_until(due);
        client.send(request);
        EXPECT_EQ(client.read_answer().status, 201);
        acks.set(i, std::chrono::steady_clock::now());
      }
    });
    const bool whole = crowd.receive(std::chrono::seconds(120));
    writer.join();
    EXPECT_TRUE(whole);
    EXPECT_EQ(crowd.wrong(), "");
    EXPECT_EQ(crowd.arrivals().size(), subscribers * events);
    print(subscribers, events, crowd, acks);
  }

 private:
  static void print(std::size_t subscribers, std::size_t events, const Crowd& crowd,
                    const Acks& acks) {
    std::vector<double> late;
    late.reserve(crowd.arrivals().size());
    for (const Crowd::Arrival& arrival : crowd.arrivals()) {
      const std::int64_t after = arrival.at - acks.get(arrival.event);
      late.push_back(std::max(0.0, static_cast<double>(after) / 1e6));
    }
    if (late.empty()) return;
    std::sort(late.begin(), late.end());
    const auto at = [&](double share) {
      return late[static_cast<std::size_t>(share * static_cast<double>(late.size() - 1))];
    };
    std::printf(
        "%zu subscribers, %zu events: delivered after the ack p50 %.2f ms, p99 %.2f ms, "
        "most %.2f ms\n",
        subscribers, events, at(0.5), at(0.99), late.back());
  }
};

}  // namespace hansard::http::testing
