#include "events/dialects/framing.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace hansard::events {
namespace {

struct Seen {
  std::string event;
  std::string data;
  std::string bytes;  ///< of the stream, from `begin` to `end`
  bool operator==(const Seen&) const = default;
};

template <class S>
std::vector<Seen> split(const std::string& stream, std::size_t piece) {
  S splitter;
  std::vector<Seen> seen;
  const auto drain = [&] {
    while (auto frame = splitter.next()) {
      seen.push_back(
          {frame->event, frame->data, stream.substr(frame->begin, frame->end - frame->begin)});
    }
  };
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    splitter.feed(std::string_view(stream).substr(at, piece));
    drain();
  }
  splitter.end();
  drain();
  return seen;
}

/// The same however the network cuts the bytes; the frames' own bytes may differ by the line feed
/// of a last CRLF, which nobody can tell from the next event's before it comes.
template <class S>
std::vector<Seen> split_everywhere(const std::string& stream) {
  const auto whole = split<S>(stream, stream.size());
  for (std::size_t piece = 1; piece < stream.size(); ++piece) {
    const auto cut = split<S>(stream, piece);
    EXPECT_EQ(cut.size(), whole.size()) << "pieces of " << piece;
    for (std::size_t i = 0; i < std::min(cut.size(), whole.size()); ++i) {
      EXPECT_EQ(cut[i].event, whole[i].event) << "pieces of " << piece;
      EXPECT_EQ(cut[i].data, whole[i].data) << "pieces of " << piece;
    }
  }
  return whole;
}

TEST(SseSplitter, CutsAtBlankLinesWhateverEndsALine) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    SCOPED_TRACE(end.size() == 2 ? "CRLF" : end == "\n" ? "LF" : "CR");
    const std::string first = "event: a" + end + "data: {\"x\":" + end + "data: 1}" + end + end;
    const std::string second = ": keep-alive" + end + end + "data:two" + end + end;
    const auto frames = split_everywhere<SseSplitter>(first + second + "data: [DONE]" + end + end);
    ASSERT_EQ(frames.size(), 3U);
    EXPECT_EQ(frames[0], (Seen{"a", "{\"x\":\n1}", first}));
    EXPECT_EQ(frames[1], (Seen{"", "two", second}));
    EXPECT_EQ(frames[2].data, "[DONE]");
  }
}

TEST(SseSplitter, TheLastEventMayLackItsBlankLine) {
  for (const std::string tail : {"", "\n"}) {
    const auto frames = split_everywhere<SseSplitter>("data: one\n\ndata: two" + tail);
    ASSERT_EQ(frames.size(), 2U);
    EXPECT_EQ(frames[1].data, "two");
    EXPECT_EQ(frames[1].bytes, "data: two" + tail);
  }
}

TEST(SseSplitter, CommentsAndUnknownFieldsAreNoEvents) {
  EXPECT_TRUE(split_everywhere<SseSplitter>(": hello\n\n:\n\nid: 7\nretry: 5\n\n").empty());
  const auto named = split_everywhere<SseSplitter>("event: ping\n\ndata\n\n");
  ASSERT_EQ(named.size(), 2U);
  EXPECT_EQ(named[0].event, "ping");
  EXPECT_EQ(named[1].data, "");
}

TEST(SseSplitter, SaysWhereTheUnfinishedEventBegins) {
  SseSplitter splitter;
  splitter.feed("data: one\n\ndata: tw");
  EXPECT_EQ(splitter.next()->data, "one");
  EXPECT_FALSE(splitter.next());
  EXPECT_EQ(splitter.begun(), 11U);
}

TEST(SseSplitter, AnEventOverTheBoundIsSaidToBe) {
  SseSplitter splitter;
  const std::string piece(1U << 20, 'x');
  splitter.feed("data: ");
  std::vector<SplitFrame> frames;
  for (int i = 0; i < 40; ++i) {
    splitter.feed(piece);
    while (auto frame = splitter.next()) frames.push_back(*frame);
  }
  splitter.feed("\n\ndata: small\n\n");
  while (auto frame = splitter.next()) frames.push_back(*frame);
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_TRUE(frames[0].too_long);
  EXPECT_EQ(frames[0].end, 6U + (40U << 20) + 2U);
  EXPECT_EQ(frames[1].data, "small");
  EXPECT_FALSE(frames[1].too_long);
}

TEST(SseSplitter, ALineCutOffIsNoBlankLineAndALongCommentNoEvent) {
  const std::string too_much((16U << 20) + 1, 'x');
  for (const std::string field : {"data: ", ": "}) {
    SCOPED_TRACE(field);
    SseSplitter splitter;
    const std::string head = field + too_much;
    splitter.feed(head);
    EXPECT_FALSE(splitter.next());
    EXPECT_EQ(splitter.begun(), 0U);
    // All of the line has been dropped: only its end comes, then more of the event.
    const std::string tail = "\nevent: a\ndata: b\n\n";
    splitter.feed(tail);
    const auto frame = splitter.next();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->event, "a");
    EXPECT_EQ(frame->too_long, field == "data: ");
    EXPECT_EQ(frame->data, field == "data: " ? "" : "b");
    EXPECT_EQ(frame->begin, 0U);
    EXPECT_EQ(frame->end, head.size() + tail.size());
  }
}

TEST(SseSplitter, AByteOrderMarkAtTheStartIsNoPartOfTheFirstLine) {
  const std::string mark = "\xEF\xBB\xBF";
  const auto frames = split_everywhere<SseSplitter>(mark + "data: a\n\n" + mark + "data: b\n\n");
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].data, "a");
  EXPECT_EQ(frames[0].bytes, mark + "data: a\n\n");
}

TEST(LineSplitter, ALineOverTheBoundIsSaidToBeAndItsBytesAreKnown) {
  for (const bool ended : {true, false}) {
    LineSplitter splitter;
    splitter.feed("{}\n");
    EXPECT_EQ(splitter.next()->data, "{}");
    const std::string piece(1U << 20, 'x');
    for (int i = 0; i < 40; ++i) {
      splitter.feed(piece);
      EXPECT_FALSE(splitter.next());
      EXPECT_EQ(splitter.begun(), 3U);
    }
    if (ended) splitter.feed("\n{\"a\":1}");
    splitter.end();
    const auto frame = splitter.next();
    ASSERT_TRUE(frame);
    EXPECT_TRUE(frame->too_long);
    EXPECT_EQ(frame->begin, 3U);
    EXPECT_EQ(frame->end, 3U + (40U << 20) + (ended ? 1 : 0));
    const auto after = splitter.next();
    ASSERT_EQ(after.has_value(), ended);
    EXPECT_EQ(after ? after->data : "", ended ? "{\"a\":1}" : "");
    EXPECT_FALSE(splitter.next());
  }
}

TEST(LineSplitter, GivesOneLineAtATime) {
  const auto lines = split_everywhere<LineSplitter>("{\"a\":1}\r\n\n{\"b\":2}\n{\"c\":3}");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0], (Seen{"", "{\"a\":1}", "{\"a\":1}\r\n"}));
  EXPECT_EQ(lines[1].data, "{\"b\":2}");
  EXPECT_EQ(lines[2].bytes, "{\"c\":3}");
}

}  // namespace
}  // namespace hansard::events
