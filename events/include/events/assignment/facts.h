#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/hash.h"
#include "core/ids.h"
#include "events/codec.h"
#include "events/experiment/plan.h"

/// The events of `assignment-<keyed hash>`: one unit in one experiment. Field lists as in
/// `session/facts.h`.
namespace hansard::events {

/// The unit met its variant: a request of that variant was really sent. First event of the stream,
/// and only once.
struct VariantAssigned {
  static constexpr std::string_view kType = "VariantAssigned";
  std::string experiment;
  Unit unit_kind = Unit::user;
  std::string variant;
  std::uint32_t edition = 0;            ///< of the shares that it was drawn by
  std::optional<std::uint32_t> bucket;  ///< of kSharesWhole; absent: the application chose
  std::optional<std::string> session;   ///< of the exposing call: its stream, `session-...`
  std::optional<std::string> call_id;
  std::optional<std::string> unit;  ///< as the application calls it
  std::optional<Json> filtered;     ///< what the filter took out: rule -> how often
  template <class V>
  static void fields(V& v) {
    using E = VariantAssigned;
    v.fact("experiment", &E::experiment);
    v.fact("unit_kind", &E::unit_kind, kDefaulted);
    v.fact("variant", &E::variant);
    v.fact("edition", &E::edition, kDefaulted);
    v.fact("bucket", &E::bucket);
    v.fact("session", &E::session);
    v.fact("call_id", &E::call_id);
    v.derived("filtered", &E::filtered);
    v.content("unit", &E::unit);
  }
};

/// Something came of it. A later revision of the same outcome takes its place.
struct OutcomeRecorded {
  static constexpr std::string_view kType = "OutcomeRecorded";
  std::string experiment;
  std::string outcome_id;
  std::uint32_t revision = 1;  ///< from 1
  std::string metric;
  std::optional<Json> value;        ///< number, boolean, or a category as a short text
  std::optional<std::string> text;  ///< free text, which no number is made of
  std::optional<Json> metadata;
  std::optional<Json> filtered;  ///< what the filter took out: rule -> how often
  template <class V>
  static void fields(V& v) {
    using E = OutcomeRecorded;
    v.fact("experiment", &E::experiment);
    v.fact("outcome_id", &E::outcome_id);
    v.fact("revision", &E::revision, kDefaulted);
    v.fact("metric", &E::metric);
    v.fact("value", &E::value);
    v.derived("filtered", &E::filtered);
    v.content("text", &E::text);
    v.content("metadata", &E::metadata);
  }
};

using AssignmentEvent = std::variant<VariantAssigned, OutcomeRecorded, Unrecognised>;
using AssignmentCodec = Codec<AssignmentEvent>;
extern template class Codec<AssignmentEvent>;
/// The one of this build. Thread-safe.
const AssignmentCodec& assignment_codec();

/// The name of a unit's stream without `assignment-`: 32 hex digits of a keyed hash of project,
/// experiment, kind and unit. It stands for the unit in facts (`VariantRef::unit`).
std::string assignment_name(const core::ProjectId& project, std::string_view experiment, Unit kind,
                            std::string_view unit, const core::KeyedHash& hash);

/// What a call that exposes a unit says about it; the decider of its session makes a
/// `VariantAssigned` of it, in the same append.
struct Exposure {
  std::string name;          ///< `assignment_name`
  VariantAssigned assigned;  ///< without session and call, which the decider fills in
};

}  // namespace hansard::events
