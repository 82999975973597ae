// What may be ordered about the content of a stream: given what was ordered before, when, then.
#include "events/erasure/decider.h"

#include <gtest/gtest.h>

#include "core/event_bytes.h"
#include "support/events.h"

namespace hansard::events {
namespace {

class ErasureSpec {
 public:
  using Step = decltype(ErasureCommand::step);
  ErasureSpec()
      : hash_(support::hasher(), support::salt("store key")), decider_(hash_, support::hasher()) {}

  /// Something is said in the stream.
  ErasureSpec& given_said() {
    core::NewEvent record;
    record.stream = stream_;
    record.type = "MessageSent";
    record.id = support::event_id("said " + std::to_string(state_.next_version));
    record.facts = R"({"message_id":"m1","role":"user"})";
    record.content = R"({"parts":[]})";
    append(std::move(record));
    return *this;
  }
  ErasureSpec& given(std::vector<Step> steps) {
    for (auto& step : steps) {
      when(std::move(step));
      if (!result_) ADD_FAILURE() << "given: " << result_.error().message;
      if (!result_) return *this;
      for (auto& record : *result_) append(std::move(record));
    }
    return *this;
  }
  ErasureSpec& when(Step step) {
    result_ = decider_.decide(state_, {}, stream_, {{}, std::move(step)});
    return *this;
  }
  ErasureSpec& then(std::string_view type) {
    if (!result_) ADD_FAILURE() << result_.error().message;
    if (!result_) return *this;
    EXPECT_EQ(result_->size(), 1U);
    if (result_->size() == 1) {
      EXPECT_EQ(result_->front().type, type);
      for (const auto& known : history_) EXPECT_NE(result_->front().id, known.id);
    }
    return *this;
  }
  ErasureSpec& then_again(std::size_t version) {
    if (!result_) ADD_FAILURE() << result_.error().message;
    if (!result_) return *this;
    EXPECT_EQ(result_->size(), 1U);
    if (result_->size() == 1) {
      EXPECT_EQ(result_->front().id, history_.at(version).id);
    }
    return *this;
  }
  ErasureSpec& then_nothing() {
    if (!result_) ADD_FAILURE() << result_.error().message;
    if (result_) {
      EXPECT_TRUE(result_->empty());
    }
    return *this;
  }
  ErasureSpec& then_error(core::Errc code, std::string_view says) {
    EXPECT_FALSE(result_);
    if (result_) return *this;
    EXPECT_EQ(result_.error().code, code) << result_.error().message;
    EXPECT_NE(result_.error().message.find(says), std::string::npos) << result_.error().message;
    return *this;
  }
  [[nodiscard]] const ErasureState& state() const { return state_; }

 private:
  void append(core::NewEvent record) {
    core::seal(record, support::hasher());
    std::string bytes;
    const std::uint64_t version = state_.next_version;
    core::encode_event(record, {}, {}, {{version}, {version}, support::at_us(1)}, bytes);
    const auto owned = core::OwnedEvent::decode(std::move(bytes)).value();
    state_ = decider_.evolve(std::move(state_), owned.event()).value();
    history_.push_back(std::move(record));
  }

