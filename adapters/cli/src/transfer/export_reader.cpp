#include "transfer/export_reader.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "events/json.h"
#include "events/raw_json.h"
#include "importers/byte_source.h"
#include "text/hex.h"
#include "text/json_view.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;
using events::Json;
using events::RawMember;

Error damaged(std::string what) { return {Errc::invalid_argument, std::move(what)}; }

/// One line, its members looked up by name; payloads stay the bytes they are.
class Line {
 public:
  static Result<Line> parse(std::string_view text) {
    auto members = events::raw_members(text);
    if (!members) return std::move(members).error();
    Line line;
    line.members_ = *std::move(members);
    return line;
  }
  [[nodiscard]] std::optional<std::string_view> raw(std::string_view name) const {
    const auto found = std::find_if(members_.begin(), members_.end(),
                                    [&](const RawMember& member) { return member.key == name; });
    if (found == members_.end()) return std::nullopt;
    return found->value;
  }
  [[nodiscard]] Result<std::string> text(std::string_view name) const {
    const auto value = raw(name);
    if (!value) return damaged(std::string(name) + " is missing");
    const bool plain =
        value->size() >= 2 && value->front() == '"' && value->find('\\') == std::string_view::npos;
    if (plain) return std::string(value->substr(1, value->size() - 2));
    const auto json = events::parse_json(*value);
    if (!json) return json.error();
    return json->as_string(name);
  }
  [[nodiscard]] Result<std::uint64_t> number(std::string_view name) const {
    const auto value = raw(name);
    if (!value) return damaged(std::string(name) + " is missing");
    return Json(Json::Number{std::string(*value)}).as_uint(name);
  }
  [[nodiscard]] Result<core::Timestamp> time(std::string_view name) const {
    const auto value = raw(name);
    if (value && !value->empty() && value->front() != '"') {
      // Microseconds, where RFC 3339 cannot say it.
      const bool negative = value->front() == '-';
      const auto count =
          Json(Json::Number{std::string(value->substr(negative ? 1 : 0))}).as_uint(name);
      if (!count) return count.error();
      if (*count > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
        return damaged(std::string(name) + " is no time");
      }
      const auto micros = static_cast<std::int64_t>(*count);
      return core::Timestamp{std::chrono::microseconds{negative ? -micros : micros}};
    }
    const auto given = text(name);
    if (!given) return given.error();
    return core::parse_time(*given);
  }
  /// Nil when it is not there.
  template <class Id>
  Status id(std::string_view name, Id& into) const {
    if (!raw(name)) return Ok{};
    const auto given = text(name);
    if (!given) return given.error();
    const auto uuid = core::parse_uuid(*given);
    if (!uuid) return damaged(std::string(name) + ": " + uuid.error().message);
    into = Id{*uuid};
    return Ok{};
  }
  Status payload(const std::string& name, std::string& into) const {
    if (const auto value = raw(name)) {
      into = *value;
      return Ok{};
    }
    auto given = text(name + "_text");
    if (!given) return damaged(name + " is missing");
    into = *std::move(given);
    return Ok{};
  }

 private:
  std::vector<RawMember> members_;
};

/// What a `RecordedEvent` points into.
struct HeldEvent {
  core::RecordedEvent event;
  std::string type, project, stream, salt, facts, content;
};

template <class T, class U>
Status put(Result<T> value, U& into) {
  if (!value) return value.error();
  into = *std::move(value);
  return Ok{};
}

Status read_event(const Line& line, HeldEvent& held) {
  core::RecordedEvent& event = held.event;
  event = {};
  const bool erased = line.raw("commitment").has_value();
  std::string hex;
  std::uint64_t schema = 0;
  std::uint64_t position = 0;
  std::uint64_t version = 0;
  for (const Status& status :
       {put(line.number("position"), position), put(line.number("version"), version),
        put(line.number("schema"), schema), put(line.text("project"), held.project),
        put(line.text("stream"), held.stream), put(line.text("type"), held.type),
        line.id("event_id", event.id), line.id("actor", event.actor),
        line.id("correlation", event.correlation), line.id("causation", event.causation),
        put(line.time("recorded_at"), event.recorded_at),
        put(line.text(erased ? "commitment" : "salt"), hex), line.payload("facts", held.facts)}) {
    if (!status) return status;
  }
  if (schema > std::numeric_limits<std::uint16_t>::max()) return damaged("schema is too large");
  auto salt = parse_hex(hex);
  if (!salt || salt->size() != sizeof(core::Hash)) return damaged("the salt is not 64 hex digits");
  held.salt = *std::move(salt);
  held.content.clear();
  if (!erased) {
    if (auto status = line.payload("content", held.content); !status) return status;
  }
  if (line.raw("occurred_at")) {
    const auto time = line.time("occurred_at");
    if (!time) return time.error();
    event.occurred_at = *time;
    event.occurred_at_from_client = line.raw("occurred_at_by_client") == "true";
  }
  event.position.value = position;
  event.version.value = version;
  event.schema = static_cast<std::uint16_t>(schema);
  event.erased = erased;
  event.type = held.type;
  event.project = held.project;
  event.stream = held.stream;
  event.salt_or_commitment = held.salt;
  event.facts = held.facts;
  event.content = held.content;
  return Ok{};
}

