// What may happen to keys of the API: given what was asked before, when, then.
#include "events/keys/decider.h"

#include <gtest/gtest.h>

#include "core/event_bytes.h"
#include "support/events.h"

namespace hansard::events {
namespace {

const std::string kFirst = "0f7a3c52-9d1e-8b46-a1c2-3d4e5f60718a";
const std::string kSecond = "1f7a3c52-9d1e-8b46-a1c2-3d4e5f60718a";

CreateKey create(const std::string& id, std::string name = "ci", std::string project = "default") {
  CreateKey command;
  command.key_id = id;
  command.name = std::move(name);
  command.project = std::move(project);
  command.secret_hash = std::string(64, 'a');
  command.scopes = {KeyScope::read};
  return command;
}

RevokeKey revoke(const std::string& id, KeyEnding reason = KeyEnding::requested) {
  RevokeKey command;
  command.key_id = id;
  command.reason = reason;
  return command;
}

class KeysSpec {
 public:
  using Step = decltype(KeyCommand::step);
  KeysSpec()
      : hash_(support::hasher(), support::salt("store key")), decider_(hash_, support::hasher()) {}

  KeysSpec& given(std::vector<Step> steps) {
    for (Step& step : steps) {
      when(std::move(step));
      if (!result_) ADD_FAILURE() << "given: " << result_.error().message;
      if (!result_) return *this;
      for (const core::NewEvent& record : *result_) apply(record);
    }
    return *this;
  }
  KeysSpec& when(Step step) {
    result_ = decider_.decide(state_, keys_project(), keys_stream(), {{}, std::move(step)});
    return *this;
  }
  KeysSpec& then(const std::vector<std::string>& types) {
    if (!result_) ADD_FAILURE() << result_.error().message;
    if (!result_) return *this;
    std::vector<std::string> made;
    for (const auto& record : *result_) made.push_back(record.type);
    EXPECT_EQ(made, types);
    return *this;
  }
  /// The same event as the one at `version`.
  KeysSpec& then_again(std::size_t version) {
    if (!result_ || result_->size() != 1) ADD_FAILURE() << "not one event";
    if (!result_ || result_->size() != 1) return *this;
    EXPECT_EQ(result_->front().id, ids_.at(version));
    return *this;
  }
  KeysSpec& then_error(core::Errc code, std::string_view field) {
    EXPECT_FALSE(result_);
    if (result_) return *this;
    EXPECT_EQ(result_.error().code, code) << result_.error().message;
    EXPECT_EQ(result_.error().field, field);
    return *this;
  }

 private:
  void apply(core::NewEvent record) {
    core::seal(record, support::hasher());
    std::string bytes;
    const std::uint64_t version = ids_.size();
    core::encode_event(record, keys_project(), {}, {{version}, {version}, support::at_us(1)},
                       bytes);
    const auto owned = core::OwnedEvent::decode(std::move(bytes)).value();
    state_ = decider_.evolve(std::move(state_), owned.event()).value();
    ids_.push_back(record.id);
  }

  core::KeyedHash hash_;
  KeysDecider decider_;
  KeysState state_;
  std::vector<core::EventId> ids_;
  core::Result<std::vector<core::NewEvent>> result_ = std::vector<core::NewEvent>{};
};

TEST(Keys, AKeyIsCreatedAndRevoked) {
  KeysSpec().when(create(kFirst)).then({"KeyCreated"});
  KeysSpec().given({create(kFirst)}).when(revoke(kFirst)).then({"KeyRevoked"});
}

TEST(Keys, ARetryIsTheSameKey) {
  KeysSpec().given({create(kFirst)}).when(create(kFirst)).then_again(0);
}

TEST(Keys, ALiveNameIsTakenInItsProjectAndFreeAfterwards) {
  KeysSpec()
      .given({create(kFirst)})
      .when(create(kSecond))
      .then_error(core::Errc::rejected, "name")
      .when(create(kSecond, "ci", "other"))
      .then({"KeyCreated"})
      .given({revoke(kFirst)})
      .when(create(kSecond))
      .then({"KeyCreated"});
}

TEST(Keys, ARevocationIsOneWhateverTheReasonLater) {
  KeysSpec()
      .given({create(kFirst), revoke(kFirst)})
      .when(revoke(kFirst, KeyEnding::leaked))
      .then({});
}

TEST(Keys, OnlyAKeyThatWasCreatedIsRevoked) {
  KeysSpec().when(revoke(kFirst)).then_error(core::Errc::not_found, "key_id");
}

TEST(Keys, AreRefusedWhenMalformed) {
  auto spec = [](void (*change)(CreateKey&), std::string_view field) {
    CreateKey command = create(kFirst);
    change(command);
    KeysSpec().when(command).then_error(core::Errc::invalid_argument, field);
  };
  spec([](CreateKey& key) { key.key_id = "x"; }, "key_id");
  spec([](CreateKey& key) { key.key_id = "0F7A3C52-9D1E-8B46-A1C2-3D4E5F60718A"; }, "key_id");
  spec([](CreateKey& key) { key.name = "a b"; }, "name");
  spec([](CreateKey& key) { key.name = std::string(65, 'a'); }, "name");
  spec([](CreateKey& key) { key.project = "No"; }, "project");
  spec([](CreateKey& key) { key.secret_hash = "hsd_secret"; }, "secret_hash");
  spec([](CreateKey& key) { key.scopes.clear(); }, "scopes");
  spec([](CreateKey& key) { key.scopes = {KeyScope::read, KeyScope::read}; }, "scopes");
  spec([](CreateKey& key) { key.expires_at = "tomorrow"; }, "expires_at");
}

TEST(Keys, ThatAreLiveAreBounded) {
  KeysSpec spec;
  std::vector<KeysSpec::Step> many;
  for (std::size_t i = 0; i < kLiveKeysMax; ++i) {
    core::Uuid id;
    id.bytes = {1, static_cast<std::uint8_t>(i >> 8U), static_cast<std::uint8_t>(i)};
    many.emplace_back(create(core::to_string(id), "k" + std::to_string(i)));
  }
  const std::string first = std::get<CreateKey>(many.front()).key_id;
  spec.given(std::move(many))
      .when(create(kFirst))
      .then_error(core::Errc::too_large, "name")
      .given({revoke(first)})
      .when(create(kFirst))
      .then({"KeyCreated"});
}

}  // namespace
}  // namespace hansard::events
