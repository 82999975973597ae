#include "projections/facts/calls.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "core/assert.h"
#include "event_kind.h"
#include "events/session/codec.h"
#include "events/session/fast_facts.h"
#include "layout.h"
#include "usage_codec.h"

namespace hansard::projections::facts {
namespace {

std::int64_t count(std::uint64_t value) {
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return static_cast<std::int64_t>(std::min(value, kMax));
}
template <class T>
std::int64_t count(const std::optional<T>& value) {
  return value ? count(std::uint64_t{*value}) : kNull;
}
template <class E>
std::int64_t word(const std::optional<E>& value) {
  return value ? static_cast<std::int64_t>(*value) : kNull;
}

/// FNV-1a, then mixed: tells calls apart where they are counted, and follows from facts alone.
std::int64_t call_hash(std::string_view stream, std::string_view call) {
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&hash](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
    hash *= 0x100000001b3;  // a zero byte: where one text ends
  };
  add(stream);
  add(call);
  hash ^= hash >> 32;
  // One value is taken: it means unknown.
  const auto value = static_cast<std::int64_t>(hash);
  return value == kNull ? 0 : value;
}

/// The fold of one event. Confined to one call of `apply`.
class Fold {
 public:
  Fold(const core::RecordedEvent& event, core::ReadModelBatch& batch, std::uint32_t segment_rows)
      : event_(event),
        batch_(batch),
        segment_rows_(segment_rows),
        session_(session_name(event.stream)) {}

  core::Status run() {
    const auto decoded = events::session_codec().decode(event_, events::Want::facts);
    if (!decoded) return decoded.error();
    const std::string counters_at = counters_key(event_.project);
    if (const std::string* row = batch_.get(counters_at)) {
      const auto stored = decode_counters(*row);
      if (!stored) return stored.error();
      counters_ = *stored;
    }
    core::Status status = std::visit([&](const auto& fact) { return on(fact); }, decoded->event);
    if (!status) return status;
    // What could not be read looked absent.
    if (!batch_.status()) return batch_.status();
    if (changed_) batch_.put(counters_at, encode(counters_));
    return core::Ok{};
  }

 private:
  template <class E>
  core::Status on(const E&) {
    return core::Ok{};
  }

  core::Status on(const events::SessionCreated& created) {
    if (session_.empty()) return core::Ok{};
    auto session = session_row();
    if (!session) return session.error();
    if (session->created) return core::Ok{};
    session->created = true;
    if (created.user_hash) {
      if (auto s = text(Column::user, pack_hash(*created.user_hash), session->user); !s) return s;
    }
    if (auto s = maybe(Column::agent, created.agent, session->agent); !s) return s;
    if (auto s = maybe(Column::app, created.app, session->app); !s) return s;
    if (auto s = maybe(Column::source, created.source, session->source); !s) return s;
    if (!created.tag_hashes.empty()) {
      if (auto s = text(Column::tags, encode_tags(created.tag_hashes), session->tags); !s) return s;
    }
    batch_.put(session_key(event_.project, session_), encode(*session));
    return core::Ok{};
  }

  core::Status on(const events::ResponseRequested& asked) {
    RequestRow request;
    if (auto s = maybe(Column::provider, asked.provider, request.provider); !s) return s;
    if (auto s = maybe(Column::model, asked.model, request.model); !s) return s;
    request.kind = static_cast<std::int64_t>(asked.kind);
    if (asked.stream) request.stream = *asked.stream ? 1 : 0;
    if (asked.prompt) {
      if (auto s = text(Column::prompt, asked.prompt->name, request.prompt); !s) return s;
      request.prompt_version = count(asked.prompt->version);
    }
    if (asked.variant) {
      if (auto s = text(Column::experiment, asked.variant->experiment, request.experiment); !s) {
        return s;
      }
      if (auto s = text(Column::variant, asked.variant->variant, request.variant); !s) return s;
    }
    batch_.put(request_key(event_.project, event_.stream, asked.call_id), encode(request));
    return core::Ok{};
  }

