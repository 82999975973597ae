#include "server/response_head.h"

#include <array>
#include <chrono>
#include <ctime>

namespace hansard::http {

namespace {

std::string_view reason(int status) {
  switch (status) {
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 426:
      return "Upgrade Required";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return "";  // RFC 9112 §4: the phrase may be empty
  }
}

/// IMF-fixdate (RFC 9110 §5.6.7), made once a second per thread.
std::string_view date() {
  thread_local std::time_t made_at = 0;
  thread_local std::array<char, 32> text{};
  thread_local std::size_t size = 0;
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  if (now != made_at || size == 0) {
    std::tm utc{};
    gmtime_r(&now, &utc);
    // The C locale is never changed by this process, so the names are English.
    size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    made_at = now;
  }
  return {text.data(), size};
}

}  // namespace

std::string response_head(const Response& response, const Framing& framing) {
  std::string head;
  head.reserve(256);
  head.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  head.append(reason(response.status)).append("\r\nDate: ").append(date()).append("\r\n");
  for (const auto& [name, value] : response.headers.all()) {
    head.append(name).append(": ");
    for (const char c : value) {
      if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) head.push_back(c);
    }
    head.append("\r\n");
  }
  if (!response.headers.find("Cache-Control")) head.append("Cache-Control: no-store\r\n");
  head.append("X-Content-Type-Options: nosniff\r\n");
  if (response.status == 101) return head.append("\r\n");
  if (response.status == 204) {
    // No body, so nothing frames it (RFC 9110 §8.6).
  } else if (framing.length) {
    head.append("Content-Length: ").append(std::to_string(*framing.length)).append("\r\n");
  } else if (!framing.http_1_0) {
    head.append("Transfer-Encoding: chunked\r\n");
  }
  if (!framing.keep_alive) {
    head.append("Connection: close\r\n");
  } else if (framing.http_1_0) {
    head.append("Connection: keep-alive\r\n");
  }
  head.append("\r\n");
  return head;
}

}  // namespace hansard::http
