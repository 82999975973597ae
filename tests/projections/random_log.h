#pragma once

#include <random>
#include <string>
#include <vector>

#include "events/prompt/decider.h"
#include "events/session/decider.h"
#include "recorder.h"

/// Random histories of sessions, written through the real decider, with now and then something that
/// only a raw append or an older recorder would leave behind. The same seed gives the same log.
namespace hansard::projections::test {

class RandomLog {
 public:
  explicit RandomLog(std::uint64_t seed)
      : random_(seed), decider_(keyed_hash(), support::hasher()) {}

  core::InMemoryEventLog& log() { return recorder_.log(); }
  core::Timestamp now() const { return recorder_.now(); }
  const std::vector<std::string>& sessions() const { return sessions_; }

  void grow(int steps) {
    for (int i = 0; i < steps; ++i) step();
  }
  /// Erases about one event in `one_in`.
  void erase(std::uint64_t one_in) {
    for (std::uint64_t at = 0; at < log().end().value; ++at) {
      if (below(one_in) != 0) continue;
      EXPECT_TRUE(log().erase(core::Position{at}));
    }
  }
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

 private:
  bool one_in(std::uint64_t count) { return below(count) == 0; }
  std::string name(std::string_view prefix, std::uint64_t bound) {
    return std::string(prefix) + std::to_string(below(bound));
  }
  template <class T>
  std::optional<T> maybe(T value) {
    return one_in(3) ? std::nullopt : std::optional<T>(std::move(value));
  }