  core::Status on(const events::ResponseReceived& answer) {
    if (answer.choice != 0) {
      ++counters_.further_choices;
      changed_ = true;
      return core::Ok{};
    }
    Row row;
    if (auto s = begin(answer, row); !s) return s;
    at(row, Column::attempt) = count(answer.attempt);
    at(row, Column::finish_reason) = word(answer.finish_reason);
    at(row, Column::served_from) = word(answer.served_from);
    // The call is over; only a failed attempt may be followed by another.
    batch_.erase(request_key(event_.project, event_.stream, answer.call_id));
    return add(row);
  }

  core::Status on(const events::ResponseFailed& failed) {
    Row row;
    if (auto s = begin(failed, row); !s) return s;
    at(row, Column::attempt) = failed.attempt;
    at(row, Column::failure) = static_cast<std::int64_t>(failed.reason);
    at(row, Column::status) = count(failed.status);
    if (auto s = maybe(Column::error_type, failed.error_type, at(row, Column::error_type)); !s) {
      return s;
    }
    return add(row);
  }

  static std::int64_t& at(Row& row, Column column) { return row[index_of(column)]; }

  /// What answers and failures have in common.
  template <class E>
  core::Status begin(const E& outcome, Row& row) {
    row.fill(kNull);
    at(row, Column::position) = count(event_.position.value);
    at(row, Column::recorded_at) = event_.recorded_at.time_since_epoch().count();
    if (event_.occurred_at) {
      at(row, Column::occurred_at) = event_.occurred_at->time_since_epoch().count();
    }
    at(row, Column::call) = call_hash(event_.stream, outcome.call_id);
    if (auto s = of_session(row); !s) return s;
    if (auto s = of_request(outcome.call_id, row); !s) return s;
    if (outcome.provider) {
      if (auto s = maybe(Column::provider, outcome.provider, at(row, Column::provider)); !s)
        return s;
    }
    if (outcome.model) {
      if (auto s = maybe(Column::model, outcome.model, at(row, Column::model)); !s) return s;
    }
    if (outcome.raw_usage) {
      const auto* tier = outcome.raw_usage->find("service_tier");
      if (tier && tier->is_string()) {
        if (auto s = text(Column::service_tier, *tier->if_string(), at(row, Column::service_tier));
            !s) {
          return s;
        }
      }
    }
    if (outcome.usage) {
      std::size_t next = 0;
      std::int64_t known = 0;
      events::for_each_class(*outcome.usage, [&](std::string_view, const auto& tokens) {
        if (tokens) known |= std::int64_t{1} << next;
        row[index_of(Column::input_text) + next++] = count(tokens);
      });
      at(row, Column::token_classes) = known;
    }
    at(row, Column::usage_source) = word(outcome.usage_source);
    at(row, Column::latency_us) = count(outcome.latency_us);
    at(row, Column::ttft_us) = count(outcome.ttft_us);
    return core::Ok{};
  }

  core::Status of_session(Row& row) {
    if (session_.empty()) return core::Ok{};
    const auto session = session_row();
    if (!session) return session.error();
    at(row, Column::session) = session->id;
    at(row, Column::user) = session->user;
    at(row, Column::agent) = session->agent;
    at(row, Column::app) = session->app;
    at(row, Column::source) = session->source;
    at(row, Column::tags) = session->tags;
    return core::Ok{};
  }

  core::Status of_request(std::string_view call, Row& row) {
    const std::string* stored = batch_.get(request_key(event_.project, event_.stream, call));
    if (!stored) return core::Ok{};
    const auto request = decode_request(*stored);
    if (!request) return request.error();
    at(row, Column::provider) = request->provider;
    at(row, Column::model) = request->model;
    at(row, Column::kind) = request->kind;
    at(row, Column::stream) = request->stream;
    at(row, Column::prompt) = request->prompt;
    at(row, Column::prompt_version) = request->prompt_version;
    at(row, Column::experiment) = request->experiment;
    at(row, Column::variant) = request->variant;
    return core::Ok{};
  }

  /// The session's row; a new one, with an id, where there was none.
  core::Result<SessionRow> session_row() {
    const std::string key = session_key(event_.project, session_);
    if (const std::string* stored = batch_.get(key)) return decode_session(*stored);
    SessionRow session;
    session.id = new_id(Column::session, session_);
    batch_.put(key, encode(session));
    return session;
  }