Status read_tree(const Json& line, core::TreeHead& tree) {
  const auto size = number_at(line, "size");
  const auto root = parse_hex(text_at(line, "root"));
  if (!size || !root || root->size() != tree.root.size()) {
    return damaged("size or root is missing or malformed");
  }
  tree.size = *size;
  std::copy(root->begin(), root->end(), tree.root.begin());
  return Ok{};
}

Result<ExportHeader> read_header(std::string_view text) {
  const auto json = events::parse_json(text);
  const auto form = json ? number_at(*json, "hansard_export") : std::nullopt;
  if (!form) return damaged("the file does not begin as an export does");
  if (*form != 1) {
    return Error{Errc::unsupported,
                 "the export has form " + std::to_string(*form) + ", this program knows 1"};
  }
  ExportHeader header{
      text_at(*json, "scope"), text_at(*json, "log_id"), text_at(*json, "key_check"), {}};
  if (auto status = read_tree(*json, header.tree); !status) return status.error();
  return header;
}

/// The lines in their order, with what each may be.
class Lines {
 public:
  explicit Lines(const ExportReader& reader) : reader_(reader) {}

  Status take(std::string_view text) {
    ++number_;
    Status status = take_one(text);
    if (!status && !theirs_) {
      core::Error error = status.error();
      error.message = "line " + std::to_string(number_) + ": " + error.message;
      return error;
    }
    return status;
  }
  Status finish() const {
    if (ended_) return Ok{};
    return Error{Errc::corruption, "the export breaks off after " + std::to_string(events_) +
                                       " events; its last line is not there"};
  }

 private:
  Status take_one(std::string_view text) {
    if (ended_) return damaged("there is more behind the end of the export");
    if (number_ == 1) {
      auto header = read_header(text);
      if (!header) return header.error();
      tree_ = header->tree;
      return told(reader_.header(*header));
    }
    const auto line = Line::parse(text);
    if (!line) return line.error();
    if (line->raw("end")) return end(text);
    if (auto status = read_event(*line, held_); !status) return status;
    ++events_;
    return told(reader_.event(held_.event));
  }
  Status end(std::string_view text) {
    const auto json = events::parse_json(text);
    if (!json) return json.error();
    core::TreeHead tree;
    if (auto status = read_tree(*json, tree); !status) return status;
    const auto count = number_at(*json, "end");
    if (count != events_ || tree != tree_) {
      return Error{Errc::corruption, "the end tells of " + std::to_string(count.value_or(0)) +
                                         " events, but there are " + std::to_string(events_)};
    }
    ended_ = true;
    return Ok{};
  }
  Status told(Status status) {
    theirs_ = !status;
    return status;
  }

  const ExportReader& reader_;
  HeldEvent held_;
  core::TreeHead tree_;
  std::uint64_t number_ = 0;
  std::uint64_t events_ = 0;
  bool ended_ = false;
  bool theirs_ = false;  ///< the error is of a callback, not of the file
};

}  // namespace

Status read_export(const std::string& file, const ExportReader& reader) {
  auto source = importers::open_source(file);
  if (!source) return std::move(source).error();
  Lines lines(reader);
  std::string open;  // a line whose end is in a later piece
  for (;;) {
    auto piece = (*source)->next();
    if (!piece) return std::move(piece).error();
    std::string_view bytes = *piece;
    if (bytes.empty()) break;
    for (std::size_t end = bytes.find('\n'); end != std::string_view::npos;
         end = bytes.find('\n')) {
      open += bytes.substr(0, end);
      bytes.remove_prefix(end + 1);
      if (auto status = lines.take(open); !status) return status;
      open.clear();
    }
    open += bytes;
    if (open.size() > kExportLineBytesMax) return damaged("a line is too long for an export");
    reader.progress((*source)->consumed(), (*source)->size());
  }
  if (!open.empty()) {
    if (auto status = lines.take(open); !status) return status;
  }
  return lines.finish();
}

}  // namespace hansard::cli
