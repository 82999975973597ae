#include "server/wire.h"

#include <boost/asio/buffer.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace hansard::http {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t kDropBytes = 64U << 10;  ///< at a time, while lingering
constexpr std::chrono::milliseconds kLinger{2000};
constexpr std::size_t kRawBytes = 16U << 10;      ///< a record of TLS
constexpr std::size_t kEncryptBytes = 64U << 10;  ///< at a time
constexpr char kHandshakeRecord = 0x16;           ///< what a client of TLS begins with

}  // namespace

Wire::Wire(Socket socket, const Limits& limits, std::unique_ptr<tls::Session> tls)
    : limits_(limits),
      socket_(std::move(socket)),
      tls_(std::move(tls)),
      timer_(socket_.get_executor()),
      wake_(socket_.get_executor()) {}

std::string_view Wire::unread() const {
  return std::string_view(buffer_).substr(begin_, end_ - begin_);
}

void Wire::shrink(std::size_t bytes) {
  begin_ = end_ = 0;
  if (buffer_.size() <= bytes) return;
  buffer_.resize(bytes);
  buffer_.shrink_to_fit();
}

asio::awaitable<bool> Wire::fill(std::size_t room) {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  buffer_.resize(std::max({buffer_.size(), room, end_ + 1}));
  if (tls_) co_return co_await fill_decrypted();
  error_code failed;
  end_ +=
      co_await socket_.async_read_some(asio::buffer(buffer_.data() + end_, buffer_.size() - end_),
                                       asio::redirect_error(asio::use_awaitable, failed));
  // The guard may expire when the bytes are here already and the cancel finds nothing to cancel; if
  // that were overlooked, the next read would wait without a guard.
  co_return !failed && !cut_ && !expired_;
}

asio::awaitable<Wire::Greeting> Wire::greet() {
  bool first = true;
  while (tls_) {
    const tls::Session::State state = tls_->handshake();
    std::string answer = tls_->take_output();
    if (!answer.empty() && !(co_await write_raw(std::move(answer)))) co_return Greeting::failed;
    if (state == tls::Session::State::ok) break;
    if (state != tls::Session::State::more) co_return Greeting::failed;
    if (!(co_await read_raw())) co_return Greeting::failed;
    if (first && raw_.front() != kHandshakeRecord) {
      tls_ = nullptr;
      co_return Greeting::plain;
    }
    first = false;
    tls_->feed(raw_);
  }
  co_return Greeting::ready;
}

/// Into `raw_`. False: as `fill`.
asio::awaitable<bool> Wire::read_raw() {
  raw_.resize(kRawBytes);
  error_code failed;
  const std::size_t got = co_await socket_.async_read_some(
      asio::buffer(raw_.data(), raw_.size()), asio::redirect_error(asio::use_awaitable, failed));
  raw_.resize(got);
  co_return !failed && got > 0 && !cut_ && !expired_;
}

asio::awaitable<bool> Wire::write_raw(std::string bytes) {
  std::size_t written = 0;
  while (written < bytes.size()) {
    error_code failed;
    written += co_await socket_.async_write_some(
        asio::buffer(bytes.data() + written, bytes.size() - written),
        asio::redirect_error(asio::use_awaitable, failed));
    if (failed) co_return false;
  }
  co_return true;
}

/// What TLS wants to answer meanwhile (a change of keys) goes out with the next `write`: two
/// writers would mix their records.
asio::awaitable<bool> Wire::fill_decrypted() {
  for (;;) {
    std::size_t got = 0;
    const tls::Session::State state = tls_->read(buffer_.data() + end_, buffer_.size() - end_, got);
    end_ += got;
    if (state == tls::Session::State::ok) co_return !cut_ && !expired_;
    if (state != tls::Session::State::more) co_return false;
    if (!(co_await read_raw())) co_return false;
    tls_->feed(raw_);
  }
}

asio::awaitable<bool> Wire::write_encrypted(std::string head, std::string_view body) {
  const Time began = steady_clock::now();
  std::size_t written = 0;
  std::size_t held = 0;  // encrypted, and not yet sent
  for (std::string_view part : {std::string_view(head), body}) {
    while (!part.empty()) {
      const std::string_view piece = part.substr(0, kEncryptBytes);
      part.remove_prefix(piece.size());
      if (!tls_->write(piece)) co_return false;
      held += piece.size();
      // The end of the head leaves together with the beginning of its body.
      if (part.empty() && held < head.size() + body.size() - written) continue;
      guard(body_deadline(began, written));
      std::string bytes = tls_->take_output();
      const bool sent = co_await write_raw(std::move(bytes));
      if (!sent) co_return false;
      written += std::exchange(held, 0);
    }
  }
  unguard();
  co_return true;
}

