// The judge of the kill loop, judged: against a log in memory it must be silent, and for every way
// of spoiling what was read it must name exactly that.
#include "comparison.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "core/in_memory_event_log.h"
#include "digest.h"
#include "script.h"
#include "support/events.h"
#include "support/log.h"

namespace hansard::crash {
namespace {

using events::Json;

core::NewEvent to_event(const Json& record) {
  core::NewEvent event;
  event.stream = support::stream(*record.find("stream")->if_string());
  event.type = *record.find("type")->if_string();
  event.id = core::EventId{core::parse_uuid(*record.find("event_id")->if_string()).value()};
  if (const Json* time = record.find("occurred_at")) {
    event.occurred_at = core::parse_time(*time->if_string()).value();
    event.occurred_at_from_client = true;
  }
  event.facts = events::dump(*record.find("facts"));
  event.content = events::dump(*record.find("content"));
  event.salt = support::salt("any");
  core::seal(event, support::hasher());
  return event;
}

core::AppendRequest to_request(const std::string& text) {
  const Json body = events::parse_json(text).value();
  std::vector<core::NewEvent> records;
  for (const Json& record : *body.find("records")->if_array()) records.push_back(to_event(record));
  std::vector<core::Check> checks;
  if (const Json* list = body.find("checks")) {
    for (const Json& check : *list->if_array()) {
      const Json& expected = *check.find("expected");
      const std::string* word = expected.if_string();
      checks.push_back({support::stream(*check.find("stream")->if_string()),
                        word == nullptr
                            ? core::Expected::exactly(core::Version{expected.as_uint("").value()})
                        : *word == "none" ? core::Expected::none()
                                          : core::Expected::any()});
    }
  }
  auto request = support::request(std::move(records), std::move(checks));
  if (body.find("known") != nullptr) request.known = core::Known::skip;
  return request;
}

std::string to_line(const core::RecordedEvent& event) {
  Json line;
  line.add("position", event.position.value);
  line.add("stream", event.stream);
  line.add("version", event.version.value);
  line.add("type", event.type);
  line.add("event_id", core::to_string(event.id));
  if (event.occurred_at) line.add("occurred_at", core::format_time(*event.occurred_at));
  line.add("facts", events::parse_json(event.facts).value());
  line.add("content", events::parse_json(event.content).value());
  return events::dump(line);
}

/// Some hundred requests of two writers' scripts, played against a log in memory.
class Comparing : public ::testing::Test {
 protected:
  Comparing() {
    for (std::size_t writer = 0; writer < 2; ++writer) {
      Script script(7, writer);
      for (int i = 0; i < 400; ++i) play(script, script.next(0));
    }
    read();
  }

  void play(Script& script, const Step& step) {
    if (step.target != "/v1/append") return;  // sessions need their decider: see the kill loop
    const auto receipt = support::append(log_, to_request(step.body));
    if (step.repeats) {
      ASSERT_TRUE(receipt && receipt->duplicate());
      return journal_.repeated(*step.repeats, placed(*receipt));
    }
    const auto id = journal_.sent(step.records, step.body);
    if (receipt) {
      ASSERT_TRUE(step.may_ack) << step.body;
      script.acked(step, id, placed(*receipt));
      return journal_.acked(id, placed(*receipt), receipt->duplicate());
    }
    ASSERT_EQ(core::traits(receipt.error().code).name, step.may_refuse) << step.body;
    const auto& violations = receipt.error().violations;
    script.refused(step, violations.empty() ? "none" : violations.front().actual);
    journal_.refused(id, step.may_refuse);
  }

  static std::vector<Placed> placed(const core::Receipt& receipt) {
    std::vector<Placed> out;
    for (const auto& record : receipt.records) {
      out.push_back({record.position.value, record.version.value});
    }
    return out;
  }

