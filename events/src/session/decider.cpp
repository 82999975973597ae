#include "events/session/decider.h"

#include <map>

#include "core/command_loop.h"
#include "core/event_log.h"
#include "decision.h"
#include "events/erasure/facts.h"

namespace hansard::events {
namespace {

using core::Ok;
using core::Status;

static_assert(core::Decider<SessionDecider>);

Occurred when(const CommandMeta& meta) { return {meta.occurred_at, meta.occurred_at_from_client}; }

/// Steps that add to the conversation itself; an ended session goes on with them.
bool continues(const SessionStep& step) {
  return !std::holds_alternative<ForkSession>(step) && !std::holds_alternative<RecordScore>(step) &&
         !std::holds_alternative<AttachRecord>(step) && !std::holds_alternative<EndSession>(step) &&
         !std::holds_alternative<ReopenSession>(step);
}

/// The steps of a recording, each decided on what the ones before it leave behind.
class Recording {
 public:
  Recording(const Decision::Context& context, SessionState state)
      : context_(context), state_(std::move(state)) {
    context_.recording = true;
  }

  Status run(const Record& command) {
    // Calls outside conversations have a stream without a beginning.
    if (!state_.created && context_.stream.text().starts_with("session-")) {
      Decision decision(context_);
      if (auto status = decision.on(state_, command.create); !status) return status;
      const Occurred at{command.created_at, command.created_at_from_client};
      if (auto status = take(std::move(decision), at); !status) return status;
    }
    for (std::size_t i = 0; i < command.steps.size(); ++i) {
      if (auto status = step(command.steps[i]); !status) {
        core::Error error = std::move(status.error());
        if (command.steps.size() == 1) return error;
        error.field = join_path(join_path("steps", i), error.field);
        error.message = join_path("steps", i) + ": " + error.message;
        return error;
      }
    }
    return Ok{};
  }

  std::vector<core::NewEvent> records;

 private:
  Status step(const RecordedStep& step) {
    const Occurred at{step.occurred_at, step.occurred_at_from_client};
    Decision decision(context_);
    auto status =
        std::visit([&](const auto& each) { return decision.on(state_, each); }, step.step);
    if (!status) return status;
    bool news = false;
    for (const auto& made : decision.made) news = news || !made.known;
    if (news && state_.ended() && continues(step.step)) {
      ReopenSession reopen;
      reopen.reason = "recorded";
      Decision before(context_);
      if (auto opened = before.on(state_, std::move(reopen)); !opened) return opened;
      if (auto taken = take(std::move(before), at); !taken) return taken;
    }
    return take(std::move(decision), at);
  }

  /// Adds the records; one that this batch holds already is left out when equal.
  Status take(Decision decision, const Occurred& at) {
    for (auto& made : decision.made) {
      core::NewEvent record = decision.record(made, at);
      const auto [found, added] = index_.try_emplace(made.id, records.size());
      if (!added) {
        const core::NewEvent& earlier = records[found->second];
        if (earlier.type == record.type && earlier.facts == record.facts &&
            earlier.content == record.content) {
          continue;
        }
        return core::Error{.code = core::Errc::invalid_argument,
                           .message = "two different steps name the same " + record.type};
      }
      if (records.size() == core::kMaxAppendRecords) {
        return core::Error{.code = core::Errc::too_large,
                           .message = "a recording makes at most " +
                                      std::to_string(core::kMaxAppendRecords) + " events"};
      }
      if (!made.known && made.stream == context_.stream) {
        state_ = after(std::move(state_), made.id, made.event);
      }
      records.push_back(std::move(record));
    }
    return Ok{};
  }

  Decision::Context context_;
  SessionState state_;
  std::map<core::EventId, std::size_t> index_;
};

}  // namespace

SessionDecider::SessionDecider(const core::KeyedHash& keyed_hash, const core::Hasher& hasher,
                               SessionCodec codec)
    : keyed_hash_(keyed_hash), hasher_(hasher), codec_(std::move(codec)) {}

core::Result<SessionState> SessionDecider::evolve(SessionState state,
                                                  const core::RecordedEvent& event) const {
  auto decoded = codec_.decode(event);
  if (!decoded) return std::move(decoded.error());
  state = after(std::move(state), event.id, decoded->event);
  // A decision that comes after the order finds nothing to repeat, whatever is still in memory.
  if (event.type == ErasureRequested::kType) {
    const auto order = erasure_codec().decode(event, Want::facts);
    if (!order) return order.error();
    const auto* asked = std::get_if<ErasureRequested>(&order->event);
    if (asked != nullptr && asked->scope != ErasureScope::message) forget_said(state);
  }
  return state;
}

core::Result<std::vector<core::NewEvent>> SessionDecider::decide(const SessionState& state,
                                                                 const core::ProjectId& project,
                                                                 const core::StreamId& stream,
                                                                 const Command& command) const {
  const Decision::Context context{project, stream, command.meta, keyed_hash_, hasher_, codec_};
  if (const auto* record = std::get_if<Record>(&command.body)) {
    Recording recording(context, state);
    if (auto status = recording.run(*record); !status) return std::move(status.error());
    return std::move(recording.records);
  }
  Decision decision(context);
  Status status = Ok{};
  if (const auto* create = std::get_if<CreateSession>(&command.body)) {
    status = decision.on(state, *create);
  } else {
    status = std::visit([&](const auto& each) { return decision.on(state, each); },
                        std::get<SessionStep>(command.body));
  }
  if (!status) return std::move(status.error());
  std::vector<core::NewEvent> records;
  for (const auto& made : decision.made) {
    records.push_back(decision.record(made, when(command.meta)));
  }
  return records;
}

}  // namespace hansard::events
