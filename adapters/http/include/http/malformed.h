#pragma once

#include <cstdint>
#include <string_view>

namespace hansard::http {

/// Why bytes are no HTTP request that we read. A closed set: it labels a metric.
enum class Malformed : std::uint8_t {
  method,             ///< also what is no HTTP at all, such as a TLS greeting
  target,             ///< the path or query, or its escapes
  version,            ///< neither HTTP/1.0 nor HTTP/1.1
  header,             ///< a field's name, value or folding
  host,               ///< none, or several
  content_length,     ///< no number, or said twice
  transfer_encoding,  ///< anything but `chunked` alone, or beside a Content-Length
  chunk,              ///< the framing of a chunked body
  expect,             ///< an expectation other than 100-continue
  tls,                ///< no TLS that we speak, on a port that asks for it
  other,
};
inline constexpr std::size_t kMalformedCount = 11;

/// Its word in the metric.
std::string_view name(Malformed reason);

/// Counts a refusal. They are counted where they are found, for the process as a whole: what finds
/// them is otherwise pure and belongs to no server. Any thread.
void count_malformed(Malformed reason);
/// Refusals so far.
std::uint64_t malformed_count(Malformed reason);

}  // namespace hansard::http
