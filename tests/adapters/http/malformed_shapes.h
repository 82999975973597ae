#pragma once

#include <string_view>
#include <vector>

#include "http/malformed.h"

namespace hansard::http::testing {

/// Bytes that are no request, and how they are refused.
struct MalformedShape {
  std::string_view bytes;
  std::string_view field;
  int status;
  Malformed reason;
};

/// Those that the parser refuses.
inline std::vector<MalformedShape> unreadable_shapes() {
  using M = Malformed;
  return {
      {"\x16\x03\x01\x02\x01\r\n\r\n", "method", 400, M::method},
      {"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", "version", 505, M::version},
      {"GET / FTP/1.1\r\nHost: localhost\r\n\r\n", "version", 505, M::version},
      {"GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n", "target", 400, M::target},
      {"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", "header", 400, M::header},
      {"GET / HTTP/1.1\r\nBad\x01Name: a\r\n\r\n", "header", 400, M::header},
      {"GET / HTTP/1.1\r\nA: b\x01\r\n\r\n", "header", 400, M::header},
      {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1x\r\n\r\n", "Content-Length", 400,
       M::content_length},
      {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", "Content-Length", 400,
       M::content_length},
      {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
       "Content-Length", 400, M::content_length},
      {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
       "Content-Length", 400, M::content_length},
      {"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
       "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
       "body", 400, M::chunk},
      {"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n", "Transfer-Encoding",
       400, M::transfer_encoding},
      {"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
       "Transfer-Encoding: chunked\r\n\r\n",
       "Transfer-Encoding", 400, M::transfer_encoding},
      {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: "
       "xchunked\r\n\r\n",
       "Transfer-Encoding", 400, M::transfer_encoding},
      {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: tea\r\n\r\n", "Expect",
       417, M::expect},
  };
}

/// Those that the gate refuses.
inline std::vector<MalformedShape> refused_shapes() {
  using M = Malformed;
  return {
      {"GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", "target", 400, M::target},
      {"GET /%FF HTTP/1.1\r\nHost: localhost\r\n\r\n", "target", 400, M::target},
      {"GET /a%0Ab HTTP/1.1\r\nHost: localhost\r\n\r\n", "target", 400, M::target},
      {"GET /hello HTTP/1.1\r\n\r\n", "Host", 400, M::host},
      {"GET /hello HTTP/1.1\r\nHost: localhost\r\nHost: other\r\n\r\n", "Host", 400, M::host},
  };
}

}  // namespace hansard::http::testing
