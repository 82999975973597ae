#include "core/event_bytes.h"

#include <gtest/gtest.h>

#include "support/events.h"
#include "support/golden.h"

namespace hansard::core {
namespace {

using support::from_hex;
using support::golden;
using support::hasher;

constexpr const char* kGoldenLeaf =
    "07f192bf3536d2c85eb038da463167d34e6e421eeae9f9e6b624a9c552d6c5e0";

struct Sample {
  NewEvent event;
  ProjectId project = support::project("acme");
  KeyId actor{support::event_id("key")};
  Placement placement{Position{0x0102030405060708}, Version{300},
                      support::at_us(1'763'713'800'000'001)};

  [[nodiscard]] std::string bytes() const {
    std::string out;
    encode_event(event, project, actor, placement, out);
    return out;
  }
};

Sample sample() {
  Sample sample;
  sample.event.stream = support::stream("session-s1");
  sample.event.type = "ResponseReceived";
  sample.event.schema = 2;
  sample.event.id = support::event_id("golden");
  sample.event.occurred_at = support::at_us(1'763'713'799'000'000);
  sample.event.occurred_at_from_client = true;
  sample.event.correlation = support::event_id("correlation");
  sample.event.causation = support::event_id("causation");
  sample.event.facts = R"({"call_id":"c1","model":"m-1","usage":{"input_uncached":12}})";
  sample.event.content = R"({"parts":[{"type":"text","text":"grüße"}]})";
  sample.event.salt = support::salt("golden");
  seal(sample.event, hasher());
  return sample;
}

TEST(EventBytes, TheStoredFormIsTheGoldenOne) {
  EXPECT_EQ(to_hex(sample().bytes()), to_hex(from_hex(golden("event_envelope_v1.hex"))));
}

TEST(EventBytes, TheErasedFormIsTheGoldenOne) {
  const std::string live = sample().bytes();
  EXPECT_EQ(to_hex(erase_content(decode_event(live).value(), hasher())),
            to_hex(from_hex(golden("event_envelope_v1_erased.hex"))));
}

TEST(EventBytes, AnEventCopiedFromItsFieldsHasTheSameBytes) {
  for (const char* name :
       {"event_envelope_v1.hex", "event_envelope_v1_erased.hex", "event_envelope_v1_least.hex"}) {
    const std::string stored = from_hex(golden(name));
    std::string copied;
    encode_recorded(decode_event(stored).value(), copied);
    EXPECT_EQ(to_hex(copied), to_hex(stored)) << name;
  }
}

TEST(EventBytes, TheLeastEventIsTheGoldenOne) {
  Sample least;
  least.event.stream = StreamId();
  least.event.type = "A";
  least.event.id = support::event_id("least");
  least.event.facts = least.event.content = "{}";
  least.event.salt = support::salt("least");
  least.project = ProjectId();
  least.actor = {};
  least.placement = {};
  EXPECT_EQ(to_hex(least.bytes()), to_hex(from_hex(golden("event_envelope_v1_least.hex"))));
}

TEST(EventBytes, GoldenFilesDecodeToEveryField) {
  const Sample expected = sample();
  for (const bool erased : {false, true}) {
    const std::string bytes =
        from_hex(golden(erased ? "event_envelope_v1_erased.hex" : "event_envelope_v1.hex"));
    const auto decoded = decode_event(bytes);
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(decoded->position, expected.placement.position);
    EXPECT_EQ(decoded->version, expected.placement.version);
    EXPECT_EQ(decoded->recorded_at, expected.placement.recorded_at);
    EXPECT_EQ(decoded->occurred_at, expected.event.occurred_at);
    EXPECT_TRUE(decoded->occurred_at_from_client);
    EXPECT_EQ(decoded->type, expected.event.type);
    EXPECT_EQ(decoded->schema, 2);
    EXPECT_EQ(decoded->project, "acme");
    EXPECT_EQ(decoded->stream, "session-s1");
    EXPECT_EQ(decoded->id, expected.event.id);
    EXPECT_EQ(decoded->actor, expected.actor);
    EXPECT_EQ(decoded->correlation, expected.event.correlation);
    EXPECT_EQ(decoded->causation, expected.event.causation);
    EXPECT_EQ(decoded->facts, expected.event.facts);
    EXPECT_EQ(decoded->content, erased ? "" : expected.event.content);
    EXPECT_EQ(decoded->erased, erased);
    EXPECT_EQ(decoded->salt_or_commitment,
              as_bytes(erased ? expected.event.content_commitment : expected.event.salt));
    EXPECT_EQ(decoded->header, bytes.substr(0, event_header_bytes(bytes)));
  }
}

TEST(EventBytes, TheLeafIsTheSameBeforeAndAfterErasing) {
  const Sample live = sample();
  const std::string bytes = live.bytes();
  const RecordedEvent event = decode_event(bytes).value();
  EXPECT_EQ(to_hex(as_bytes(leaf_hash(event, hasher()))), kGoldenLeaf);
  const std::string erased = erase_content(event, hasher());
  EXPECT_EQ(to_hex(as_bytes(leaf_hash(decode_event(erased).value(), hasher()))), kGoldenLeaf);
  EXPECT_EQ(to_hex(as_bytes(leaf_hash(event.header, live.event.facts_hash,
                                      live.event.content_commitment, hasher()))),
            kGoldenLeaf);
  EXPECT_EQ(erase_content(decode_event(erased).value(), hasher()), erased) << "erasing twice";
}

TEST(EventBytes, EncodingAppendsToWhatIsThere) {
  std::string out = "before";
  const Sample one = sample();
  encode_event(one.event, one.project, one.actor, one.placement, out);
  EXPECT_EQ(out, "before" + one.bytes());
}

TEST(EventBytes, EveryTruncationAndEveryAddedByteIsRefused) {
  for (const char* name :
       {"event_envelope_v1.hex", "event_envelope_v1_erased.hex", "event_envelope_v1_least.hex"}) {
    const std::string bytes = from_hex(golden(name));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto decoded = decode_event(std::string_view(bytes).substr(0, size));
      ASSERT_FALSE(decoded) << name << " cut to " << size;
      EXPECT_EQ(decoded.error().code, Errc::corruption);
    }
    EXPECT_FALSE(decode_event(bytes + '\0')) << name;
  }
}

TEST(EventBytes, EveryFlippedBitInFormatFlagsAndLengthsIsRefused) {
  for (const char* name :
       {"event_envelope_v1.hex", "event_envelope_v1_erased.hex", "event_envelope_v1_least.hex"}) {
    const std::string bytes = from_hex(golden(name));
    const std::size_t body = event_header_bytes(bytes);
    std::vector<std::size_t> offsets = {0, 4, 5, 6, 7, body};
    for (std::size_t i = body + 33; i < body + 41; ++i) offsets.push_back(i);
    for (const std::size_t offset : offsets) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string flipped = bytes;
        flipped[offset] = static_cast<char>(flipped[offset] ^ (1 << bit));
        EXPECT_FALSE(decode_event(flipped)) << name << " byte " << offset << " bit " << bit;
      }
    }
    for (int bit = 2; bit < 8; ++bit) {
      std::string flipped = bytes;
      flipped[1] = static_cast<char>(flipped[1] ^ (1 << bit));
      EXPECT_FALSE(decode_event(flipped)) << name << " flag " << bit;
    }
  }
}

TEST(EventBytes, ContradictionsAreRefused) {
  const std::string erased = from_hex(golden("event_envelope_v1_erased.hex"));
  const std::size_t body = event_header_bytes(erased);
  auto with = [](std::string bytes, std::size_t offset, char value) {
    bytes[offset] = value;
    return decode_event(bytes);
  };
  EXPECT_FALSE(with(erased, body, 0)) << "content is never empty unless erased";
  EXPECT_FALSE(with(from_hex(golden("event_envelope_v1.hex")), body, 1)) << "erased with content";
  EXPECT_FALSE(with(erased, 1, 2)) << "a client's time that is absent";
  EXPECT_FALSE(with(erased, 1, 0)) << "absent but not zero";
  const std::string least = from_hex(golden("event_envelope_v1_least.hex"));
  EXPECT_FALSE(with(least, 2, 0)) << "schema 0";
  EXPECT_FALSE(with(least, 4, 0)) << "an empty type";
}

TEST(EventBytes, ANewerFormatIsUnsupportedAndNamesBoth) {
  std::string bytes = from_hex(golden("event_envelope_v1.hex"));
  bytes[0] = 9;
  const auto decoded = decode_event(bytes);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, Errc::unsupported);
  EXPECT_NE(decoded.error().message.find('9'), std::string::npos);
  EXPECT_NE(decoded.error().message.find('1'), std::string::npos);
}

TEST(EventBytes, AnOwnedEventSurvivesMoves) {
  auto first = OwnedEvent::decode(from_hex(golden("event_envelope_v1_least.hex"))).value();
  const OwnedEvent copy = first;
  const OwnedEvent moved = std::move(first);
  EXPECT_EQ(moved.event().facts, "{}");
  EXPECT_EQ(copy.event().stream, "system");
  EXPECT_FALSE(OwnedEvent::decode("nonsense"));
}

}  // namespace
}  // namespace hansard::core
