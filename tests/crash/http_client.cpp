#include "http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace hansard::crash {
namespace {

constexpr timeval kSilence{60, 0};
constexpr std::size_t kReadBytes = 256U << 10;

/// Value of a header field, or empty. @pre `head` is in lower case.
std::string field(const std::string& head, const std::string& name) {
  const std::size_t at = head.find("\r\n" + name + ":");
  if (at == std::string::npos) return {};
  std::size_t from = at + name.size() + 3;
  while (from < head.size() && head[from] == ' ') ++from;
  return head.substr(from, head.find("\r\n", from) - from);
}

}  // namespace

void HttpClient::drop() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  buffer_.clear();
  used_ = 0;
}

std::optional<HttpAnswer> HttpClient::post(const std::string& target, const std::string& body,
                                           const std::string& headers) {
  HttpAnswer answer;
  const auto status =
      exchange("POST " + target +
                   " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                   "Content-Length: " +
                   std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body,
               [&](std::string_view piece) { answer.body += piece; });
  if (!status) return {};
  answer.status = *status;
  return answer;
}

std::optional<HttpAnswer> HttpClient::get(const std::string& target) {
  HttpAnswer answer;
  const auto status = exchange("GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
                               [&](std::string_view piece) { answer.body += piece; });
  if (!status) return {};
  answer.status = *status;
  return answer;
}

std::optional<int> HttpClient::get_lines(const std::string& target,
                                         const std::function<void(std::string_view)>& line) {
  std::string held;
  const auto status = exchange("GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
                               [&](std::string_view piece) {
                                 for (;;) {
                                   const std::size_t end = piece.find('\n');
                                   if (end == std::string_view::npos) break;
                                   held += piece.substr(0, end);
                                   if (!held.empty()) line(held);
                                   held.clear();
                                   piece.remove_prefix(end + 1);
                                 }
                                 held += piece;
                               });
  if (status && !held.empty()) line(held);
  return status;
}

bool HttpClient::connect() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port_);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kSilence, sizeof kSilence);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kSilence, sizeof kSilence);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    ::close(fd);
    return false;
  }
  fd_ = fd;
  return true;
}

bool HttpClient::send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    sent_ = true;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

bool HttpClient::fill() {
  buffer_.erase(0, used_);
  used_ = 0;
  const std::size_t before = buffer_.size();
  buffer_.resize(before + kReadBytes);
  ssize_t count = 0;
  do {
    count = ::recv(fd_, buffer_.data() + before, kReadBytes, 0);
  } while (count < 0 && errno == EINTR);
  buffer_.resize(before + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return count > 0;
}

bool HttpClient::read_head(std::string& head) {
  for (;;) {
    const std::size_t end = buffer_.find("\r\n\r\n", used_);
    if (end != std::string::npos) {
      head = buffer_.substr(used_, end + 4 - used_);
      used_ = end + 4;
      std::transform(head.begin(), head.end(), head.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      return true;
    }
    if (!fill()) return false;
  }
}

bool HttpClient::pass(std::size_t bytes, const Body& body) {
  while (bytes > 0) {
    if (used_ == buffer_.size() && !fill()) return false;
    const std::size_t count = std::min(bytes, buffer_.size() - used_);
    if (body) body(std::string_view(buffer_).substr(used_, count));
    used_ += count;
    bytes -= count;
  }
  return true;
}

bool HttpClient::pass_chunks(const Body& body) {
  for (;;) {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n", used_)) == std::string::npos) {
      if (!fill()) return false;
    }
    std::size_t bytes = 0;
    const char* const from = buffer_.data() + used_;
    if (std::from_chars(from, buffer_.data() + end, bytes, 16).ptr == from) return false;
    used_ = end + 2;
    if (!pass(bytes, body) || !pass(2, nullptr)) return false;
    if (bytes == 0) return true;
  }
}

std::optional<int> HttpClient::exchange(const std::string& request, const Body& body) {
  sent_ = false;
  if (fd_ < 0 && !connect()) return {};
  std::string head;
  if (!send_all(request) || !read_head(head) || head.size() < 12) {
    drop();
    return {};
  }
  int status = 0;
  std::from_chars(head.data() + 9, head.data() + 12, status);
  const std::string length = field(head, "content-length");
  bool whole = false;
  bool keep = field(head, "connection") != "close";
  if (!length.empty()) {
    std::size_t bytes = 0;
    std::from_chars(length.data(), length.data() + length.size(), bytes);
    whole = pass(bytes, body);
  } else if (field(head, "transfer-encoding") == "chunked") {
    whole = pass_chunks(body);
  }  // a body that ends with the connection could not be told from a cut one
  if (!whole || !keep) drop();
  if (!whole) return {};
  return status;
}

}  // namespace hansard::crash
