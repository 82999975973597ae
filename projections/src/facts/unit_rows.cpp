#include "unit_rows.h"

namespace hansard::projections::facts {
namespace {

// Ids are not negative, so that -1 is none.
std::int64_t stored(std::int64_t id) { return id == kNull ? -1 : id; }
std::int64_t known(std::int64_t id) { return id == -1 ? kNull : id; }

std::string experiment_key(char letter, std::string_view project, std::int64_t experiment) {
  std::string key = key_prefix(letter, project);
  row::Writer(key).big_endian_32(static_cast<std::uint32_t>(experiment));
  return key;
}

}  // namespace

std::string units_key(std::string_view project, std::int64_t experiment) {
  return experiment_key('n', project, experiment);
}
std::string unit_key(std::string_view project, std::int64_t experiment, std::string_view name) {
  return experiment_key('x', project, experiment).append(name);
}

std::string encode(const UnitRow& unit) {
  std::string out;
  row::Writer writer(out);
  writer.varint(unit.ordinal);
  writer.signed_varint(stored(unit.variant));
  return out;
}

core::Result<UnitRow> decode_unit(std::string_view row) {
  row::Reader in(row);
  UnitRow unit;
  unit.ordinal = static_cast<std::uint32_t>(in.varint());
  unit.variant = known(in.signed_varint());
  if (!in.done()) return damaged_row("a unit");
  return unit;
}

std::string encode(const UnitCall& call) {
  std::string out;
  row::Writer(out).varint(call.unit);
  return out.append(encode(call.asked));
}

core::Result<UnitCall> decode_unit_call(std::string_view row) {
  row::Reader in(row);
  UnitCall call;
  call.unit = static_cast<std::uint32_t>(in.varint());
  const auto asked = decode_asked(in.rest());
  if (!asked) return asked.error();
  call.asked = *asked;
  return call;
}

std::string encode(const std::vector<LatestCall>& calls) {
  std::string out;
  row::Writer writer(out);
  for (const LatestCall& call : calls) {
    writer.varint(call.unit);
    writer.signed_varint(stored(call.experiment));
    writer.signed_varint(stored(call.variant));
  }
  return out;
}

core::Result<std::vector<LatestCall>> decode_latest(std::string_view row) {
  row::Reader in(row);
  std::vector<LatestCall> calls;
  while (in.ok() && !in.rest().empty()) {
    LatestCall& call = calls.emplace_back();
    call.unit = static_cast<std::uint32_t>(in.varint());
    call.experiment = known(in.signed_varint());
    call.variant = known(in.signed_varint());
  }
  if (!in.done()) return damaged_row("a session's experiments");
  return calls;
}

std::string encode(const OutcomeRow& outcome) {
  std::string out;
  row::Writer writer(out);
  writer.varint(outcome.revision);
  writer.signed_varint(stored(outcome.metric));
  writer.signed_varint(outcome.value);
  writer.signed_varint(stored(outcome.category));
  return out;
}

core::Result<OutcomeRow> decode_outcome(std::string_view row) {
  row::Reader in(row);
  OutcomeRow outcome;
  outcome.revision = static_cast<std::uint32_t>(in.varint());
  outcome.metric = known(in.signed_varint());
  outcome.value = in.signed_varint();
  outcome.category = known(in.signed_varint());
  if (!in.done()) return damaged_row("an outcome");
  return outcome;
}

}  // namespace hansard::projections::facts