  void read() {
    reading_.begin();
    for (const auto& event : support::read_all(log_)) {
      ASSERT_TRUE(reading_.line(to_line(event.event())));
    }
    reading_.end();
    log_read_ = reading_.events();
  }

  /// An acknowledged append nobody contradicted or repeated later, from the middle of the log.
  [[nodiscard]] std::size_t victim() const {
    for (std::size_t i = log_read_.size() / 2; i < log_read_.size(); ++i) {
      if (journal_.find(log_read_[i].key)->size() == 1) return i;
    }
    ADD_FAILURE() << "no event of a single append";
    return 0;
  }
  static std::size_t count(const std::vector<Fault>& faults, Fault::Kind kind) {
    return static_cast<std::size_t>(std::count_if(
        faults.begin(), faults.end(), [&](const Fault& fault) { return fault.kind == kind; }));
  }

  core::EventEquivalence equivalence_;
  core::InMemoryEventLog log_{support::hasher(), equivalence_};
  Journal journal_;
  LogReading reading_{journal_};
  std::vector<StoredEvent> log_read_;
};

TEST_F(Comparing, FindsNothingInAFaithfulLog) {
  const auto counts = journal_.counts();
  EXPECT_GT(counts.acked, 300U);
  EXPECT_GT(counts.refused, 20U);
  EXPECT_GT(counts.repeats, 5U);
  EXPECT_TRUE(journal_.faults().empty());
  EXPECT_EQ(describe(compare(journal_, log_read_)), "");
}

TEST_F(Comparing, ALostEventIsReportedAndNoOther) {
  const std::size_t at = victim();
  const StoredEvent lost = log_read_[at];
  log_read_.erase(log_read_.begin() + static_cast<std::ptrdiff_t>(at));
  const auto faults = compare(journal_, log_read_);
  ASSERT_EQ(count(faults, Fault::Kind::lost), 1U) << describe(faults);
  for (const Fault& fault : faults) {
    switch (fault.kind) {
      case Fault::Kind::lost:
        EXPECT_EQ(fault.key, lost.key);
        EXPECT_EQ(fault.position, lost.position);
        break;
      case Fault::Kind::position_gap:
        EXPECT_EQ(fault.position, lost.position + 1);
        break;
      case Fault::Kind::version_gap:
        EXPECT_EQ(fault.key, lost.stream);
        break;
      default:
        ADD_FAILURE() << describe(faults);
    }
  }
}

TEST_F(Comparing, ALostLastEventIsReportedAlthoughNothingHasAGap) {
  const std::string key = log_read_.back().key;
  log_read_.pop_back();
  const auto faults = compare(journal_, log_read_);
  ASSERT_EQ(faults.size(), 1U) << describe(faults);
  EXPECT_EQ(faults[0].kind, Fault::Kind::lost);
  EXPECT_EQ(faults[0].key, key);
}

TEST_F(Comparing, AnEventWithOtherContentIsReported) {
  const std::size_t at = victim();
  log_read_[at].digest[0] ^= 1U;
  const auto faults = compare(journal_, log_read_);
  ASSERT_FALSE(faults.empty());
  for (const Fault& fault : faults) {
    EXPECT_EQ(fault.kind, Fault::Kind::altered);
    EXPECT_EQ(fault.key, log_read_[at].key);
  }
}

TEST_F(Comparing, AnEventStoredAgainIsReported) {
  StoredEvent again = log_read_[victim()];
  again.position = log_read_.back().position + 1;
  for (const StoredEvent& event : log_read_) {
    if (event.stream == again.stream) again.version = event.version + 1;
  }
  log_read_.push_back(again);
  const auto faults = compare(journal_, log_read_);
  ASSERT_EQ(faults.size(), 1U) << describe(faults);
  EXPECT_EQ(faults[0].kind, Fault::Kind::twice);
  EXPECT_EQ(faults[0].key, again.key);
}

TEST_F(Comparing, EventsInAnotherOrderThanAcknowledgedAreReported) {
  const std::size_t at = victim();
  std::swap(log_read_[at].position, log_read_[at - 1].position);
  std::swap(log_read_[at], log_read_[at - 1]);
  EXPECT_GE(count(compare(journal_, log_read_), Fault::Kind::moved), 2U);
}

TEST_F(Comparing, AnEventNobodySentIsReported) {
  StoredEvent foreign;
  foreign.position = log_read_.back().position + 1;
  foreign.stream = "custom-nobody";
  foreign.type = "NoteTaken";
  foreign.key = "11111111-1111-8111-8111-111111111111";
  log_read_.push_back(foreign);
  const auto faults = compare(journal_, log_read_);
  ASSERT_EQ(faults.size(), 1U) << describe(faults);
  EXPECT_EQ(faults[0].kind, Fault::Kind::foreign);
}

TEST_F(Comparing, ARefusedAppendThatIsThereAllTheSameIsReported) {
  const auto id = journal_.find(log_read_.back().key)->front().append;
  journal_.refused(id, "version_conflict");
  const auto faults = compare(journal_, log_read_);
  EXPECT_GE(count(faults, Fault::Kind::refused), 1U) << describe(faults);
}

TEST_F(Comparing, HalfOfAnAppendOfUnknownOutcomeIsReportedAndAllOrNothingIsNot) {
  const std::string body =
      R"({"records":[)"
      R"({"stream":"custom-a","type":"NoteTaken","event_id":"22222222-2222-8222-8222-222222222222","facts":{},"content":{}},)"
      R"({"stream":"custom-b","type":"NoteTaken","event_id":"33333333-3333-8333-8333-333333333333","facts":{},"content":{}}]})";
  SentRecord one;
  one.key = "22222222-2222-8222-8222-222222222222";
  one.stream = "custom-a";
  one.type = "NoteTaken";
  one.digest = payload_digest(Json(Json::Object{}), Json(Json::Object{}));
  SentRecord two = one;
  two.key = "33333333-3333-8333-8333-333333333333";
  two.stream = "custom-b";
  journal_.sent({one, two}, body);
  EXPECT_EQ(describe(compare(journal_, log_read_)), "");
  ASSERT_TRUE(support::append(log_, to_request(body)));
  read();
  EXPECT_EQ(describe(compare(journal_, log_read_)), "");
  log_read_.pop_back();
  const auto faults = compare(journal_, log_read_);
  ASSERT_EQ(faults.size(), 1U) << describe(faults);
  EXPECT_EQ(faults[0].kind, Fault::Kind::torn);
}

TEST_F(Comparing, AVersionThatItsCheckForbidsIsReported) {
  SentRecord record;
  record.key = "44444444-4444-8444-8444-444444444444";
  record.stream = "custom-c";
  record.type = "NoteTaken";
  record.digest = payload_digest(Json(Json::Object{}), Json(Json::Object{}));
  record.version = 3;
  StoredEvent stored;
  stored.position = log_read_.back().position + 1;
  stored.stream = record.stream;
  stored.type = record.type;
  stored.key = record.key;
  stored.digest = record.digest;
  log_read_.push_back(stored);
  journal_.acked(journal_.sent({record}, ""), {{stored.position, 0}}, false);
  const auto faults = compare(journal_, log_read_);
  ASSERT_EQ(faults.size(), 1U) << describe(faults);
  EXPECT_EQ(faults[0].kind, Fault::Kind::misplaced);
}

TEST_F(Comparing, ReadingAgainParsesOnlyWhatChanged) {
  const auto first = reading_.parsed();
  EXPECT_EQ(first, log_read_.size());
  read();
  EXPECT_EQ(reading_.parsed(), 0U);
  ASSERT_TRUE(support::append(log_, support::request({support::event("custom-x", "new")})));
  read();
  EXPECT_EQ(reading_.parsed(), 1U);
}

}  // namespace
}  // namespace hansard::crash
