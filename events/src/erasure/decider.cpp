#include "events/erasure/decider.h"

#include <string>
#include <utility>

#include "core/command_loop.h"
#include "erasure/check.h"
#include "events/session/ids.h"
#include "sealing.h"

namespace hansard::events {
namespace {

using core::Errc;
using core::Error;
using core::Result;

static_assert(core::Decider<ErasureDecider>);

Error rejected(std::string why, std::string field) {
  return {.code = Errc::rejected, .message = std::move(why), .field = std::move(field)};
}

/// An event to write, under its id; nothing: there is nothing to say.
struct Made {
  core::EventId id;
  ErasureEvent event;
};
using Decision = Result<std::optional<Made>>;

class Rules {
 public:
  Rules(const ErasureState& state, const core::ProjectId& project, const core::StreamId& stream,
        const core::KeyedHash& keyed_hash)
      : state_(state), project_(project), stream_(stream), keyed_hash_(keyed_hash) {}

  Decision on(const RequestErasure& command) const {
    const auto made = id_of(ErasureRequested::kType, {command.erasure_id});
    if (state_.erasures.contains(command.erasure_id)) return same(made, ErasureRequested(command));
    if (const auto hold = state_.standing_hold(); !hold.empty()) {
      return rejected(stream_.text() + " is under the legal hold " + std::string(hold) + " (" +
                          state_.holds.find(hold)->second.reason + ")",
                      "hold");
    }
    if (state_.erasures.size() >= kStreamErasuresMax) {
      return Error{
          .code = Errc::too_large,
          .message = "a stream has at most " + std::to_string(kStreamErasuresMax) + " erasures",
          .field = "erasure_id"};
    }
    return same(made, ErasureRequested(command));
  }

  Decision on(const CompleteErasure& command) const {
    const auto found = state_.erasures.find(command.erasure_id);
    if (found == state_.erasures.end()) {
      return Error{.code = Errc::not_found,
                   .message = "erasure_id: " + command.erasure_id + " was not asked of this stream",
                   .field = "erasure_id"};
    }
    if (found->second.events_erased) return std::optional<Made>();
    return same(id_of(ContentErased::kType, {command.erasure_id}), ContentErased(command));
  }

  Decision on(const PlaceHold& command) const {
    const auto found = state_.holds.find(command.hold);
    const bool standing = found != state_.holds.end() && found->second.standing;
    if (!standing) {
      if (const auto erasure = state_.pending_erasure(); !erasure.empty()) {
        return rejected("the erasure " + std::string(erasure) +
                            " is under way: what it concerns "
                            "cannot be kept any more",
                        "hold");
      }
      if (found == state_.holds.end() && state_.holds.size() >= kStreamHoldsMax) {
        return Error{.code = Errc::too_large,
                     .message = "a stream has at most " + std::to_string(kStreamHoldsMax) +
                                " names of holds",
                     .field = "hold"};
      }
    }
    const std::uint32_t before = found == state_.holds.end() ? 0 : found->second.placed;
    const std::string number = std::to_string(standing ? before : before + 1);
    return same(id_of(LegalHoldPlaced::kType, {command.hold, number}), LegalHoldPlaced(command));
  }

  Decision on(const ReleaseHold& command) const {
    const auto found = state_.holds.find(command.hold);
    if (found == state_.holds.end()) {
      return Error{
          .code = Errc::not_found,
          .message = "hold: there is none called " + command.hold + " on " + stream_.text(),
          .field = "hold"};
    }
    const std::string number = std::to_string(found->second.placed);
    return same(id_of(LegalHoldReleased::kType, {command.hold, number}),
                LegalHoldReleased(command));
  }

 private:
  [[nodiscard]] core::EventId id_of(std::string_view type,
                                    std::initializer_list<std::string_view> named) const {
    return derive_event_id(project_, stream_, type, named, keyed_hash_);
  }
  Decision same(const core::EventId& id, ErasureEvent event) const {
    if (auto status = check_event(event); !status) return std::move(status.error());
    if (state_.next_version == 0) {
      return Error{.code = Errc::not_found,
                   .message = "there is no stream " + stream_.text(),
                   .field = "stream"};
    }
    return std::optional(Made{id, std::move(event)});
  }

  const ErasureState& state_;
  const core::ProjectId& project_;
  const core::StreamId& stream_;
  const core::KeyedHash& keyed_hash_;
};

class Fold {
 public:
  Fold(ErasureState& state, const core::RecordedEvent& recorded)
      : state_(state), recorded_(recorded) {}
  void operator()(const ErasureRequested& event) {
    StreamErasure& erasure = state_.erasures[event.erasure_id];
    erasure.asked = event;
    erasure.asked.comment.reset();
    erasure.requested = recorded_.version;
  }
  void operator()(const ContentErased& event) {
    state_.erasures[event.erasure_id].events_erased = event.events;
  }
  void operator()(const LegalHoldPlaced& event) {
    StreamHold& hold = state_.holds[event.hold];
    ++hold.placed;
    hold.reason = event.reason;
    hold.standing = true;
  }
  void operator()(const LegalHoldReleased& event) { state_.holds[event.hold].standing = false; }
  void operator()(const Unrecognised&) { state_.last_said = recorded_.version; }

 private:
  ErasureState& state_;
  const core::RecordedEvent& recorded_;
};

}  // namespace

std::string_view ErasureState::standing_hold() const {
  for (const auto& [name, hold] : holds) {
    if (hold.standing) return name;
  }
  return {};
}

std::string_view ErasureState::pending_erasure() const {
  for (const auto& [id, erasure] : erasures) {
    if (!erasure.events_erased) return id;
  }
  return {};
}

ErasureState after(ErasureState state, const core::RecordedEvent& recorded,
                   const ErasureEvent& event) {
  state.next_version = recorded.version.value + 1;
  std::visit(Fold(state, recorded), event);
  return state;
}

std::size_t approximate_bytes(const ErasureState& state) {
  constexpr std::size_t kStateBytes = 256;
  constexpr std::size_t kEntryBytes = 512;  // an erasure or a hold, with its texts
  return kStateBytes + (state.erasures.size() + state.holds.size()) * kEntryBytes;
}

ErasureDecider::ErasureDecider(const core::KeyedHash& keyed_hash, const core::Hasher& hasher)
    : keyed_hash_(keyed_hash), hasher_(hasher) {}

Result<ErasureState> ErasureDecider::evolve(ErasureState state,
                                            const core::RecordedEvent& event) const {
  auto decoded = erasure_codec().decode(event, Want::facts);
  if (!decoded) return std::move(decoded.error());
  return after(std::move(state), event, decoded->event);
}

Result<std::vector<core::NewEvent>> ErasureDecider::decide(const State& state,
                                                           const core::ProjectId& project,
                                                           const core::StreamId& stream,
                                                           const Command& command) const {
  const Rules rules(state, project, stream, keyed_hash_);
  auto made = std::visit([&](const auto& step) { return rules.on(step); }, command.step);
  if (!made) return std::move(made.error());
  std::vector<core::NewEvent> records;
  if (*made) {
    records.push_back(sealed_by(erasure_codec().encode((*made)->event), stream, (*made)->id,
                                command.meta, hasher_));
  }
  return records;
}

}  // namespace hansard::events
