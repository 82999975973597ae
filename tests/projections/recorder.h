#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/in_memory_event_log.h"
#include "core/projection_runner.h"
#include "events/equivalence.h"
#include "events/session/codec.h"
#include "events/session/ids.h"
#include "projections/history.h"
#include "support/events.h"
#include "support/log.h"

/// Writes session events into a log in memory, with everything a test does not say filled in.
namespace hansard::projections::test {

using namespace std::string_literals;  // NOLINT: tests write many optional texts

inline const core::KeyedHash& keyed_hash() {
  static const core::KeyedHash instance(support::hasher(), core::Hash{1, 2, 3});
  return instance;
}

inline std::int64_t day_us(int days) { return std::int64_t{86'400'000'000} * days; }

/// A log whose clock advances a millisecond per event.
class Recorder {
 public:
  Recorder() : log_(support::hasher(), equivalence_) {}

  core::InMemoryEventLog& log() { return log_; }
  core::Timestamp now() const { return now_; }
  void set_now(core::Timestamp now) { now_ = now; }
  void in_project(std::string_view project) { project_ = support::project(project); }
  const core::ProjectId& project() const { return project_; }
  /// `occurred_at` of the events from here on: a time, or unknown.
  void occurring(std::optional<core::Timestamp> at) { occurred_at_ = at; }

  core::RecordReceipt add(std::string_view stream, const events::SessionEvent& event) {
    const auto encoded = codec_.encode(event);
    return add_raw(stream, encoded.type, encoded.facts, encoded.content);
  }
  core::RecordReceipt add_raw(std::string_view stream, std::string_view type,
                              std::string_view facts, std::string_view content = "{}") {
    return append(raw(stream, type, facts, content));
  }
  core::RecordReceipt append(core::NewEvent event) {
    auto receipt = try_append(std::move(event));
    EXPECT_TRUE(receipt) << receipt.error().message;
    return receipt->records.at(0);
  }
  core::Result<core::Receipt> try_append(core::NewEvent event) {
    now_ += std::chrono::milliseconds(1);
    auto request = support::request({std::move(event)});
    request.project = project_;
    request.recorded_at = now_;
    return support::append(log_, std::move(request));
  }
  core::NewEvent raw(std::string_view stream, std::string_view type, std::string_view facts,
                     std::string_view content = "{}") {
    core::NewEvent event;
    event.stream = support::stream(stream);
    event.type = type;
    event.id = support::event_id("event " + std::to_string(next_id_++));
    event.occurred_at = occurred_at_;
    event.facts = facts;
    event.content = content;
    event.salt = support::salt(std::to_string(next_id_));
    core::seal(event, support::hasher());
    return event;
  }

  // Shorthands for the events that most tests need.
  core::RecordReceipt create(std::string_view session, std::string_view user = {},
                             events::StringMap tags = {}) {
    events::SessionCreated event;
    event.agent = "helper"s;
    event.app = "app"s;
    if (!user.empty()) {
      event.user = std::string(user);
      event.user_hash = events::user_hash(project_, user, keyed_hash());
    }
    for (const auto& [key, value] : tags) {
      event.tag_hashes.emplace_back(key, events::tag_hash(project_, key, value, keyed_hash()));
    }
    event.tags = std::move(tags);
    return add("session-" + std::string(session), event);
  }
  core::RecordReceipt say(std::string_view session, std::string_view message_id,
                          std::string_view text, events::Role role = events::Role::user) {
    events::MessageSent event;
    event.message_id = message_id;
    event.role = role;
    event.parts.push_back(events::Part::make_text(std::string(text)));
    return add("session-" + std::string(session), event);
  }
  core::RecordReceipt answer(std::string_view session, const events::ResponseReceived& event) {
    return add("session-" + std::string(session), event);
  }

 private:
  events::VocabularyEquivalence equivalence_;
  core::InMemoryEventLog log_;
  events::SessionCodec codec_;
  core::ProjectId project_;
  core::Timestamp now_ = support::at_us(day_us(20'000));
  std::optional<core::Timestamp> occurred_at_;
  std::uint64_t next_id_ = 0;
};

/// An answer of `model`, with usage when there are tokens to speak of.
inline events::ResponseReceived response(std::string_view id, std::string_view text,
                                         std::optional<std::string> model = "m1"s,
                                         std::optional<events::Usage> usage = {}) {
  events::ResponseReceived event;
  event.call_id = "call-" + std::string(id);
  event.message_id = id;
  event.provider = "p1"s;
  event.model = std::move(model);
  event.usage = usage;
  event.parts.push_back(events::Part::make_text(std::string(text)));
  return event;
}

inline events::ToolCalled tool_call(std::string_view message_id, std::uint32_t index,
                                    std::string_view tool_call_id, std::string_view tool = "look") {
  events::ToolCalled event;
  event.message_id = message_id;
  event.index = index;
  event.tool_call_id = tool_call_id;
  event.tool = tool;
  event.arguments = events::Json(R"({"q":"x"})");
  return event;
}

inline events::Usage tokens(std::uint64_t input, std::uint64_t output) {
  events::Usage usage;
  usage.input_text = input;
  usage.output_text = output;
  return usage;
}

/// A view built from the whole log, in batches of `batch_events`.
class Built {
 public:
  Built(const core::EventLog& log, const core::Projection& projection,
        std::size_t batch_events = 4096)
      : store_(core::make_in_memory_read_model_store()) {
    const core::ViewId view{std::string(projection.name()), projection.version(), 0};
    core::RunnerOptions options;
    options.batch_events = batch_events;
    const auto status = core::build(log, *store_, projection, view, log.end(), options);
    EXPECT_TRUE(status) << status.error().message;
    model_ = store_->open(view).value();
  }
  const core::ReadModel& model() const { return *model_; }
  std::vector<std::pair<std::string, std::string>> rows() const {
    std::vector<std::pair<std::string, std::string>> rows;
    EXPECT_TRUE(model_->scan({}, {}, [&](std::string_view key, std::string_view row) {
      rows.emplace_back(key, row);
      return true;
    }));
    return rows;
  }

 private:
  std::unique_ptr<core::ReadModelStore> store_;
  std::unique_ptr<core::ReadModel> model_;
};

}  // namespace hansard::projections::test
