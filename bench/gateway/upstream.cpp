#include "gateway/upstream.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <tuple>
#include <vector>

#include "gateway/wire.h"
#include "scale/must.h"
#include "workload.h"

namespace hansard::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kDeltaBytes = 64;
constexpr std::size_t kReadBytes = 64U << 10;

std::string text_of(std::size_t bytes) {
  std::string text;
  TextSource(bytes).words(bytes, text);
  return text;
}

std::string document(std::size_t bytes) {
  const std::string body =
      R"({"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"bench","choices":[)"
      R"({"index":0,"message":{"role":"assistant","content":")" +
      text_of(bytes) +
      R"("},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":200,)"
      R"("completion_tokens":100,"total_tokens":300}})";
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

void add_chunk(std::string& out, const std::string& data) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string size;
  const std::string event = "data: " + data + "\n\n";
  for (std::size_t rest = event.size(); rest > 0; rest /= 16) size.insert(0, 1, kHex[rest % 16]);
  out += size + "\r\n" + event + "\r\n";
}

std::string stream(std::size_t bytes) {
  const std::string head =
      R"({"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"bench",)";
  const std::string text = text_of(bytes);
  std::string out =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0; at < text.size(); at += kDeltaBytes) {
    add_chunk(out, head + R"("choices":[{"index":0,"delta":{"content":")" +
                       text.substr(at, kDeltaBytes) + R"("},"finish_reason":null}],"usage":null})");
  }
  add_chunk(out, head + R"("choices":[{"index":0,"delta":{},"finish_reason":"stop"}],)"
                        R"("usage":null})");
  add_chunk(out, head + R"("choices":[],"usage":{"prompt_tokens":200,"completion_tokens":100,)"
                        R"("total_tokens":300}})");
  add_chunk(out, "[DONE]");
  return out + "0\r\n\r\n";
}

struct Peer {
  explicit Peer(int with) : socket(with) {}
  ~Peer() { ::close(socket); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  const int socket;
  std::string in;
  std::string out;  ///< of it, what the kernel did not take yet
  MessageEnd end;
};

/// Everything of the thread.
class Loop {
 public:
  Loop(int listener, int stop, std::atomic<std::uint64_t>& answered)
      : listener_(listener), stop_(stop), answered_(answered), poll_(::epoll_create1(0)) {
    watch(listener_, EPOLLIN, EPOLL_CTL_ADD);
    watch(stop_, EPOLLIN, EPOLL_CTL_ADD);
  }
  ~Loop() { ::close(poll_); }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run() {
    std::array<epoll_event, 256> events{};
    while (true) {
      const int ready = ::epoll_wait(poll_, events.data(), events.size(), patience());
      for (int i = 0; i < ready; ++i) {
        const int socket = events.at(static_cast<std::size_t>(i)).data.fd;
        if (socket == stop_) return;
        if (socket == listener_) {
          accept();
        } else {
          serve(socket);
        }
      }
      while (!due_.empty() && due_.top().at <= Clock::now()) {
        const Due due = due_.top();
        due_.pop();
        if (const auto peer = peers_.find(due.socket); peer != peers_.end()) {
          answer(*peer->second, due.asked);
        }
      }
    }
  }

 private:
  struct Due {
    Clock::time_point at;
    int socket;
    Asked asked;
    bool operator<(const Due& other) const { return at > other.at; }
  };

  void watch(int socket, std::uint32_t what, int operation) const {
    epoll_event event{};
    event.events = what;
    event.data.fd = socket;
    ::epoll_ctl(poll_, operation, socket, &event);
  }
  [[nodiscard]] int patience() const {
    if (due_.empty()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(due_.top().at - Clock::now());
    return left.count() < 0 ? 0 : static_cast<int>(left.count());
  }
  void accept() {
    while (true) {
      const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (socket < 0) return;
      peers_.emplace(socket, std::make_unique<Peer>(socket));
      watch(socket, EPOLLIN, EPOLL_CTL_ADD);
    }
  }
  void serve(int socket) {
    Peer& peer = *peers_.at(socket);
    if (!peer.out.empty()) flush(peer);
    while (true) {
      const std::size_t had = peer.in.size();
      peer.in.resize(had + kReadBytes);
      const ssize_t got = ::read(socket, peer.in.data() + had, kReadBytes);
      peer.in.resize(had + static_cast<std::size_t>(got > 0 ? got : 0));
      if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        peers_.erase(socket);
        return;
      }
      if (got < 0) break;
    }
    while (const auto length = peer.end.find(peer.in)) {
      const auto asked =
          Asked::of(std::string_view(peer.in).substr(peer.end.head_bytes(), *length));
      peer.in.erase(0, *length);
      peer.end.reset();
      const Asked wanted = asked.value_or(Asked{});
      if (wanted.delay_ms == 0) {
        answer(peer, wanted);
      } else {
        due_.push({Clock::now() + std::chrono::milliseconds(wanted.delay_ms), socket, wanted});
      }
    }
  }
  void answer(Peer& peer, const Asked& asked) {
    auto [kept, fresh] = answers_.try_emplace({asked.bytes, asked.stream});
    if (fresh) kept->second = asked.stream ? stream(asked.bytes) : document(asked.bytes);
    peer.out += kept->second;
    ++answered_;
    flush(peer);
  }
  void flush(Peer& peer) const {
    const ssize_t sent = ::send(peer.socket, peer.out.data(), peer.out.size(), MSG_NOSIGNAL);
    if (sent > 0) peer.out.erase(0, static_cast<std::size_t>(sent));
    watch(peer.socket, peer.out.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
  }

  const int listener_;
  const int stop_;
  std::atomic<std::uint64_t>& answered_;
  const int poll_;
  std::map<int, std::unique_ptr<Peer>> peers_;
  std::map<std::pair<std::size_t, bool>, std::string> answers_;
  std::priority_queue<Due> due_;
};

}  // namespace

Upstream::Upstream() : stop_(::eventfd(0, EFD_CLOEXEC)) {
  listener_ = listen_on_loopback(port_);
  must(stop_ >= 0, "an eventfd");
  thread_ = std::thread([this] { run(); });
}

Upstream::~Upstream() {
  const std::uint64_t one = 1;
  static_cast<void>(::write(stop_, &one, sizeof one) == sizeof one);
  thread_.join();
  ::close(listener_);
  ::close(stop_);
}

void Upstream::run() { Loop(listener_, stop_, answered_).run(); }

}  // namespace hansard::bench
