#include "usage_row.h"

#include "usage_codec.h"

namespace hansard::projections {
namespace {

constexpr std::uint8_t kFormat = 1;

std::string key(char tag, std::string_view project, std::string_view rest, std::size_t reserve) {
  std::string out;
  out.reserve(project.size() + rest.size() + reserve + 2);
  out += tag;
  row::Writer to(out);
  to.name(project);
  to.bytes(rest);
  return out;
}

core::Error damaged() { return {core::Errc::corruption, "a row of view 'usage' is damaged"}; }

void write_duration(row::Writer& to, const DurationSums& sums) {
  to.varint(sums.count);
  if (sums.count == 0) return;
  to.varint(sums.sum_us);
  to.varint(sums.min_us);
  to.varint(sums.max_us - sums.min_us);
}

DurationSums read_duration(row::Reader& in) {
  DurationSums sums;
  sums.count = in.varint();
  if (sums.count == 0) return sums;
  sums.sum_us = in.varint();
  sums.min_us = in.varint();
  sums.max_us = sums.min_us + in.varint();
  return sums;
}

}  // namespace

// Timestamps reach 292,000 years to either side of 1970: days always fit 31 bits and a sign.
std::uint32_t day_number(std::chrono::sys_days day) {
  return static_cast<std::uint32_t>(static_cast<std::int64_t>(day.time_since_epoch().count()) +
                                    (std::int64_t{1} << 31));
}

std::uint32_t day_number(std::optional<core::Timestamp> occurred_at) {
  return occurred_at ? day_number(std::chrono::floor<std::chrono::days>(*occurred_at)) : kUndated;
}

std::chrono::sys_days day_of(std::uint32_t number) {
  const auto days = static_cast<std::int64_t>(number) - (std::int64_t{1} << 31);
  return std::chrono::sys_days{std::chrono::days{static_cast<int>(days)}};
}

std::string calls_prefix(std::string_view project) { return key('c', project, {}, 0); }

std::string calls_key(std::string_view project, const CallsKey& of) {
  std::string out = key('c', project, {}, 128);
  row::Writer to(out);
  to.big_endian_32(of.day);
  to.optional_text(of.session);
  to.optional_text(of.provider);
  to.optional_text(of.model);
  return out;
}

core::Result<CallsKey> parse_calls_key(std::string_view key, std::size_t prefix_bytes) {
  row::Reader in(key.substr(prefix_bytes));
  CallsKey parsed;
  parsed.day = in.big_endian_32();
  parsed.session = in.optional_text();
  parsed.provider = in.optional_text();
  parsed.model = in.optional_text();
  if (!in.done()) return damaged();
  return parsed;
}

std::string user_of_session_key(std::string_view project, std::string_view session) {
  return key('s', project, session, 0);
}

std::string user_key(std::string_view project, std::string_view packed_hash) {
  return key('u', project, packed_hash, 0);
}

std::string encode(const CallsRow& row) {
  const UsageSums& sums = row.sums;
  std::string out;
  out.reserve(96);
  row::Writer to(out);
  to.byte(kFormat);
  to.optional_text(row.user);
  to.varint(sums.calls);
  to.varint(sums.failures);
  to.varint(sums.calls_without_usage);
  write_usage(to, sums.tokens);
  write_duration(to, sums.latency);
  write_duration(to, sums.ttft);
  return out;
}

core::Result<CallsRow> decode_calls(std::string_view row) {
  row::Reader in(row);
  if (in.byte() != kFormat) return damaged();
  CallsRow calls;
  calls.user = in.optional_text();
  UsageSums& sums = calls.sums;
  sums.calls = in.varint();
  sums.failures = in.varint();
  sums.calls_without_usage = in.varint();
  sums.tokens = read_usage(in);
  sums.latency = read_duration(in);
  sums.ttft = read_duration(in);
  if (!in.done()) return damaged();
  return calls;
}

std::string encode_positions(const std::vector<std::uint64_t>& positions) {
  std::string out;
  row::Writer to(out);
  for (const auto position : positions) to.varint(position);
  return out;
}

core::Result<std::vector<std::uint64_t>> decode_positions(std::string_view row) {
  std::vector<std::uint64_t> positions;
  row::Reader in(row);
  while (in.ok() && !in.done()) positions.push_back(in.varint());
  if (!in.done()) return damaged();
  return positions;
}

}  // namespace hansard::projections
