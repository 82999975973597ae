#include "events/filter/filter.h"

#include <type_traits>
#include <utility>
#include <variant>

#include "events/session/codec.h"
#include "filter/every_field.h"
#include "filter/rules.h"
#include "filter/walk.h"

namespace hansard::events {

using core::Ok;
using core::Status;
using filter::go_over;

void Filter::apply(const core::ProjectId& project, SessionStep& step) const {
  if (!on()) return;
  Walk walk(*parts_, project, true);
  std::visit([&](auto& each) { go_over(walk, each, false); }, step);
}

void Filter::apply(const core::ProjectId& project, SessionCommand& command) const {
  if (!on()) return;
  if (auto* step = std::get_if<SessionStep>(&command.body)) return apply(project, *step);
  Walk walk(*parts_, project, true);
  if (auto* create = std::get_if<CreateSession>(&command.body)) {
    return go_over(walk, static_cast<SessionCreated&>(*create), false);
  }
  auto& record = std::get<Record>(command.body);
  go_over(walk, static_cast<SessionCreated&>(record.create), false);
  for (RecordedStep& step : record.steps) {
    std::visit([&](auto& each) { go_over(walk, each, false); }, step.step);
  }
}

void Filter::apply(const core::ProjectId& project, AssignmentCommand& command) const {
  if (!on()) return;
  Walk walk(*parts_, project, true);
  if (auto* expose = std::get_if<ExposeUnit>(&command.step)) {
    go_over(walk, static_cast<VariantAssigned&>(*expose), false);
  } else {
    go_over(walk, static_cast<OutcomeRecorded&>(std::get<RecordOutcome>(command.step)), false);
  }
}

Status Filter::apply(const core::ProjectId& project, core::NewEvent& record,
                     std::string_view path) const {
  if (!on()) return Ok{};
  Walk walk(*parts_, project, true);
  for (const auto& [name, text] : {std::pair{"stream", std::string_view(record.stream.text())},
                                   std::pair{"type", std::string_view(record.type)}}) {
    if (!walk.is_odd(text)) continue;
    return bad_field(join_path(path, name),
                     "has the form of a key, which the filter keeps off the "
                     "record, and cannot be changed");
  }
  const auto write = [&](const auto& codec, auto event) {
    std::visit(
        [&](auto& each) {
          if constexpr (!std::is_same_v<std::decay_t<decltype(each)>, Unrecognised>) {
            go_over(walk, each, true);
          }
        },
        event);
    if (!walk.noted()) return;
    EncodedEvent encoded = codec.encode(event);
    record.schema = encoded.schema;
    record.facts = std::move(encoded.facts);
    record.content = std::move(encoded.content);
  };
  if (is_session_event(record.type)) {
    auto event =
        parts_->sessions.decode_strict(record.type, record.schema, record.facts, record.content);
    if (!event) return std::move(event.error());
    write(parts_->sessions, *std::move(event));
    return Ok{};
  }
  if (AssignmentCodec::is_event(record.type)) {
    auto event =
        assignment_codec().decode_strict(record.type, record.schema, record.facts, record.content);
    if (!event) return std::move(event.error());
    write(assignment_codec(), *std::move(event));
    return Ok{};
  }
  if (!record.stream.text().starts_with("custom-")) return Ok{};
  auto facts = parse_json(record.facts);
  auto content = parse_json(record.content);
  if (!facts) return std::move(facts.error());
  if (!content) return std::move(content.error());
  walk.fact(*facts);
  walk.tree(*content, {}, walk.start());
  if (!walk.noted()) return Ok{};
  if (auto counts = walk.take_counts(); counts && facts->find("filtered") == nullptr) {
    facts->add("filtered", *std::move(counts));
  }
  record.facts = dump(*facts);
  record.content = dump(*content);
  return Ok{};
}

bool Filter::clean(const core::ProjectId& project, Json& document) const {
  if (!on()) return false;
  Walk walk(*parts_, project, false);
  return walk.tree(document, {}, {});
}

}  // namespace hansard::events