/// As far as the kernel takes it at once: nobody waits for a good-bye.
void Wire::say_goodbye() {
  if (!tls_ || cut_) return;
  tls_->say_goodbye();
  const std::string bytes = tls_->take_output();
  const auto sent =
      ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  static_cast<void>(sent);
}

asio::awaitable<bool> Wire::write(std::string head, std::string_view body) {
  if (tls_) co_return co_await write_encrypted(std::move(head), body);
  const Time began = steady_clock::now();
  std::size_t written = 0;
  while (written < head.size() + body.size()) {
    const std::string_view rest_of_head =
        std::string_view(head).substr(std::min(written, head.size()));
    const std::string_view rest_of_body =
        body.substr(written > head.size() ? written - head.size() : 0);
    const std::array<asio::const_buffer, 2> buffers{
        asio::const_buffer(rest_of_head.data(), rest_of_head.size()),
        asio::const_buffer(rest_of_body.data(), rest_of_body.size())};
    guard(body_deadline(began, written));
    error_code failed;
    written += co_await socket_.async_write_some(buffers,
                                                 asio::redirect_error(asio::use_awaitable, failed));
    if (failed) co_return false;
  }
  unguard();
  co_return true;
}

asio::awaitable<void> Wire::linger() {
  say_goodbye();
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  guard(steady_clock::now() + kLinger);
  do {
    begin_ = end_ = 0;
  } while (!cut_ && co_await fill(kDropBytes));
}

asio::awaitable<void> Wire::sleep_until(Time until) {
  error_code woken;
  wake_.expires_at(until);
  co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

void Wire::watch() {
  if (watching_) return;
  watching_ = true;
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](error_code failed) {
    self->watching_ = false;
    if (failed) return;
    char byte = 0;
    auto got = ::recv(self->socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got > 0 && self->tls_) {
      // Only inside it shows whether this is the next request or a good-bye.
      self->raw_.resize(kRawBytes);
      got = ::recv(self->socket_.native_handle(), self->raw_.data(), kRawBytes, MSG_DONTWAIT);
      if (got > 0) {
        self->tls_->feed({self->raw_.data(), static_cast<std::size_t>(got)});
        const tls::Session::State state = self->tls_->look();
        if (state == tls::Session::State::more) return self->watch();
        if (state != tls::Session::State::ok) got = 0;
      }
    }
    if (got > 0) return;  // the next request, sent early; it waits its turn
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return self->watch();  // spurious
    self->hung_up_ = true;
    self->wake_.cancel();
  });
}

void Wire::unwatch() {
  // Nothing else waits on the socket then; the watch must not see the next request.
  error_code ignored;
  if (watching_) socket_.cancel(ignored);
}

void Wire::interrupt() {
  error_code ignored;
  socket_.cancel(ignored);
}

void Wire::cut(bool politely) {
  cut_ = true;
  error_code ignored;
  if (politely) {
    socket_.cancel(ignored);
  } else {
    socket_.close(ignored);
  }
  wake_.cancel();
}

void Wire::close() {
  if (socket_.is_open()) say_goodbye();
  deadline_ = Time::max();
  timer_.cancel();
  error_code ignored;
  socket_.close(ignored);
}

void Wire::guard(Time until) {
  deadline_ = until;
  expired_ = false;
  if (!timer_runs_ || until < timer_.expiry()) sleep_until_deadline();
}

void Wire::sleep_until_deadline() {
  timer_runs_ = true;
  timer_.expires_at(deadline_);
  timer_.async_wait([self = shared_from_this(), generation = ++generation_](error_code cancelled) {
    if (!cancelled) self->on_timer(generation);
  });
}

void Wire::on_timer(std::uint64_t generation) {
  if (generation != generation_) return;  // superseded while this was queued
  timer_runs_ = false;
  if (deadline_ == Time::max()) return;
  if (steady_clock::now() < deadline_) return sleep_until_deadline();
  expired_ = true;
  error_code ignored;
  socket_.cancel(ignored);
}

Wire::Time Wire::body_deadline(Time began, std::uint64_t bytes) const {
  const Time by_rate = began + limits_.duration(Limit::body_grace_ms) +
                       std::chrono::milliseconds(bytes * 1000 / limits_[Limit::bytes_per_second]);
  return std::min(by_rate, steady_clock::now() + limits_.duration(Limit::body_stall_ms));
}

}  // namespace hansard::http
