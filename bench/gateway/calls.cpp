#include "gateway/calls.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <memory>
#include <vector>

#include "scale/must.h"
#include "workload.h"

namespace hansard::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kReadBytes = 64U << 10;
constexpr int kPatienceMs = 30'000;

class Caller {
 public:
  Caller(const CallLoad& load, std::size_t number)
      : load_(load),
        text_(load.seed * 1'000'003 + number),
        socket_(connect_to_loopback(load.port)) {
    must(::fcntl(socket_, F_SETFL, O_NONBLOCK) == 0, "O_NONBLOCK");
  }
  ~Caller() { ::close(socket_); }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  [[nodiscard]] int socket() const { return socket_; }
  [[nodiscard]] bool done() const { return calls_ == load_.calls_each; }
  [[nodiscard]] bool writes() const { return !out_.empty(); }

  /// Sends the next call. Its text is made before the clock runs.
  void begin() {
    std::string question;
    text_.token(16, question);
    question += ' ';
    text_.words(load_.asked.bytes, question);
    std::string body = "{\"model\":\"" + load_.asked.model() + "\",";
    if (load_.asked.stream) {
      body += R"("stream":true,"stream_options":{"include_usage":true},)";
    }
    body += R"("messages":[{"role":"user","content":")" + question + "\"}]}";
    out_ = "POST " + load_.target +
           " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
    in_.clear();
    end_.reset();
    has_body_ = false;
    began_ = Clock::now();
    write();
  }
  void write() {
    const ssize_t sent = ::send(socket_, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent > 0) out_.erase(0, static_cast<std::size_t>(sent));
  }
  /// Takes what has come. @return the call has ended
  bool read(CallOutcome& outcome) {
    while (true) {
      const std::size_t had = in_.size();
      in_.resize(had + kReadBytes);
      const ssize_t got = ::read(socket_, in_.data() + had, kReadBytes);
      in_.resize(had + static_cast<std::size_t>(got > 0 ? got : 0));
      if (got < 0 && errno == EAGAIN) return false;
      must(got > 0, "an answer broke off");
      const auto length = end_.find(in_);
      if (!has_body_ && end_.head_bytes() > 0 && in_.size() > end_.head_bytes()) {
        has_body_ = true;
        outcome.first_byte.add(Clock::now() - began_);
      }
      if (!length) continue;
      must(in_.starts_with("HTTP/1.1 200"), "answered " + in_.substr(0, 300));
      must(!load_.asked.stream || in_.find("[DONE]") != std::string::npos,
           "a stream without its end");
      outcome.whole.add(Clock::now() - began_);
      ++calls_;
      ++outcome.calls;
      return true;
    }
  }

 private:
  const CallLoad& load_;
  TextSource text_;
  const int socket_;
  std::size_t calls_ = 0;
  Clock::time_point began_;
  std::string out_;
  std::string in_;
  MessageEnd end_;
  bool has_body_ = false;
};

}  // namespace

CallOutcome run_calls(const CallLoad& load) {
  CallOutcome outcome;
  std::vector<std::unique_ptr<Caller>> callers;
  const int poll = ::epoll_create1(0);
  must(poll >= 0, "epoll");
  const std::unique_ptr<const int, void (*)(const int*)> closes(
      &poll, [](const int* descriptor) { ::close(*descriptor); });
  const auto watch = [&](std::size_t number, int operation) {
    epoll_event event{};
    event.events = callers[number]->writes() ? EPOLLIN | EPOLLOUT : EPOLLIN;
    event.data.u64 = number;
    must(::epoll_ctl(poll, operation, callers[number]->socket(), &event) == 0, "epoll_ctl");
  };
  for (std::size_t i = 0; i < load.connections; ++i) {
    callers.push_back(std::make_unique<Caller>(load, i));
  }
  const auto began = Clock::now();
  for (std::size_t i = 0; i < load.connections; ++i) {
    callers[i]->begin();
    watch(i, EPOLL_CTL_ADD);
  }
  std::size_t going = load.connections;
  std::array<epoll_event, 256> events{};
  while (going > 0) {
    const int ready = ::epoll_wait(poll, events.data(), events.size(), kPatienceMs);
    must(ready > 0, "no answer came");
    for (int i = 0; i < ready; ++i) {
      const std::size_t number = events.at(static_cast<std::size_t>(i)).data.u64;
      Caller& caller = *callers[number];
      const bool wrote = caller.writes();
      if (wrote) caller.write();
      if (caller.read(outcome)) {
        if (caller.done()) {
          --going;
        } else {
          caller.begin();
        }
      }
      if (wrote != caller.writes()) watch(number, EPOLL_CTL_MOD);
    }
  }
  outcome.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  return outcome;
}

}  // namespace hansard::bench
