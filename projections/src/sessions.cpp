#include "projections/sessions.h"

#include <algorithm>

#include "event_kind.h"
#include "events/erasure/facts.h"
#include "events/session/fast_facts.h"
#include "session_row.h"

namespace hansard::projections {
namespace {

std::int64_t us(core::Timestamp time) { return time.time_since_epoch().count(); }

/// Folds one event into a session; owns the packed texts that it replaces.
class Fold {
 public:
  Fold(const core::RecordedEvent& event, StoredSession& session)
      : event_(event), session_(session) {}

  core::Status apply(EventKind kind) {
    auto& counters = session_.counters;
    switch (kind) {
      case EventKind::session_created:
        return created();
      case EventKind::session_configured:
      case EventKind::response_requested:
        return model_named();
      case EventKind::message_sent:
        return message();
      case EventKind::response_received:
        ++counters.responses;
        return outcome();
      case EventKind::response_failed:
        ++counters.failures;
        return outcome();
      case EventKind::tool_called:
        ++counters.tool_calls;
        break;
      case EventKind::tool_failed:
        ++counters.tool_failures;
        break;
      case EventKind::session_forked:
        ++counters.forks;
        break;
      case EventKind::score_recorded:
        ++counters.scores;
        break;
      case EventKind::session_ended:
        session_.ended = true;
        break;
      case EventKind::session_reopened:
        session_.ended = false;
        break;
      case EventKind::tool_completed:
      case EventKind::context_optimized:
      case EventKind::unknown:
        break;
    }
    return core::Ok{};
  }

  /// Times and head, from the header: every event of the stream counts, known or not.
  void seen(bool first) {
    const std::int64_t recorded = us(event_.recorded_at);
    if (!first && events::is_erasure_event(event_.type)) {
      // What is done about a conversation is not said in it: it does not become active by that.
      session_.last_recorded = recorded;
      session_.head = event_.version.value;
      if (event_.type == events::ErasureRequested::kType) ++session_.erasures_asked;
      if (event_.type == events::ContentErased::kType) ++session_.erasures_done;
      return;
    }
    std::int64_t activity = recorded;
    if (event_.occurred_at) {
      const std::int64_t occurred = us(*event_.occurred_at);
      activity = std::min(recorded, occurred);
      const bool known = session_.has_occurred;
      session_.first_occurred = known ? std::min(session_.first_occurred, occurred) : occurred;
      session_.last_occurred = known ? std::max(session_.last_occurred, occurred) : occurred;
      session_.has_occurred = true;
    }
    if (first) session_.first_recorded = recorded;
    session_.activity = first ? activity : std::max(session_.activity, activity);
    session_.last_recorded = recorded;
    session_.head = event_.version.value;
  }

 private:
  /// A stream has one; should there be another, the first tells who and what for.
  core::Status created() {
    if (session_.created_at) return core::Ok{};
    auto decoded = events::session_codec().decode(event_, events::Want::facts);
    if (!decoded) return decoded.error();
    session_.created_at = event_.position.value;
    created_ = pack_created(std::get<events::SessionCreated>(decoded->event));
    session_.created = created_;
    return core::Ok{};
  }

  core::Status message() {
    ++session_.counters.messages;
    if (session_.first_user_message) return core::Ok{};
    const auto role = events::text_fact(event_, "role");
    if (!role) return role.error();
    if (*role == "user") session_.first_user_message = event_.position.value;
    return core::Ok{};
  }

  core::Status model_named() {
    const auto model = events::text_fact(event_, "model");
    if (!model) return model.error();
    if (*model) add_model(**model);
    return core::Ok{};
  }

  core::Status outcome() {
    const auto facts = events::call_facts(event_);
    if (!facts) return facts.error();
    if (facts->model) add_model(*facts->model);
    if (facts->choice != 0) return core::Ok{};
    ++session_.counters.calls;
    if (facts->kept) {
      // Nothing was spent on it.
    } else if (facts->usage) {
      add_usage(session_.counters.tokens, *facts->usage);
    } else {
      ++session_.counters.calls_without_usage;
    }
    return core::Ok{};
  }

  void add_model(std::string_view model) {
    std::size_t count = 0;
    row::Reader known(session_.models);
    while (known.ok() && !known.done()) {
      if (known.text() == model) return;
      ++count;
    }
    if (count >= kModelsPerSessionMax) {
      session_.models_left_out = true;
      return;
    }
    models_.assign(session_.models);
    row::Writer(models_).text(model);
    session_.models = models_;
  }

  const core::RecordedEvent& event_;
  StoredSession& session_;
  std::string created_;
  std::string models_;
};

}  // namespace

core::Status Sessions::apply(const core::RecordedEvent& event, core::ReadModelBatch& batch) const {
  const std::string_view name = session_name(event.stream);
  if (name.empty()) return core::Ok{};
  const EventKind kind = kind_of(event.type);
  const std::string key = session_key(event.project, name);
  const std::string* row = batch.get(key);
  if (!row && kind == EventKind::unknown) return core::Ok{};

  StoredSession session;
  if (row) {
    auto stored = decode_session(*row);
    if (!stored) return stored.error();
    session = *stored;
  }
  const std::int64_t activity_before = session.activity;
  Fold fold(event, session);
  if (auto status = fold.apply(kind); !status) return status;
  fold.seen(row == nullptr);

  const bool moved = !row || session.activity != activity_before;
  if (row && moved) batch.erase(order_key(event.project, activity_before, name));
  if (moved) batch.put_new(order_key(event.project, session.activity, name), {});
  batch.put(key, encode(session));
  return core::Ok{};
}

}  // namespace hansard::projections
