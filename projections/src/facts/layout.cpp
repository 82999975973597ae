#include "layout.h"

#include <algorithm>

#include "usage_codec.h"

namespace hansard::projections::facts {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::uint8_t kHeaderFormat = 2;  // 1 listed every column

std::int64_t or_minus_one(std::int64_t value) { return value == kNull ? -1 : value; }
std::int64_t or_null(std::int64_t value) { return value == -1 ? kNull : value; }

}  // namespace

core::Error damaged_row(std::string_view what) {
  return core::Error{core::Errc::corruption, "facts: " + std::string(what) + " cannot be read"};
}

std::string key_prefix(char letter, std::string_view project) {
  std::string key(1, letter);
  row::Writer(key).name(project);
  return key;
}
std::string counters_key(std::string_view project) { return key_prefix('m', project); }
std::string session_key(std::string_view project, std::string_view session) {
  return key_prefix('s', project).append(session);
}
std::string requests_key(std::string_view project, std::string_view stream) {
  return key_prefix('r', project).append(stream);
}
std::string hash_key(char letter, std::string_view project, std::int64_t hash) {
  std::string key = key_prefix(letter, project);
  row::Writer(key).big_endian_64(static_cast<std::uint64_t>(hash));
  return key;
}
std::string user_key(std::string_view project, std::string_view packed_hash) {
  return key_prefix('u', project).append(packed_hash);
}
std::string answers_key(std::string_view project, std::string_view stream) {
  return key_prefix('q', project).append(stream);
}
std::string value_key(std::string_view project, Column column, std::string_view text) {
  std::string key = key_prefix('v', project);
  row::Writer(key).byte(static_cast<std::uint8_t>(column));
  return key.append(text);
}
std::string text_key(std::string_view project, Column column, std::uint32_t id) {
  std::string key = key_prefix('i', project);
  row::Writer writer(key);
  writer.byte(static_cast<std::uint8_t>(column));
  writer.big_endian_32(id);
  return key;
}
std::string tail_key(std::string_view project, std::uint32_t segment, std::uint32_t block) {
  std::string key = key_prefix('t', project);
  row::Writer writer(key);
  writer.big_endian_32(segment);
  writer.big_endian_32(block);
  return key;
}
std::string header_key(std::string_view project, std::uint32_t segment) {
  std::string key = key_prefix('h', project);
  row::Writer(key).big_endian_32(segment);
  return key;
}
std::string column_key(std::string_view project, std::uint32_t segment, Column column) {
  std::string key = key_prefix('c', project);
  row::Writer writer(key);
  writer.big_endian_32(segment);
  writer.byte(static_cast<std::uint8_t>(column));
  return key;
}

std::string encode(const Counters& counters) {
  std::string out;
  row::Writer writer(out);
  writer.byte(kFormat);
  writer.varint(counters.segments);
  writer.varint(counters.tail_rows);
  writer.varint(counters.further_choices);
  for (std::size_t i = 0; i < kColumns; ++i) {
    if (counters.texts[i] == 0) continue;
    writer.byte(static_cast<std::uint8_t>(i));
    writer.varint(counters.texts[i]);
  }
  return out;
}

core::Result<Counters> decode_counters(std::string_view row) {
  row::Reader in(row);
  Counters counters;
  if (in.byte() != kFormat) return damaged_row("the counters");
  counters.segments = static_cast<std::uint32_t>(in.varint());
  counters.tail_rows = static_cast<std::uint32_t>(in.varint());
  counters.further_choices = in.varint();
  while (in.ok() && !in.rest().empty()) {
    const std::uint8_t column = in.byte();
    if (column >= kColumns) return damaged_row("the counters");
    counters.texts[column] = static_cast<std::uint32_t>(in.varint());
  }
  if (!in.done()) return damaged_row("the counters");
  return counters;
}

namespace {

void write_open(row::Writer& out, const OpenCalls& open) {
  for (const auto& [call, request] : open) {
    out.big_endian_64(static_cast<std::uint64_t>(call));
    for (const auto value :
         {request.provider, request.model, request.kind, request.stream, request.prompt,
          request.prompt_version, request.experiment, request.variant}) {
      out.signed_varint(or_minus_one(value));
    }
  }
}

/// To the row's end.
void read_open(row::Reader& in, OpenCalls& open) {
  while (in.ok() && !in.rest().empty()) {
    OpenCall& call = open.emplace_back();
    call.call = static_cast<std::int64_t>(in.big_endian_64());
    RequestRow& request = call.request;
    for (auto* value :
         {&request.provider, &request.model, &request.kind, &request.stream, &request.prompt,
          &request.prompt_version, &request.experiment, &request.variant}) {
      *value = or_null(in.signed_varint());
    }
  }
}

}  // namespace

std::string encode(const OpenCalls& open) {
  std::string out;
  row::Writer writer(out);
  write_open(writer, open);
  return out;
}

core::Result<OpenCalls> decode_open_calls(std::string_view row) {
  row::Reader in(row);
  OpenCalls open;
  read_open(in, open);
  if (!in.done()) return damaged_row("open calls");
  return open;
}

std::string encode(const SessionRow& session) {
  std::string out;
  out.reserve(64);
  row::Writer writer(out);
  writer.varint(session.id);
  writer.byte(session.created ? 1 : 0);
  for (const auto id : {session.user, session.agent, session.app, session.source, session.tags}) {
    writer.signed_varint(or_minus_one(id));
  }
  write_open(writer, session.open);
  return out;
}

