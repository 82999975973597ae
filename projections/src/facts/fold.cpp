#include "fold.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "event_kind.h"
#include "usage_codec.h"

namespace hansard::projections::facts {

std::int64_t hash_of(std::string_view stream, std::string_view text) {
  // FNV-1a, then mixed.
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&hash](std::string_view bytes) {
    for (const char c : bytes) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
    hash *= 0x100000001b3;  // a zero byte: where one text ends
  };
  add(stream);
  add(text);
  hash ^= hash >> 32;
  const auto value = static_cast<std::int64_t>(hash);
  return value == kNull ? 0 : value;
}

Fold::Fold(const core::RecordedEvent& event, core::ReadModelBatch& batch,
           std::uint32_t segment_rows)
    : event_(event),
      batch_(batch),
      segment_rows_(segment_rows),
      session_(session_name(event.stream)) {}

core::Status Fold::open() {
  if (counters_) return core::Ok{};
  const std::string* row = batch_.get(counters_key(event_.project));
  if (!row) {
    counters_.emplace();
    return batch_.status();
  }
  auto stored = decode_counters(*row);
  if (!stored) return stored.error();
  counters_ = *stored;
  return core::Ok{};
}

core::Status Fold::finish() {
  // What could not be read looked absent.
  if (!batch_.status()) return batch_.status();
  if (changed_) batch_.put(counters_key(event_.project), encode(*counters_));
  return core::Ok{};
}

core::Status Fold::session_created(bool keep_users) {
  if (session_.empty()) return core::Ok{};
  if (auto s = open_session(); !s) return s;
  SessionRow& session = *row_;
  if (session.created) return core::Ok{};
  const auto created = events::created_facts(event_);
  if (!created) return created.error();
  session.created = true;
  if (created->user_hash) {
    const std::string packed = pack_hash(*created->user_hash);
    if (auto s = text(Column::user, packed, session.user); !s) return s;
    if (keep_users) {
      if (auto s = keep_user(packed); !s) return s;
    }
  }
  if (auto s = maybe(Column::agent, created->agent, session.agent); !s) return s;
  if (auto s = maybe(Column::app, created->app, session.app); !s) return s;
  if (auto s = maybe(Column::source, created->source, session.source); !s) return s;
  if (!created->tag_hashes.empty()) {
    std::vector<std::pair<std::string, std::string>> tags(created->tag_hashes.begin(),
                                                          created->tag_hashes.end());
    if (auto s = text(Column::tags, encode_tags(std::move(tags)), session.tags); !s) return s;
  }
  keep_session();
  return core::Ok{};
}

/// The session's row; a new one, with an id, where there was none.
core::Status Fold::open_session() {
  if (row_) return core::Ok{};
  const std::string key = session_key(event_.project, session_);
  if (const std::string* stored = batch_.get(key)) {
    auto decoded = decode_session(*stored);
    if (!decoded) return decoded.error();
    row_ = *std::move(decoded);
    return core::Ok{};
  }
  const auto id = new_id(Column::session, session_);
  if (!id) return id.error();
  row_.emplace().id = *id;
  keep_session();
  return core::Ok{};
}

/// Where the stream's open calls are: with its session, or in a row of their own.
core::Status Fold::open_calls() {
  if (!session_.empty()) return open_session();
  if (row_) return core::Ok{};
  const std::string* stored = batch_.get(requests_key(event_.project, event_.stream));
  row_.emplace();
  if (!stored) return core::Ok{};
  auto decoded = decode_open_calls(*stored);
  if (!decoded) return decoded.error();
  row_->open = *std::move(decoded);
  return core::Ok{};
}

void Fold::keep_session() {
  if (!session_.empty()) {
    batch_.put(session_key(event_.project, session_), encode(*row_));
  } else if (row_->open.empty()) {
    batch_.erase(requests_key(event_.project, event_.stream));
  } else {
    batch_.put(requests_key(event_.project, event_.stream), encode(row_->open));
  }
}

