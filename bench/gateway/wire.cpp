#include "gateway/wire.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>

#include "scale/must.h"

namespace hansard::bench {

namespace {

constexpr std::string_view kModel = "\"model\":\"bench-";

/// The number at the beginning of `text`, taken off it.
std::uint64_t take_number(std::string_view& text, int base = 10) {
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number, base);
  text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
  return number;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void at_once(int socket) {
  const int on = 1;
  must(::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0, "TCP_NODELAY");
}

}  // namespace

std::string Asked::model() const {
  return "bench-" + std::to_string(bytes) + "-" + std::to_string(delay_ms);
}

std::optional<Asked> Asked::of(std::string_view body) {
  const auto model = body.find(kModel);
  if (model == std::string_view::npos) return {};
  std::string_view rest = body.substr(model + kModel.size());
  Asked asked;
  asked.bytes = take_number(rest);
  if (!rest.starts_with('-')) return {};
  rest.remove_prefix(1);
  asked.delay_ms = static_cast<std::uint32_t>(take_number(rest));
  asked.stream = body.find("\"stream\":true") != std::string_view::npos;
  return asked;
}

std::optional<std::size_t> MessageEnd::find(std::string_view bytes) {
  if (head_ == 0) {
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return {};
    at_ = head_ = end + 4;
    std::string head(bytes.substr(0, head_));
    for (char& c : head) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    chunked_ = head.find("transfer-encoding: chunked") != std::string::npos;
    constexpr std::string_view kLength = "content-length: ";
    if (const auto length = head.find(kLength); length != std::string::npos) {
      std::string_view value = std::string_view(head).substr(length + kLength.size());
      length_ = take_number(value);
    }
  }
  if (!chunked_) {
    if (bytes.size() < head_ + length_) return {};
    return head_ + length_;
  }
  while (true) {
    const auto line = bytes.find("\r\n", at_);
    if (line == std::string_view::npos) return {};
    std::string_view size = bytes.substr(at_, line - at_);
    const std::size_t chunk = take_number(size, 16);
    const std::size_t end = line + 2 + chunk + 2;
    if (bytes.size() < end) return {};
    at_ = end;
    if (chunk == 0) return end;
  }
}

int listen_on_loopback(std::uint16_t& port) {
  constexpr int kBacklog = 2048;
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  must(socket >= 0, "a socket");
  sockaddr_in address = loopback(0);
  must(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
           ::listen(socket, kBacklog) == 0,
       "listening on loopback");
  socklen_t length = sizeof address;
  must(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) == 0, "a port");
  port = ntohs(address.sin_port);
  at_once(socket);  // inherited by what it accepts
  return socket;
}

int connect_to_loopback(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  must(socket >= 0, "a socket");
  const sockaddr_in address = loopback(port);
  must(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
       "connecting to port " + std::to_string(port));
  at_once(socket);
  return socket;
}

}  // namespace hansard::bench
