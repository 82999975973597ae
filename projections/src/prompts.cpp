#include "projections/prompts.h"

#include <utility>

#include "beyond.h"

namespace hansard::projections {
namespace {

core::Result<events::PromptState> fold_prompt(events::PromptState state,
                                              const core::RecordedEvent& event) {
  auto decoded = events::prompt_codec().decode(event);
  if (!decoded) return std::move(decoded.error());
  return after(std::move(state), event, decoded->event, decoded->erased);
}

}  // namespace

core::Result<core::StreamId> prompt_stream(std::string_view name) {
  auto stream = core::StreamId::make("prompt", name);
  if (!stream) {
    return core::Error{core::Errc::invalid_argument,
                       "the name of a prompt is 1 to 100 of A-Z a-z 0-9 . _ ~ -", "name"};
  }
  return stream;
}

PromptReader::PromptReader(const core::EventLog& log)
    : states_(log, fold_prompt,
              [](const events::PromptState& state) { return events::approximate_bytes(state); }) {}

core::Result<std::shared_ptr<const events::PromptState>> PromptReader::read(
    const core::ProjectId& project, std::string_view name) {
  const auto stream = prompt_stream(name);
  if (!stream) return stream.error();
  return states_.read(project, *stream);
}

core::Result<events::PromptState> prompt_as_of(const core::EventLog& log,
                                               const core::ProjectId& project,
                                               std::string_view name, const AsOf& as_of) {
  const auto stream = prompt_stream(name);
  if (!stream) return stream.error();
  events::PromptState state;
  const auto read =
      fold_stream(log, project, *stream, {}, state, fold_prompt,
                  [&](const core::RecordedEvent& event) { return beyond(event, as_of); });
  if (!read) return read.error();
  return state;
}

}  // namespace hansard::projections