  std::uint32_t new_id(Column column, std::string_view text) {
    const std::uint32_t id = counters_.texts[index_of(column)]++;
    changed_ = true;
    batch_.put(text_key(event_.project, column, id), std::string(text));
    return id;
  }

  core::Status text(Column column, std::string_view value, std::int64_t& id) {
    const std::string key = value_key(event_.project, column, value);
    if (const std::string* stored = batch_.get(key)) {
      row::Reader in(*stored);
      id = static_cast<std::int64_t>(in.varint());
      return in.done() ? core::Status{core::Ok{}} : damaged_row("an id");
    }
    const std::uint32_t fresh = new_id(column, value);
    std::string stored;
    row::Writer(stored).varint(fresh);
    batch_.put(key, std::move(stored));
    id = fresh;
    return core::Ok{};
  }
  core::Status maybe(Column column, const std::optional<std::string>& value, std::int64_t& id) {
    return value ? text(column, *value, id) : core::Status{core::Ok{}};
  }

  core::Status add(const Row& row) {
    const std::string key =
        tail_key(event_.project, counters_.segments, counters_.tail_rows / kTailBlockRows);
    std::string block;
    if (counters_.tail_rows % kTailBlockRows != 0) {
      const std::string* stored = batch_.get(key);
      if (!stored) return batch_.status() ? damaged_row("the tail") : batch_.status().error();
      block = *stored;
    }
    row::Writer writer(block);
    write_row(writer, row);
    batch_.put(key, std::move(block));
    ++counters_.tail_rows;
    changed_ = true;
    return counters_.tail_rows == segment_rows_ ? seal() : core::Status{core::Ok{}};
  }

  /// Moves the tail into packed columns. Runs at the same row whatever the batches.
  core::Status seal() {
    std::array<std::vector<std::int64_t>, kColumns> columns;  // empty: nothing is known
    for (std::uint32_t first = 0; first < segment_rows_; first += kTailBlockRows) {
      const std::string key = tail_key(event_.project, counters_.segments, first / kTailBlockRows);
      const std::string* block = batch_.get(key);
      if (!block) return batch_.status() ? damaged_row("the tail") : batch_.status().error();
      row::Reader in(*block);
      for (std::uint32_t i = first; i < std::min(first + kTailBlockRows, segment_rows_); ++i) {
        each_value(in, [&](std::size_t c, std::int64_t value) {
          if (columns[c].empty()) columns[c].assign(segment_rows_, kNull);
          columns[c][i] = value;
        });
      }
      if (!in.done()) return damaged_row("the tail");
      batch_.erase(key);
    }
    Header header;
    header.rows = segment_rows_;
    for (std::size_t c = 0; c < kColumns; ++c) {
      if (columns[c].empty()) continue;
      header.zones[c] = zone_of(columns[c]);
      batch_.put(column_key(event_.project, counters_.segments, static_cast<Column>(c)),
                 pack(columns[c]));
      std::vector<std::int64_t>().swap(columns[c]);
    }
    batch_.put(header_key(event_.project, counters_.segments), encode(header));
    ++counters_.segments;
    counters_.tail_rows = 0;
    return core::Ok{};
  }

  const core::RecordedEvent& event_;
  core::ReadModelBatch& batch_;
  std::uint32_t segment_rows_;
  std::string_view session_;
  Counters counters_;
  bool changed_ = false;
};

}  // namespace

CallsView::CallsView(std::uint32_t segment_rows) : segment_rows_(segment_rows) {
  HANSARD_ASSERT(segment_rows >= 1 && segment_rows <= 1U << 24, "a segment is held in memory");
}

core::Status CallsView::apply(const core::RecordedEvent& event, core::ReadModelBatch& batch) const {
  switch (kind_of(event.type)) {
    case EventKind::session_created:
    case EventKind::response_requested:
    case EventKind::response_received:
    case EventKind::response_failed:
      break;
    default:
      return core::Ok{};
  }
  if (!event.stream.starts_with(kSessionPrefix) && !event.stream.starts_with(kCallsPrefix)) {
    return core::Ok{};
  }
  return Fold(event, batch, segment_rows_).run();
}

}  // namespace hansard::projections::facts