core::Status Fold::keep_user(const std::string& packed_hash) {
  const std::string key = user_key(event_.project, packed_hash);
  std::vector<std::uint64_t> positions;
  if (const std::string* row = batch_.get(key)) {
    auto stored = decode_positions(*row);
    if (!stored) return stored.error();
    positions = *std::move(stored);
    if (positions.size() >= kUserPositionsMax) positions.erase(positions.begin());
  }
  positions.push_back(event_.position.value);
  batch_.put(key, encode_positions(positions));
  return core::Ok{};
}

core::Status Fold::response_requested() {
  const auto asked = events::request_facts(event_);
  if (!asked) return asked.error();
  OpenCall call;
  call.call = hash_of(event_.stream, asked->call_id);
  RequestRow& request = call.request;
  if (auto s = maybe(Column::provider, asked->provider, request.provider); !s) return s;
  if (auto s = maybe(Column::model, asked->model, request.model); !s) return s;
  request.kind = static_cast<std::int64_t>(asked->kind);
  if (asked->stream) request.stream = *asked->stream ? 1 : 0;
  if (auto s = maybe(Column::prompt, asked->prompt, request.prompt); !s) return s;
  if (auto s = maybe(Column::prompt_version, asked->prompt_version, request.prompt_version); !s) {
    return s;
  }
  if (auto s = maybe(Column::experiment, asked->experiment, request.experiment); !s) return s;
  if (auto s = maybe(Column::variant, asked->variant, request.variant); !s) return s;
  if (auto s = open_calls(); !s) return s;
  OpenCalls& open = row_->open;
  std::erase_if(open, [&](const OpenCall& other) { return other.call == call.call; });
  if (open.size() == kOpenCalls) open.erase(open.begin());
  open.push_back(call);
  keep_session();
  return core::Ok{};
}

core::Result<AskedRow> Fold::asked(const events::OutcomeFacts& outcome, RequestRow& request) {
  if (auto s = open_calls(); !s) return s.error();
  AskedRow asked;
  asked.call = hash_of(event_.stream, outcome.call_id);
  request = {};
  OpenCalls& open = row_->open;
  const auto found = std::find_if(open.begin(), open.end(),
                                  [&](const OpenCall& call) { return call.call == asked.call; });
  if (found != open.end()) {
    request = found->request;
    // An answered call is over; only a failed attempt may be followed by another.
    if (!outcome.reason && outcome.choice == 0) {
      open.erase(found);
      keep_session();
    }
  }
  asked.provider = request.provider;
  asked.model = request.model;
  asked.prompt = request.prompt;
  asked.prompt_version = request.prompt_version;
  asked.experiment = request.experiment;
  asked.variant = request.variant;
  if (auto s = maybe(Column::provider, outcome.provider, asked.provider); !s) return s.error();
  if (auto s = maybe(Column::model, outcome.model, asked.model); !s) return s.error();
  return asked;
}

void put_asked(const AskedRow& asked, Row& row) {
  at(row, Column::call) = asked.call;
  at(row, Column::provider) = asked.provider;
  at(row, Column::model) = asked.model;
  at(row, Column::prompt) = asked.prompt;
  at(row, Column::prompt_version) = asked.prompt_version;
  at(row, Column::experiment) = asked.experiment;
  at(row, Column::variant) = asked.variant;
}

core::Status put_outcome(const events::OutcomeFacts& facts, Fold& fold, Row& row) {
  at(row, Column::attempt) = count(facts.attempt);
  if (auto s = fold.maybe(Column::service_tier, facts.service_tier, row); !s) return s;
  if (auto s = fold.maybe(Column::error_type, facts.error_type, row); !s) return s;
  at(row, Column::finish_reason) = word(facts.finish_reason);
  at(row, Column::failure) = word(facts.reason);
  at(row, Column::status) = count(facts.status);
  at(row, Column::served_from) = word(facts.served_from);
  at(row, Column::usage_source) = word(facts.usage_source);
  at(row, Column::latency_us) = count(facts.latency_us);
  at(row, Column::ttft_us) = count(facts.ttft_us);
  if (facts.reported_cost) at(row, Column::reported_cost) = *facts.reported_cost;
  if (facts.usage) {
    std::size_t next = 0;
    std::int64_t known = 0;
    events::for_each_class(*facts.usage, [&](std::string_view, const auto& tokens) {
      if (tokens) known |= std::int64_t{1} << next;
      row[index_of(Column::input_text) + next++] = count(tokens);
    });
    at(row, Column::token_classes) = known;
  }
  return core::Ok{};
}

