#include "events/session/commands.h"

#include "fields.h"

namespace hansard::events {
namespace {

using fields::Bounds;
using fields::Members;
using fields::Path;
using fields::Reading;

/// Visits the fields of a command; all of them stand in one object.
template <class C>
struct BodyReader {
  Reading& reading;
  Members members;
  C& command;
  Path root = {};
  bool ok = true;

  template <class M, class... Mark>
  void fact(std::string_view name, M member, Mark...) {
    ok = ok && fields::read_field(reading, root, name, fields::kFactBounds, sizeof...(Mark) > 0,
                                  members, command.*member);
  }
  template <class M>
  void derived(std::string_view name, M) {
    if (ok && members.take(name) != nullptr) {
      ok = reading.fail(Path{&root, name}, "is computed from other fields, not accepted");
    }
  }
  template <class M>
  void content(std::string_view name, M member) {
    ok = ok && fields::read_field(reading, root, name, Bounds{}, false, members, command.*member);
  }
};

/// Fields of a command that are not its event's.
template <class C, class V>
void extra_fields(V& v) {
  if constexpr (std::is_same_v<C, RequestResponse>) v.content("tools", &RequestResponse::tools);
  if constexpr (std::is_same_v<C, RecordResponse>) {
    v.content("may_have_grown", &RecordResponse::may_have_grown);
  }
  if constexpr (std::is_same_v<C, EndSession> || std::is_same_v<C, ReopenSession>) {
    v.content("number", &C::number);
  }
}

bool read_link(Reading& reading, Members& members, std::string_view name, core::EventId& out) {
  const Json* json = members.take(name);
  if (json == nullptr) return true;
  const auto* text = json->if_string();
  if (text != nullptr) {
    if (auto id = core::parse_uuid(*text)) {
      out = core::EventId{*id};
      return true;
    }
  }
  return reading.fail(Path{nullptr, name}, "expected a UUID");
}

/// What any body may say about when and why.
bool read_envelope(Reading& reading, Members& members, CommandMeta& meta) {
  if (const Json* json = members.take("occurred_at"); json != nullptr) {
    const auto* text = json->if_string();
    if (text == nullptr) {
      return reading.fail(Path{nullptr, "occurred_at"}, "expected a time as in RFC 3339");
    }
    auto time = core::parse_time(*text);
    if (!time) return reading.fail(Path{nullptr, "occurred_at"}, time.error().message);
    meta.occurred_at = *time;
    meta.occurred_at_from_client = true;
  }
  return read_link(reading, members, "correlation", meta.correlation) &&
         read_link(reading, members, "causation", meta.causation);
}

template <class C>
EventShape shape_of(std::string_view name) {
  fields::Describer<C> describer;
  C::fields(describer);
  extra_fields<C>(describer);
  EventShape shape{name, {}};
  for (FieldInfo& field : describer.fields) {
    if (!field.derived) shape.fields.push_back(std::move(field));
  }
  return shape;
}

}  // namespace

template <class C>
core::Result<C> parse_body(Json body, CommandMeta& meta) {
  if (auto repeated = first_duplicate_key(body)) {
    return bad_field(*repeated, "the field is repeated");
  }
  auto* object = body.if_object();
  if (object == nullptr) {
    return bad_field("", "expected a JSON object, found " + std::string(describe(body.kind())));
  }
  C command;
  Reading reading{.strict = true};
  CommandMeta changed = meta;
  BodyReader<C> reader{reading, Members(*object), command};
  C::fields(reader);
  extra_fields<C>(reader);
  const bool ok = reader.ok && read_envelope(reading, reader.members, changed) &&
                  reader.members.finish(reading, Path{}, nullptr);
  if (!ok) return *std::move(reading.error);
  meta = changed;
  return command;
}

template core::Result<CreateSession> parse_body(Json, CommandMeta&);
template core::Result<ConfigureSession> parse_body(Json, CommandMeta&);
template core::Result<SendMessage> parse_body(Json, CommandMeta&);
template core::Result<RequestResponse> parse_body(Json, CommandMeta&);
template core::Result<RecordResponse> parse_body(Json, CommandMeta&);
template core::Result<FailResponse> parse_body(Json, CommandMeta&);
template core::Result<CallTool> parse_body(Json, CommandMeta&);
template core::Result<CompleteTool> parse_body(Json, CommandMeta&);
template core::Result<FailTool> parse_body(Json, CommandMeta&);
template core::Result<OptimizeContext> parse_body(Json, CommandMeta&);
template core::Result<ForkSession> parse_body(Json, CommandMeta&);
template core::Result<RecordScore> parse_body(Json, CommandMeta&);
template core::Result<AttachRecord> parse_body(Json, CommandMeta&);
template core::Result<EndSession> parse_body(Json, CommandMeta&);
template core::Result<ReopenSession> parse_body(Json, CommandMeta&);

std::span<const EventShape> command_shapes() {
  static const std::vector<EventShape> kShapes = {shape_of<CreateSession>("CreateSession"),
                                                  shape_of<ConfigureSession>("ConfigureSession"),
                                                  shape_of<SendMessage>("SendMessage"),
                                                  shape_of<RequestResponse>("RequestResponse"),
                                                  shape_of<RecordResponse>("RecordResponse"),
                                                  shape_of<FailResponse>("FailResponse"),
                                                  shape_of<CallTool>("CallTool"),
                                                  shape_of<CompleteTool>("CompleteTool"),
                                                  shape_of<FailTool>("FailTool"),
                                                  shape_of<OptimizeContext>("OptimizeContext"),
                                                  shape_of<ForkSession>("ForkSession"),
                                                  shape_of<RecordScore>("RecordScore"),
                                                  shape_of<AttachRecord>("AttachRecord"),
                                                  shape_of<EndSession>("EndSession"),
                                                  shape_of<ReopenSession>("ReopenSession")};
  return kShapes;
}

}  // namespace hansard::events