  void step() {
    recorder_.occurring(
        one_in(3) ? std::nullopt
                  : std::optional(support::at_us(
                        day_us(19'990) + static_cast<std::int64_t>(below(20'000'000'000'000)))));
    recorder_.in_project(one_in(5) ? "other" : "default");
    if (one_in(12)) return change_prompt();
    if (one_in(30)) return change_experiment();
    if (sessions_.empty() || one_in(15)) return create();
    const std::string session = sessions_[below(sessions_.size())];
    if (one_in(20)) return odd(session);
    decide(session, command());
  }

  /// Decided on the prompt's state as stored, as sessions are below.
  void change_prompt() {
    const events::PromptDecider decider(keyed_hash(), support::hasher());
    const auto stream = support::stream("prompt-" + name("p", 3));
    auto state = decider.initial();
    for (const auto& stored : support::read_stream(log(), recorder_.project(), stream)) {
      state = decider.evolve(std::move(state), stored.event()).value();
    }
    events::PromptCommand command;
    command.body = prompt_command();
    command.meta.salt_seed = support::salt("prompt " + std::to_string(++next_));
    const auto decided = decider.decide(state, recorder_.project(), stream, command);
    if (!decided) return;
    for (core::NewEvent event : *decided) {
      core::seal(event, support::hasher());
      recorder_.append(std::move(event));
    }
  }
  decltype(events::PromptCommand::body) prompt_command() {
    events::PromptVersion version(1 + below(4));
    switch (below(8)) {
      case 0:
        return events::RollBack{};
      case 1:
        return events::RemoveLabel{{}, name("label", 2), {}};
      case 2:
        return events::TagVersion{version, {name("tag", 3)}, {}};
      case 3:
        return events::DeleteVersion{{}, version};
      case 4:
        if (one_in(2)) return events::StartTrial{name("e", 2), {}};
        return events::EndTrial{name("e", 2)};
      case 5: {
        events::MoveLabel move;
        move.version = version;
        move.label = one_in(2) ? "production" : name("label", 2);
        return move;
      }
      default: {
        events::StoreVersion store;
        store.text = name("text ", 9);
        if (one_in(3)) store.labels = {"production"};
        return store;
      }
    }
  }

  /// The log takes what it is given here, and a view has to.
  void change_experiment() {
    const std::string stream = "experiment-" + name("e", 3);
    if (one_in(3)) {
      recorder_.add_raw(stream, one_in(2) ? "ExperimentStarted" : "ExperimentPaused", "{}");
      return;
    }
    recorder_.add_raw(stream, "ExperimentCreated",
                      R"({"unit":"user","variants":[{"name":"a","share":5000},)"
                      R"({"name":"b","share":5000}],"seed":"s","coverage":10000,)"
                      R"("metric":{"name":"thumbs","source":"score","goal":"increase",)"
                      R"("aggregate":"mean","missing":"left_out"},)"
                      R"("minimum_sample":200,"alpha":0.05})");
  }

  void create() {
    events::CreateSession create;
    create.user = maybe(name("user", 4));
    create.agent = maybe(name("agent", 2));
    if (one_in(2)) create.tags = {{"team", name("t", 3)}};
    const std::string session = "s" + std::to_string(sessions_.size());
    sessions_.push_back(session);
    events::SessionCommand command;
    command.body = std::move(create);
    decide(session, std::move(command));
  }

  events::SessionCommand command() {
    events::SessionCommand command;
    command.body = pick();
    return command;
  }

  events::SessionStep pick() {
    const std::string id = "m" + std::to_string(next_++);
    switch (below(13)) {
      case 0:
      case 1: {
        events::SendMessage send;
        send.message_id = id;
        send.role = one_in(4) ? events::Role::system : events::Role::user;
        send.parts = {events::Part::make_text("text of " + id)};
        return send;
      }
      case 2:
      case 3: {
        events::RecordResponse answer;
        static_cast<events::ResponseReceived&>(answer) =
            response(id, "answer " + id, maybe(name("model", 3)));
        if (!one_in(3)) answer.usage = tokens(below(1000), below(100));
        answer.latency_us = maybe<std::uint64_t>(below(1'000'000));
        if (!asked_.empty() && one_in(2)) {
          answer.call_id = asked_;
          if (one_in(3)) answer.served_from = events::ServedFrom::cache;
        } else if (one_in(4)) {
          answer.call_id = last_call_;
          answer.choice = 1;
          answer.usage = {};
        } else {
          last_call_ = answer.call_id;
        }
        last_answer_ = id;
        return answer;
      }
      case 4: {
        events::FailResponse failed;
        failed.call_id = "call-" + id;
        failed.model = maybe(name("model", 3));
        if (one_in(4)) failed.usage = tokens(below(50), 0);
        return failed;
      }
      case 5:
      case 6: {
        events::CallTool call;
        call.message_id = last_answer_;
        call.tool_call_id = name("t", 3);
        call.tool = name("tool", 2);
        call.arguments = events::Json(id);
        return call;
      }
      case 12: {
        events::RequestResponse request;
        request.call_id = asked_ = name("asked", 20);
        request.attempt = 1 + static_cast<std::uint32_t>(below(3));
        request.provider = maybe(name("p", 2));
        request.request_hash = maybe(name("hash", 5));
        if (one_in(2)) request.policies = {{"budget", "allowed", name("b", 3)}};
        return request;
      }
      case 7: {
        events::CompleteTool done;
        done.tool_call_id = name("t", 3);
        done.output = events::Json("out of " + id);
        return done;
      }
      case 8: {
        events::FailTool failed;
        failed.tool_call_id = name("t", 3);
        failed.error = events::Json("broken " + id);
        return failed;
      }
      case 9: {
        events::OptimizeContext optimise;
        optimise.strategy = "drop";
        optimise.removed = {"m" + std::to_string(below(next_))};
        optimise.idempotency_key = id;
        return optimise;
      }
      case 10: {
        events::ForkSession fork;
        fork.child = "f" + std::to_string(next_);
        fork.at_version = below(6);
        children_.push_back(fork.child);
        return fork;
      }
      default:
        return one_in(2) ? events::SessionStep{events::EndSession{}}
                         : events::SessionStep{events::ReopenSession{}};
    }
  }

  /// Decides on the session's state as stored, and appends; a refusal leaves nothing.
  void decide(const std::string& session, events::SessionCommand command) {
    const auto stream = support::stream("session-" + session);
    auto state = decider_.initial();
    for (const auto& stored : support::read_stream(log(), recorder_.project(), stream)) {
      state = decider_.evolve(std::move(state), stored.event()).value();
    }
    command.meta.salt_seed = support::salt(std::to_string(next_));
    const auto decided = decider_.decide(state, recorder_.project(), stream, command);
    if (!decided) {
      children_.clear();
      return;
    }
    for (core::NewEvent event : *decided) {
      event.occurred_at = recorder_.raw(stream.text(), "X", "{}").occurred_at;
      core::seal(event, support::hasher());
      // A second, different result for a closed call is refused by the log: nothing happened.
      if (const auto receipt = recorder_.try_append(std::move(event)); !receipt) {
        EXPECT_EQ(receipt.error().code, core::Errc::id_reused) << receipt.error().message;
      }
    }
    for (std::string& child : children_) sessions_.push_back(std::move(child));
    children_.clear();
  }

  void odd(const std::string& session) {
    const std::string stream = "session-" + session;
    switch (below(5)) {
      case 0:
        recorder_.add_raw(stream, "SomethingNew", R"({"model":"x","usage":{"input_text":1}})");
        break;
      case 1:
        recorder_.add(stream, events::SessionCreated{});
        break;
      case 2:
        recorder_.add("calls-c", response("c" + std::to_string(next_++), "outside"));
        break;
      case 3:
        recorder_.add_raw("custom-x", "ResponseReceived", R"({"call_id":"c"})");
        break;
      default:
        recorder_.add(stream, tool_call("unheard", 0, "t0"));
    }
  }

  std::mt19937_64 random_;
  events::SessionDecider decider_;
  Recorder recorder_;
  std::vector<std::string> sessions_;
  std::vector<std::string> children_;
  std::string last_answer_ = "m0";
  std::string asked_;
  std::string last_call_ = "call-m0";
  std::uint64_t next_ = 0;
};

/// A log as it was when it ended at `end`.
class PrefixLog final : public core::EventLog {
 public:
  PrefixLog(const core::EventLog& whole, core::Position end) : whole_(whole), end_(end) {}

  void append(core::AppendRequest, core::AppendDone done) override {
    done(core::Error{core::Errc::unsupported, "a past does not change"});
  }
  core::Position end() const override { return end_; }
  core::Result<core::Position> read(core::Position from,
                                    const core::EventSink& sink) const override {
    return whole_.read(from, limited(sink));
  }
  core::Result<core::Version> read_stream(const core::ProjectId& project,
                                          const core::StreamId& stream, core::Version from,
                                          const core::EventSink& sink) const override {
    return whole_.read_stream(project, stream, from, limited(sink));
  }
  core::Result<std::optional<core::Version>> head(const core::ProjectId& project,
                                                  const core::StreamId& stream) const override {
    std::optional<core::Version> head;
    const auto read = read_stream(project, stream, {}, [&](const core::RecordedEvent& event) {
      head = event.version;
      return true;
    });
    if (!read) return read.error();
    return head;
  }
  core::Result<std::optional<core::Position>> find(const core::ProjectId& project,
                                                   const core::EventId& id) const override {
    return whole_.find(project, id);
  }
  core::TreeHead tree() const override { return whole_.tree(); }
  std::unique_ptr<core::Subscription> subscribe(std::function<void(core::Position)>) override {
    return nullptr;
  }

 private:
  core::EventSink limited(const core::EventSink& sink) const {
    return [this, &sink](const core::RecordedEvent& event) {
      return event.position < end_ && sink(event);
    };
  }

  const core::EventLog& whole_;
  core::Position end_;
};

}  // namespace hansard::projections::test
