#include "websocket_client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "api_contract.h"

namespace hansard::http::testing {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

struct WebSocketClient::Impl {
  std::uint16_t port = 0;
  std::string target;
  asio::io_context io{1};
  websocket::stream<asio::ip::tcp::socket, false> stream{io};
  boost::beast::flat_buffer buffer;
  websocket::response_type response;
  std::string pong;
  bool open = false;
  bool reading = false;  ///< a read was begun and did not end in time
  bool read_done = false;
  error_code read_failed;

  /// Runs until `done`, at most for `patience`.
  bool run(const bool& done, std::chrono::milliseconds patience) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!done && std::chrono::steady_clock::now() < until) {
      io.restart();
      io.run_one_until(until);
    }
    return done;
  }
  template <class Start>
  bool finish(const Start& start) {
    bool done = false;
    error_code failed;
    start([&done, &failed](error_code ec, std::size_t) {
      failed = ec;
      done = true;
    });
    return run(done, kPatience) && !failed;
  }
};

WebSocketClient::WebSocketClient(std::uint16_t port, const std::string& target,
                                 const std::string& host, const std::string& origin)
    : impl_(std::make_unique<Impl>()) {
  Impl& impl = *impl_;
  impl.port = port;
  impl.target = target;
  error_code failed;
  impl.stream.next_layer().connect({asio::ip::address_v4::loopback(), port}, failed);
  if (failed) return;
  impl.stream.set_option(
      websocket::stream_base::decorator([origin](websocket::request_type& request) {
        if (!origin.empty()) request.set("Origin", origin);
      }));
  impl.stream.control_callback(
      [&impl](websocket::frame_type kind, boost::beast::string_view payload) {
        if (kind == websocket::frame_type::pong) impl.pong = std::string(payload);
      });
  impl.open = impl.finish([&](auto done) {
    impl.stream.async_handshake(impl.response, host, target,
                                [done](error_code ec) mutable { done(ec, 0); });
  });
}

WebSocketClient::~WebSocketClient() {
  if (!impl_) return;
  error_code ignored;
  impl_->stream.next_layer().close(ignored);
  impl_->io.restart();
  impl_->io.run();  // what was begun ends with an error
}

WebSocketClient::WebSocketClient(WebSocketClient&&) noexcept = default;

bool WebSocketClient::open() const { return impl_->open; }
int WebSocketClient::status() const { return static_cast<int>(impl_->response.result_int()); }

bool WebSocketClient::send(std::string_view text) {
  impl_->stream.text(true);
  return impl_->finish(
      [&](auto done) { impl_->stream.async_write(asio::buffer(text.data(), text.size()), done); });
}

bool WebSocketClient::send_binary(std::string_view bytes) {
  impl_->stream.binary(true);
  return impl_->finish([&](auto done) {
    impl_->stream.async_write(asio::buffer(bytes.data(), bytes.size()), done);
  });
}

bool WebSocketClient::ping(std::string_view payload) {
  const websocket::ping_data data(payload.data(), payload.size());
  return impl_->finish([&](auto done) {
    impl_->stream.async_ping(data, [done](error_code ec) mutable { done(ec, 0); });
  });
}

std::optional<std::string> WebSocketClient::read(std::chrono::milliseconds patience) {
  Impl& impl = *impl_;
  if (!impl.reading) {
    impl.reading = true;
    impl.read_done = false;
    impl.stream.async_read(impl.buffer, [&impl](error_code ec, std::size_t) {
      impl.read_failed = ec;
      impl.read_done = true;
    });
  }
  if (!impl.run(impl.read_done, patience)) return std::nullopt;
  impl.reading = false;
  if (impl.read_failed) {
    impl.open = false;
    return std::nullopt;
  }
  const auto bytes = impl.buffer.data();
  std::string text(static_cast<const char*>(bytes.data()), bytes.size());
  impl.buffer.consume(impl.buffer.size());
  std::string_view path = impl.target;
  if (path.starts_with("/k/")) path.remove_prefix(path.find('/', 3));
  const auto broken = ApiContract::served_by(impl.port).broken_message(path, text);
  EXPECT_FALSE(broken) << broken.value_or("") << "\n" << text;
  return text;
}

std::string WebSocketClient::pong() const { return impl_->pong; }

bool WebSocketClient::closed() {
  while (impl_->open && read()) {
  }
  return !impl_->open;
}

std::uint16_t WebSocketClient::close_code() const { return impl_->stream.reason().code; }
std::string WebSocketClient::close_reason() const {
  return {impl_->stream.reason().reason.data(), impl_->stream.reason().reason.size()};
}

void WebSocketClient::close() {
  impl_->finish([&](auto done) {
    impl_->stream.async_close(websocket::close_code::normal,
                              [done](error_code ec) mutable { done(ec, 0); });
  });
}

}  // namespace hansard::http::testing
