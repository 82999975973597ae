#include "projections/facts/scores.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

#include "core/assert.h"
#include "event_kind.h"
#include "events/session/codec.h"
#include "fold.h"

namespace hansard::projections::facts {
namespace {

/// The fold of one event about scores or answers. Confined to one call of `apply`.
class ScoreFold {
 public:
  ScoreFold(const core::RecordedEvent& event, core::ReadModelBatch& batch, Fold& fold)
      : event_(event), batch_(batch), fold_(fold) {}

  /// Answers are judged long after, so each is remembered under both of its names.
  core::Status answered() {
    const auto facts = events::outcome_facts(event_);
    if (!facts) return facts.error();
    const std::string call_key = key_of('b', facts->call_id);
    std::string asked;
    // Another choice belongs to the same call, whose request is no longer kept.
    if (const std::string* first = facts->choice != 0 ? batch_.get(call_key) : nullptr) {
      asked = *first;
    } else {
      const auto of_call = fold_.asked(*facts);
      if (!of_call) return of_call.error();
      asked = encode(*of_call);
      batch_.put(call_key, asked);
    }
    if (facts->message_id) batch_.put(key_of('a', *facts->message_id), std::move(asked));
    return core::Ok{};
  }

  core::Status scored() {
    const auto decoded = events::session_codec().decode(event_, events::Want::facts);
    if (!decoded) return decoded.error();
    const auto* facts = std::get_if<events::ScoreRecorded>(&decoded->event);
    if (!facts) return core::Ok{};
    const auto begun = fold_.row();
    if (!begun) return begun.error();
    Row row = *begun;
    if (facts->target_id && (facts->target_kind == events::TargetKind::message ||
                             facts->target_kind == events::TargetKind::call)) {
      const bool call = facts->target_kind == events::TargetKind::call;
      AskedRow asked;
      if (const std::string* stored = batch_.get(key_of(call ? 'b' : 'a', *facts->target_id))) {
        const auto of_call = decode_asked(*stored);
        if (!of_call) return of_call.error();
        asked = *of_call;
      } else if (call) {
        asked.call = hash_of(event_.stream, *facts->target_id);
      }
      put_asked(asked, row);
    }
    at(row, Column::target) = static_cast<std::int64_t>(facts->target_kind);
    if (auto s = fold_.maybe(Column::metric, facts->name, row); !s) return s;
    if (auto s = fold_.maybe(Column::evaluator, facts->evaluator, row); !s) return s;
    if (auto s = put_value(facts->value, fold_, row); !s) return s;
    return fold_.add(row);
  }

 private:
  [[nodiscard]] std::string key_of(char letter, std::string_view id) const {
    return hash_key(letter, event_.project, hash_of(event_.stream, id));
  }

  const core::RecordedEvent& event_;
  core::ReadModelBatch& batch_;
  Fold& fold_;
};

}  // namespace

core::Status put_value(const events::Json& value, Fold& fold, Row& row) {
  if (const bool* yes = value.if_boolean()) {
    at(row, Column::value) = *yes ? 1'000'000 : 0;
  } else if (const auto* number = value.if_number()) {
    at(row, Column::value) = in_millionths(number->lexeme);
  } else if (const std::string* category = value.if_string()) {
    return fold.maybe(Column::category, *category, row);
  }
  return core::Ok{};
}

std::int64_t in_millionths(std::string_view lexeme) {
  const bool negative = lexeme.starts_with('-');
  if (negative) lexeme.remove_prefix(1);
  const auto mark = lexeme.find_first_of("eE");
  constexpr int kExponentMax = 1'000'000;  // beyond, digits no longer matter
  int exponent = 0;
  if (mark != std::string_view::npos) {
    std::string_view digits = lexeme.substr(mark + 1);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    static_cast<void>(end);
    if (error == std::errc::result_out_of_range) {
      exponent = digits.starts_with('-') ? -kExponentMax : kExponentMax;
    }
    exponent = std::clamp(exponent, -kExponentMax, kExponentMax);
  }
  // The value is `digits` times ten to the `scale`, in millionths.
  std::string digits(lexeme.substr(0, mark));
  int scale = exponent + 6;
  if (const auto point = digits.find('.'); point != std::string::npos) {
    scale -= static_cast<int>(digits.size() - point - 1);
    digits.erase(point, 1);
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty()) return 0;
  bool up = false;
  if (scale < 0) {
    const auto cut = static_cast<std::size_t>(-scale);
    if (cut > digits.size()) return 0;
    up = digits[digits.size() - cut] >= '5';
    digits.resize(digits.size() - cut);
    scale = 0;
  }
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  constexpr std::size_t kDigitsMax = 19;
  std::uint64_t value = 0;
  if (digits.size() + static_cast<std::size_t>(scale) > kDigitsMax) {
    value = static_cast<std::uint64_t>(kMost);
  } else {
    digits.append(static_cast<std::size_t>(scale), '0');
    if (!digits.empty()) {
      const auto [end, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), value);
      HANSARD_ASSERT(error == std::errc() && end == digits.data() + digits.size(),
                     "nineteen digits fit");
    }
    value = std::min(value + (up ? 1 : 0), static_cast<std::uint64_t>(kMost));
  }
  const auto whole = static_cast<std::int64_t>(value);
  return negative ? -whole : whole;
}

ScoresView::ScoresView(std::uint32_t segment_rows) : segment_rows_(segment_rows) {
  HANSARD_ASSERT(segment_rows >= 1 && segment_rows <= 1U << 24, "a segment is held in memory");
}

core::Status ScoresView::apply(const core::RecordedEvent& event,
                               core::ReadModelBatch& batch) const {
  if (!event.stream.starts_with(kSessionPrefix) && !event.stream.starts_with(kCallsPrefix)) {
    return core::Ok{};
  }
  Fold fold(event, batch, segment_rows_);
  ScoreFold scores(event, batch, fold);
  core::Status status = core::Ok{};
  switch (kind_of(event.type)) {
    case EventKind::session_created:
      status = fold.session_created();
      break;
    case EventKind::response_requested:
      status = fold.response_requested();
      break;
    case EventKind::response_received:
    case EventKind::response_failed:
      status = scores.answered();
      break;
    case EventKind::score_recorded:
      status = scores.scored();
      break;
    default:
      return core::Ok{};
  }
  return status ? fold.finish() : status;
}

}  // namespace hansard::projections::facts