core::Result<Row> Fold::row() {
  Row row;
  row.fill(kNull);
  at(row, Column::position) = count(event_.position.value);
  at(row, Column::recorded_at) = event_.recorded_at.time_since_epoch().count();
  if (event_.occurred_at) {
    at(row, Column::occurred_at) = event_.occurred_at->time_since_epoch().count();
  }
  if (session_.empty()) return row;
  if (auto s = open_session(); !s) return s.error();
  at(row, Column::session) = row_->id;
  at(row, Column::user) = row_->user;
  at(row, Column::agent) = row_->agent;
  at(row, Column::app) = row_->app;
  at(row, Column::source) = row_->source;
  at(row, Column::tags) = row_->tags;
  return row;
}

core::Result<std::uint32_t> Fold::new_id(Column column, std::string_view text) {
  if (auto s = open(); !s) return s.error();
  const std::uint32_t id = counters_->texts[index_of(column)]++;
  changed_ = true;
  batch_.put(text_key(event_.project, column, id), std::string(text));
  return id;
}

core::Status Fold::text(Column column, std::string_view value, std::int64_t& id) {
  const std::string key = value_key(event_.project, column, value);
  if (const std::string* stored = batch_.get(key)) {
    row::Reader in(*stored);
    id = static_cast<std::int64_t>(in.varint());
    return in.done() ? core::Status{core::Ok{}} : damaged_row("an id");
  }
  const auto fresh = new_id(column, value);
  if (!fresh) return fresh.error();
  std::string stored;
  row::Writer(stored).varint(*fresh);
  batch_.put(key, std::move(stored));
  id = *fresh;
  return core::Ok{};
}

core::Status Fold::maybe(Column column, const std::optional<std::string_view>& value,
                         std::int64_t& id) {
  return value ? text(column, *value, id) : core::Status{core::Ok{}};
}

core::Result<bool> Fold::met(Column column) {
  if (auto s = open(); !s) return s.error();
  return counters_->texts[index_of(column)] > 0;
}

core::Status Fold::add_further_choice() {
  if (auto s = open(); !s) return s;
  ++counters_->further_choices;
  changed_ = true;
  return core::Ok{};
}

core::Status Fold::add(const Row& row) {
  if (auto s = open(); !s) return s;
  const std::string key =
      tail_key(event_.project, counters_->segments, counters_->tail_rows / kTailBlockRows);
  std::string block;
  if (counters_->tail_rows % kTailBlockRows != 0) {
    const std::string* stored = batch_.get(key);
    if (!stored) return batch_.status() ? damaged_row("the tail") : batch_.status().error();
    constexpr std::size_t kRowBytes = 160;  // most are shorter
    block.reserve(stored->size() + kRowBytes);
    block = *stored;
  }
  row::Writer writer(block);
  write_row(writer, row);
  batch_.put(key, std::move(block));
  ++counters_->tail_rows;
  changed_ = true;
  return counters_->tail_rows == segment_rows_ ? seal() : core::Status{core::Ok{}};
}

/// Moves the tail into packed columns.
core::Status Fold::seal() {
  std::array<std::vector<std::int64_t>, kColumns> columns;  // empty: nothing is known
  for (std::uint32_t first = 0; first < segment_rows_; first += kTailBlockRows) {
    const std::string key = tail_key(event_.project, counters_->segments, first / kTailBlockRows);
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
    batch_.put(column_key(event_.project, counters_->segments, static_cast<Column>(c)),
               pack(columns[c]));
    std::vector<std::int64_t>().swap(columns[c]);
  }
  batch_.put(header_key(event_.project, counters_->segments), encode(header));
  ++counters_->segments;
  counters_->tail_rows = 0;
  return core::Ok{};
}

}  // namespace hansard::projections::facts
