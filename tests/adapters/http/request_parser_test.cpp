#include "server/request_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "malformed_shapes.h"

namespace hansard::http {
namespace {

/// Feeds `bytes` in pieces of `piece` until the request is done, fails, or bytes run out.
struct Fed {
  explicit Fed(const Limits& given) : limits(given), parser(limits) {}
  void feed(std::string_view bytes, std::size_t piece) {
    std::string unread;
    for (std::size_t from = 0; from < bytes.size() && !parser.done() && !failure; from += piece) {
      unread.append(bytes.substr(from, piece));
      for (;;) {
        RequestParser::Fed fed = parser.feed(unread);
        unread.erase(0, fed.used);
        if (fed.failure) failure = std::move(fed.failure);
        if (!failure && parser.head_done() && !std::exchange(limited, true)) {
          failure = parser.limit_body();
        }
        if (fed.used == 0 || failure || parser.done() || unread.empty()) break;
      }
    }
    rest = unread;
  }
  Limits limits;  // the parser refers to them
  RequestParser parser;
  std::optional<ParseFailure> failure;
  std::string rest;
  bool limited = false;
};

Fed* fed_by(Fed& fed, std::string_view bytes, std::size_t piece = 1U << 20) {
  fed.feed(bytes, piece);
  return &fed;
}

TEST(RequestParser, ReadsTheSameInPiecesOfAnySize) {
  const std::string bytes =
      "POST /v1/x?y=1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Transfer-Encoding: chunked\r\n\r\n5;ext=1\r\nhello\r\n7\r\n world!\r\n0\r\nX-Trailer: "
      "1\r\n\r\n";
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    Fed fed{Limits()};
    fed.feed(bytes, piece);
    ASSERT_FALSE(fed.failure) << piece << ": " << fed.failure->error.message;
    ASSERT_TRUE(fed.parser.done()) << piece;
    const Request& request = fed.parser.request();
    EXPECT_EQ(request.method, Method::post);
    EXPECT_EQ(request.target, "/v1/x?y=1");
    EXPECT_EQ(request.body, "hello world!");
    EXPECT_EQ(request.headers.find("HOST"), "localhost");
    EXPECT_FALSE(request.headers.find("X-Trailer")) << "trailers come after the gate";
  }
}

TEST(RequestParser, StopsAfterTheHeadAndAfterTheRequest) {
  const Limits limits;
  RequestParser parser(limits);
  const std::string bytes =
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}GET / HTTP/1.1\r\n";
  auto first = parser.feed(bytes);
  EXPECT_TRUE(parser.head_done());
  EXPECT_FALSE(parser.done());
  auto second = parser.feed(std::string_view(bytes).substr(first.used));
  EXPECT_TRUE(parser.done());
  EXPECT_EQ(second.used, 2U) << "the next request stays with the caller";
}

TEST(RequestParser, KnowsKeepAliveAndVersion) {
  const auto keep = [](std::string_view bytes) {
    Fed fed{Limits()};
    fed.feed(bytes, 1U << 20);
    EXPECT_TRUE(fed.parser.done());
    return fed.parser.keep_alive();
  };
  EXPECT_TRUE(keep("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_FALSE(keep("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
  EXPECT_FALSE(keep("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keep("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(RequestParser, RefusesWhatIsNoHttp) {
  for (const auto& shape : testing::unreadable_shapes()) {
    const std::uint64_t counted = malformed_count(shape.reason);
    Fed fed{Limits()};
    fed_by(fed, shape.bytes);
    ASSERT_TRUE(fed.failure) << shape.bytes;
    EXPECT_EQ(fed.failure->status, shape.status) << shape.bytes;
    EXPECT_EQ(fed.failure->error.field, shape.field) << shape.bytes;
    EXPECT_EQ(fed.failure->malformed, shape.reason) << shape.bytes;
    EXPECT_EQ(fed.failure->error.code, shape.reason == Malformed::expect
                                           ? core::Errc::unsupported
                                           : core::Errc::invalid_argument);
    EXPECT_EQ(malformed_count(shape.reason), counted + 1) << shape.bytes;
  }
}

TEST(RequestParser, RefusesTwoReadingsOfOneBody) {
  for (const std::string_view framing :
       {"Content-Length: 3\r\nTransfer-Encoding: chunked", "Transfer-Encoding: gzip",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding: xchunked",
        "Transfer-Encoding: identity"}) {
    Fed fed{Limits()};
    fed_by(fed, "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(framing) + "\r\n\r\n");
    ASSERT_TRUE(fed.failure) << framing;
    EXPECT_EQ(fed.failure->status, 400) << framing;
  }
}

TEST(RequestParser, KnowsOneExpectation) {
  Fed fed{Limits()};
  fed_by(fed, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n");
  EXPECT_FALSE(fed.failure);
  EXPECT_TRUE(fed.parser.wants_continue());
  Fed other{Limits()};
  fed_by(other, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: tea\r\n\r\n");
  ASSERT_TRUE(other.failure);
  EXPECT_EQ(other.failure->status, 417);
}

TEST(RequestParser, BoundsTheHeadInEveryShape) {
  Limits limits;
  ASSERT_TRUE(limits.set("header_bytes", 1024));
  const std::string shapes[] = {
      "GET /" + std::string(2000, 'a'),
      "GET /" + std::string(2000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(2000, 'a'),
      "GET /" + std::string(600, 'a') + " HTTP/1.1\r\nX: " + std::string(600, 'a') + "\r\n\r\n",
  };
  for (const std::string& shape : shapes) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{100}, std::size_t{1} << 20}) {
      Fed fed(limits);
      fed.feed(shape, piece);
      ASSERT_TRUE(fed.failure) << shape.size() << "/" << piece;
      EXPECT_EQ(fed.failure->status, 431);
      EXPECT_EQ(fed.failure->limit, Limit::header_bytes);
    }
  }
  Fed fits(limits);
  fed_by(fits, "GET /" + std::string(900, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_FALSE(fits.failure);
}

TEST(RequestParser, BoundsTheBodyAnnouncedOrNot) {
  Limits limits;
  ASSERT_TRUE(limits.set("body_bytes", 1024));
  Fed announced(limits);
  fed_by(announced, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1025\r\n\r\n");
  ASSERT_TRUE(announced.failure);
  EXPECT_EQ(announced.failure->status, 413);
  EXPECT_EQ(announced.failure->limit, Limit::body_bytes);
  Fed chunked(limits);
  std::string chunks = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 5; ++i) chunks += "100\r\n" + std::string(256, 'x') + "\r\n";
  fed_by(chunked, chunks);
  ASSERT_TRUE(chunked.failure);
  EXPECT_EQ(chunked.failure->status, 413);
}

}  // namespace
}  // namespace hansard::http