core::Result<SessionRow> decode_session(std::string_view row) {
  row::Reader in(row);
  SessionRow session;
  session.id = static_cast<std::uint32_t>(in.varint());
  session.created = in.byte() == 1;
  for (auto* id : {&session.user, &session.agent, &session.app, &session.source, &session.tags}) {
    *id = or_null(in.signed_varint());
  }
  read_open(in, session.open);
  if (!in.done()) return damaged_row("a session");
  return session;
}

namespace {

void write_asked(row::Writer& out, const AskedRow& asked) {
  out.signed_varint(asked.call);  // any number, so that -1 is none
  for (const auto value : {asked.provider, asked.model, asked.prompt, asked.prompt_version,
                           asked.experiment, asked.variant}) {
    out.signed_varint(or_minus_one(value));
  }
}

AskedRow read_asked(row::Reader& in) {
  AskedRow asked;
  asked.call = in.signed_varint();
  for (auto* value : {&asked.provider, &asked.model, &asked.prompt, &asked.prompt_version,
                      &asked.experiment, &asked.variant}) {
    *value = or_null(in.signed_varint());
  }
  return asked;
}

}  // namespace

std::string encode(const AskedRow& asked) {
  std::string out;
  row::Writer writer(out);
  write_asked(writer, asked);
  return out;
}

core::Result<AskedRow> decode_asked(std::string_view row) {
  row::Reader in(row);
  const AskedRow asked = read_asked(in);
  if (!in.done()) return damaged_row("a judged call");
  return asked;
}

std::string encode(const std::vector<RecentAnswer>& answers) {
  std::string out;
  row::Writer writer(out);
  for (const RecentAnswer& answer : answers) {
    writer.big_endian_64(static_cast<std::uint64_t>(answer.message));
    write_asked(writer, answer.asked);
  }
  return out;
}

core::Result<std::vector<RecentAnswer>> decode_answers(std::string_view row) {
  row::Reader in(row);
  std::vector<RecentAnswer> answers;
  answers.reserve(kRecentAnswers + 1);
  while (in.ok() && !in.rest().empty()) {
    RecentAnswer answer;
    answer.message = static_cast<std::int64_t>(in.big_endian_64());
    answer.asked = read_asked(in);
    answers.push_back(answer);
  }
  if (!in.done()) return damaged_row("a list of answers");
  return answers;
}

std::string encode(const OpenTool& tool) {
  std::string out;
  row::Writer writer(out);
  writer.signed_varint(or_minus_one(tool.tool));
  writer.signed_varint(tool.occurred_at);
  write_asked(writer, tool.asked);
  return out;
}

core::Result<OpenTool> decode_open_tool(std::string_view row) {
  row::Reader in(row);
  OpenTool tool;
  tool.tool = or_null(in.signed_varint());
  tool.occurred_at = in.signed_varint();
  tool.asked = read_asked(in);
  if (!in.done()) return damaged_row("a tool's call");
  return tool;
}

void write_row(row::Writer& out, const Row& values) {
  std::uint64_t known = 0;
  for (std::size_t i = 0; i < kColumns; ++i) {
    if (values[i] != kNull) known |= std::uint64_t{1} << i;
  }
  out.varint(known);
  for (const std::int64_t value : values) {
    if (value != kNull) out.signed_varint(value);
  }
}

std::string encode(const Header& header) {
  std::string out;
  row::Writer writer(out);
  writer.byte(kHeaderFormat);
  writer.varint(header.rows);
  for (std::size_t c = 0; c < kColumns; ++c) {
    const Zone& zone = header.zones[c];
    if (!zone.any) continue;
    writer.byte(static_cast<std::uint8_t>(c));
    writer.byte(zone.nulls ? 1 : 0);
    writer.signed_varint(zone.min);
    writer.signed_varint(zone.max);
  }
  return out;
}

core::Result<Header> decode_header(std::string_view row) {
  row::Reader in(row);
  Header header;
  if (in.byte() != kHeaderFormat) return damaged_row("a segment's header");
  header.rows = static_cast<std::uint32_t>(in.varint());
  header.zones.fill(Zone{0, 0, false, true});
  while (in.ok() && !in.rest().empty()) {
    const std::uint8_t column = in.byte();
    if (column >= kColumns) return damaged_row("a segment's header");
    Zone& zone = header.zones[column];
    zone.any = true;
    zone.nulls = in.byte() == 1;
    zone.min = in.signed_varint();
    zone.max = in.signed_varint();
  }
  if (!in.done()) return damaged_row("a segment's header");
  return header;
}

std::string encode_positions(const std::vector<std::uint64_t>& positions) {
  std::string out;
  row::Writer writer(out);
  for (const std::uint64_t position : positions) writer.varint(position);
  return out;
}

core::Result<std::vector<std::uint64_t>> decode_positions(std::string_view row) {
  row::Reader in(row);
  std::vector<std::uint64_t> positions;
  while (in.ok() && !in.rest().empty()) positions.push_back(in.varint());
  if (!in.done()) return damaged_row("a user");
  return positions;
}

std::string encode_tags(std::vector<std::pair<std::string, std::string>> tags) {
  std::sort(tags.begin(), tags.end());
  std::string out;
  row::Writer writer(out);
  for (const auto& [key, hash] : tags) {
    writer.text(key);
    writer.text(pack_hash(hash));
  }
  return out;
}

}  // namespace hansard::projections::facts
