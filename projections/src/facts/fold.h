#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "core/projection.h"
#include "events/json.h"
#include "events/session/fast_facts.h"
#include "layout.h"
#include "projections/facts/columns.h"

namespace hansard::projections::facts {

/// Counts over 2^63-1 stand as that.
inline std::int64_t count(std::uint64_t value) {
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return static_cast<std::int64_t>(value < kMax ? value : kMax);
}
inline std::int64_t count(const std::optional<std::uint64_t>& value) {
  return value ? count(*value) : kNull;
}
template <class E>
std::int64_t word(const std::optional<E>& value) {
  return value ? static_cast<std::int64_t>(*value) : kNull;
}

/// Tells texts of a stream apart (calls, messages); follows from facts alone, never kNull.
std::int64_t hash_of(std::string_view stream, std::string_view text);

/// What the folds of all tables share: sessions, requests, texts and rows of one project. Confined
/// to one event. Errors of all members: corruption, and what the batch reports.
class Fold {
 public:
  Fold(const core::RecordedEvent& event, core::ReadModelBatch& batch, std::uint32_t segment_rows);

  /// Takes a SessionCreated: the first of a session says what its rows have in common.
  /// @param keep_users  remembers where the user's name can be read
  core::Status session_created(bool keep_users = false);
  /// Takes a ResponseRequested: kept until its call is answered.
  core::Status response_requested();

  /// A call by its outcome, with what its request said; the request of an answer is forgotten.
  core::Result<AskedRow> asked(const events::OutcomeFacts& outcome) {
    RequestRow request;
    return asked(outcome, request);
  }
  /// Likewise; hands out the request, which knows more.
  core::Result<AskedRow> asked(const events::OutcomeFacts& outcome, RequestRow& request);

  /// A row with what every table has.
  core::Result<Row> row();
  /// The id of a text, a new one where it was never met.
  core::Status text(Column column, std::string_view value, std::int64_t& id);
  /// Likewise; what is absent leaves `id` as it is.
  core::Status maybe(Column column, const std::optional<std::string_view>& value, std::int64_t& id);
  core::Status maybe(Column column, const std::optional<std::string_view>& value, Row& row) {
    return maybe(column, value, row[index_of(column)]);
  }

  /// Whether some text of the column was met before.
  core::Result<bool> met(Column column);

  /// Appends to the tail; seals it when it is full, at the same row whatever the batches.
  core::Status add(const Row& row);
  /// An answer that is no row.
  core::Status add_further_choice();

  /// Writes the counters. Last, once. Errors: also what reads before it met.
  core::Status finish();

 private:
  core::Status open();
  core::Status open_session();
  core::Status open_calls();
  void keep_session();
  core::Result<std::uint32_t> new_id(Column column, std::string_view text);
  core::Status keep_user(const std::string& packed_hash);
  core::Status seal();

  const core::RecordedEvent& event_;
  core::ReadModelBatch& batch_;
  std::uint32_t segment_rows_;
  std::string_view session_;       ///< empty on `calls-*`
  std::optional<SessionRow> row_;  ///< of the session; on `calls-*` only its open calls
  std::optional<Counters> counters_;
  bool changed_ = false;
};

void put_asked(const AskedRow& asked, Row& row);
/// What an outcome itself says of a call: how it ended, what it took.
core::Status put_outcome(const events::OutcomeFacts& facts, Fold& fold, Row& row);

/// What a score or an outcome is worth: true and false, numbers, categories; nothing of the rest.
core::Status put_value(const events::Json& value, Fold& fold, Row& row);

inline std::int64_t& at(Row& row, Column column) { return row[index_of(column)]; }

}  // namespace hansard::projections::facts
