#include "socket.h"

#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <utility>

#include "loop_impl.h"

namespace hansard::providers {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

Socket::Moved moved(std::size_t bytes, const error_code& failed) {
  if (!failed) return {bytes, false, {}};
  if (failed == asio::error::would_block || failed == asio::error::try_again) return {};
  if (failed == asio::error::eof) return {0, true, {}};
  return {0, true, failed.message()};
}

}  // namespace

struct Socket::Impl {
  explicit Impl(asio::io_context& io) : socket(io) {}
  tcp::socket socket;
  bool closed = false;
  std::function<void(std::string)> connected;
  std::function<void()> readable;
  std::function<void()> writable;
};

Socket::Socket(Loop& loop) : impl_(std::make_shared<Impl>(loop.impl().io)) {}

Socket::~Socket() { close(); }

void Socket::connect(const std::string& address, std::uint16_t port,
                     std::function<void(std::string)> done) {
  error_code failed;
  const auto ip = asio::ip::make_address(address, failed);
  if (!failed) impl_->socket.open(ip.is_v4() ? tcp::v4() : tcp::v6(), failed);
  // Both only improve things: no waiting for more to send, and a host that vanished is noticed.
  error_code ignored;
  impl_->socket.set_option(tcp::no_delay(true), ignored);
  impl_->socket.set_option(asio::socket_base::keep_alive(true), ignored);
  if (!failed) impl_->socket.non_blocking(true, failed);
  impl_->connected = std::move(done);
  const auto told = [impl = impl_](const error_code& outcome) {
    if (impl->closed) return;
    const auto tell = std::exchange(impl->connected, nullptr);
    tell(outcome ? outcome.message() : std::string());
  };
  if (failed) {
    asio::post(impl_->socket.get_executor(), [told, failed] { told(failed); });
    return;
  }
  impl_->socket.async_connect({ip, port}, told);
}

void Socket::when_readable(std::function<void()> ready) {
  const bool waiting = impl_->readable != nullptr;
  impl_->readable = std::move(ready);
  if (waiting) return;
  impl_->socket.async_wait(tcp::socket::wait_read, [impl = impl_](const error_code& /*told*/) {
    if (impl->closed) return;  // whatever else went wrong, reading will say
    const auto tell = std::exchange(impl->readable, nullptr);
    tell();
  });
}

void Socket::when_writable(std::function<void()> ready) {
  const bool waiting = impl_->writable != nullptr;
  impl_->writable = std::move(ready);
  if (waiting) return;
  impl_->socket.async_wait(tcp::socket::wait_write, [impl = impl_](const error_code& /*told*/) {
    if (impl->closed) return;
    const auto tell = std::exchange(impl->writable, nullptr);
    tell();
  });
}

Socket::Moved Socket::read(std::span<char> room) {
  if (impl_->closed) return {0, true, "closed"};
  error_code failed;
  const std::size_t bytes = impl_->socket.read_some(asio::buffer(room.data(), room.size()), failed);
  return moved(bytes, failed);
}

Socket::Moved Socket::write(std::string_view first, std::string_view second) {
  if (impl_->closed) return {0, true, "closed"};
  error_code failed;
  const std::array<asio::const_buffer, 2> both{asio::buffer(first), asio::buffer(second)};
  const std::size_t bytes = impl_->socket.write_some(both, failed);
  return moved(bytes, failed);
}

void Socket::close() {
  if (std::exchange(impl_->closed, true)) return;
  impl_->connected = nullptr;
  impl_->readable = nullptr;
  impl_->writable = nullptr;
  error_code ignored;  // nothing is left to lose
  impl_->socket.close(ignored);
}

}  // namespace hansard::providers