  const core::KeyedHash hash_;
  const ErasureDecider decider_;
  const core::StreamId stream_ = support::stream("session-s1");
  ErasureState state_;
  std::vector<core::NewEvent> history_;
  core::Result<std::vector<core::NewEvent>> result_ = std::vector<core::NewEvent>{};
};

RequestErasure erase(std::string id = "e1") {
  RequestErasure command;
  command.erasure_id = std::move(id);
  command.reason = "gdpr_17";
  return command;
}
CompleteErasure done(std::string id = "e1", std::uint64_t events = 3) {
  CompleteErasure command;
  command.erasure_id = std::move(id);
  command.events = events;
  return command;
}
PlaceHold hold(std::string name = "case-7") {
  PlaceHold command;
  command.hold = std::move(name);
  command.reason = "litigation";
  return command;
}
ReleaseHold release(std::string name = "case-7") {
  ReleaseHold command;
  command.hold = std::move(name);
  command.reason = "settled";
  return command;
}

TEST(Erasures, AreAskedOfAStreamThatIsThere) {
  ErasureSpec().when(erase()).then_error(core::Errc::not_found, "no stream session-s1");
  ErasureSpec().given_said().when(erase()).then("ErasureRequested");
}

TEST(Erasures, AskedAgainAreTheSameErasure) {
  ErasureSpec().given_said().given({erase()}).when(erase()).then_again(1);
  ErasureSpec().given_said().given({erase(), done()}).when(erase()).then_again(1);
  ErasureSpec().given_said().given({erase(), done()}).when(erase("e2")).then("ErasureRequested");
}

TEST(Erasures, AreDoneOnceAndOnlyWhenAsked) {
  ErasureSpec().given_said().when(done()).then_error(core::Errc::not_found, "e1");
  ErasureSpec().given_said().given({erase()}).when(done()).then("ContentErased");
  ErasureSpec().given_said().given({erase(), done()}).when(done("e1", 9)).then_nothing();
}

TEST(Erasures, AreRejectedUnderAHoldThatIsNamed) {
  ErasureSpec().given_said().given({hold()}).when(erase()).then_error(core::Errc::rejected,
                                                                      "case-7 (litigation)");
  ErasureSpec().given_said().given({hold(), release()}).when(erase()).then("ErasureRequested");
  ErasureSpec()
      .given_said()
      .given({hold(), hold("b"), release()})
      .when(erase())
      .then_error(core::Errc::rejected, "legal hold b");
}

TEST(Erasures, AlreadyAskedForReachTheLogUnderAHoldToo) {
  ErasureSpec().given_said().given({erase(), done(), hold()}).when(erase()).then_again(1);
}

TEST(Erasures, NeedWordsWhereTextWouldBeKeptForEver) {
  auto command = erase();
  command.reason = "Ada asked us to";
  ErasureSpec().given_said().when(command).then_error(core::Errc::invalid_argument, "reason");
  command = erase();
  command.scope = ErasureScope::message;
  ErasureSpec().given_said().when(command).then_error(core::Errc::invalid_argument, "message_id");
  command = erase();
  command.scope = ErasureScope::retention;
  ErasureSpec().given_said().when(command).then_error(core::Errc::invalid_argument, "rule");
}

TEST(Holds, PlacedTwiceAreOneAndReleasedTwiceToo) {
  ErasureSpec().given_said().given({hold()}).when(hold()).then_again(1);
  ErasureSpec().given_said().given({hold(), release()}).when(release()).then_again(2);
  ErasureSpec().given_said().given({hold(), release()}).when(hold()).then("LegalHoldPlaced");
  ErasureSpec()
      .given_said()
      .given({hold(), release(), hold()})
      .when(release())
      .then("LegalHoldReleased");
}

TEST(Holds, ThatNobodyPlacedAreNotFound) {
  ErasureSpec().given_said().when(release()).then_error(core::Errc::not_found, "case-7");
}

TEST(Holds, ComeTooLateWhileAnErasureIsUnderWay) {
  ErasureSpec().given_said().given({erase()}).when(hold()).then_error(core::Errc::rejected, "e1");
  ErasureSpec().given_said().given({erase(), done()}).when(hold()).then("LegalHoldPlaced");
}

TEST(ErasureState, KnowsWhatWasSaidLast) {
  EXPECT_FALSE(ErasureSpec().state().last_said);
  ErasureSpec spec;
  spec.given_said().given_said().given({hold(), release(), erase()});
  EXPECT_EQ(spec.state().last_said, core::Version{1});
  EXPECT_EQ(spec.state().erasures.at("e1").requested, core::Version{4});
  EXPECT_EQ(spec.state().pending_erasure(), "e1");
}

}  // namespace
}  // namespace hansard::events
