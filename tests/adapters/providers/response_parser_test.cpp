#include "response_parser.h"

#include <gtest/gtest.h>

#include <random>

namespace hansard::providers {
namespace {

struct Read {
  int status = 0;
  std::string fields;
  std::string body;
  bool done = false;
  bool leftover = false;
  std::string wrong;
  bool operator==(const Read&) const = default;
};

/// Reads `bytes` in pieces that end at `cuts`.
Read read(std::string_view bytes, const std::vector<std::size_t>& cuts, bool head_request = false,
          bool then_ends = false) {
  ResponseParser parser(head_request);
  Read out;
  bool told = false;
  std::size_t from = 0;
  const auto feed = [&](std::size_t to) {
    if (auto wrong = parser.feed(bytes.substr(from, to - from)); wrong) out.wrong = *wrong;
    from = to;
    out.body += parser.take_body();
    if (parser.head_done() && !told) {
      told = true;
      const auto head = parser.take_head();
      out.status = head.status;
      for (const auto& field : head.fields) out.fields += field.name + '=' + field.value + ';';
    }
  };
  for (const std::size_t cut : cuts) {
    if (out.wrong.empty()) feed(cut);
  }
  if (out.wrong.empty()) feed(bytes.size());
  if (then_ends) parser.end(true);
  out.done = parser.done();
  out.leftover = parser.leftover();
  return out;
}

const std::vector<std::string>& answers() {
  static const std::vector<std::string> all{
      "HTTP/1.1 200 OK\r\nContent-Length: 11\r\nX: y\r\n\r\nhello world",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
      "HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nx-hop: 1\r\nContent-Length: 2\r\n\r\nok",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;ext=\"a\"\r\n \r\n"
      "5\r\nwor\r\n\r\n0\r\nTrailer: t\r\nMore: m\r\n\r\n",
      "HTTP/1.1 204 No Content\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
      "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
  };
  return all;
}

TEST(ResponseParser, ReadsTheSameHoweverTheBytesAreCut) {
  for (const std::string& bytes : answers()) {
    const Read whole = read(bytes, {});
    EXPECT_TRUE(whole.done || !whole.wrong.empty()) << bytes;
    std::vector<std::size_t> each;
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
      EXPECT_EQ(read(bytes, {cut}).body, whole.body) << bytes << " cut at " << cut;
      EXPECT_EQ(read(bytes, {cut}), whole) << bytes << " cut at " << cut;
      each.push_back(cut);
    }
    EXPECT_EQ(read(bytes, each), whole) << bytes << " byte by byte";
  }
}

TEST(ResponseParser, ReadsTheSameCutAtRandom) {
  std::mt19937 random(20261121);
  for (int round = 0; round < 2000; ++round) {
    const std::string& bytes = answers()[random() % answers().size()];
    std::vector<std::size_t> cuts;
    for (std::size_t at = random() % 9; at < bytes.size(); at += random() % 9) cuts.push_back(at);
    EXPECT_EQ(read(bytes, cuts), read(bytes, {})) << bytes;
  }
}

TEST(ResponseParser, SaysTheSameOfSpoiledBytesHoweverTheyAreCut) {
  std::mt19937 random(4);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes = answers()[random() % answers().size()];
    for (auto changes = 1 + random() % 3; changes > 0; --changes) {
      const std::size_t at = random() % bytes.size();
      switch (random() % 3) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes.erase(at, 1 + random() % 4);
          break;
        default:
          bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 8));
      }
      if (bytes.empty()) bytes = "H";
    }
    std::vector<std::size_t> cuts;
    for (std::size_t at = random() % 30; at < bytes.size(); at += 1 + random() % 30) {
      cuts.push_back(at);
    }
    // What is wrong in a head may be said before its last line has come, or when it never does.
    const Read whole = read(bytes, {}, false, true);
    const Read cut = read(bytes, cuts, false, true);
    EXPECT_EQ(cut.done && cut.wrong.empty(), whole.done && whole.wrong.empty()) << bytes;
    EXPECT_EQ(cut.body, whole.body) << bytes;
  }
}

TEST(ResponseParser, KeepsWhatMattersAndDropsWhatIsTheConnections) {
  const Read interim = read(answers()[1], {});
  EXPECT_EQ(interim.status, 200);
  EXPECT_EQ(interim.fields, "Content-Length=2;");
  const Read chunked = read(answers()[2], {});
  EXPECT_EQ(chunked.fields, "");
  EXPECT_EQ(chunked.body, "hello wor\r\n");
  EXPECT_TRUE(read(answers()[4], {}).leftover);
}

TEST(ResponseParser, AnAnswerToHeadHasNoBody) {
  const Read head = read("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", {}, true);
  EXPECT_TRUE(head.done);
  EXPECT_EQ(head.fields, "Content-Length=11;");
}

TEST(ResponseParser, ALengthSaidTwiceIsSaidOnce) {
  const Read twice =
      read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", {});
  EXPECT_TRUE(twice.done);
  EXPECT_EQ(twice.fields, "Content-Length=2;");
}

TEST(ResponseParser, BoundsTheHeadHoweverItComes) {
  const std::string line = "X-Field: " + std::string(1000, 'x') + "\r\n";
  std::string bytes = "HTTP/1.1 200 OK\r\n";
  while (bytes.size() < ResponseParser::kHeadBytesMax + 2000) bytes += line;
  std::vector<std::size_t> each;
  for (std::size_t cut = 1; cut < bytes.size(); cut += 997) each.push_back(cut);
  EXPECT_NE(read(bytes, {}).wrong, "");
  EXPECT_NE(read(bytes, each).wrong, "");
}

TEST(ResponseParser, ABodyWithoutALengthEndsWithTheConnection) {
  for (const bool clean : {true, false}) {
    ResponseParser parser(false);
    EXPECT_FALSE(parser.feed("HTTP/1.1 200 OK\r\n\r\nall of"));
    EXPECT_FALSE(parser.feed(" it"));
    EXPECT_FALSE(parser.done());
    parser.end(clean);
    EXPECT_EQ(parser.done(), clean);
    EXPECT_EQ(parser.take_body(), "all of it");
  }
}

}  // namespace
}  // namespace hansard::providers
