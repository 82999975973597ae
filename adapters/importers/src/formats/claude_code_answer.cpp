#include "formats/claude_code_answer.h"

#include <utility>

#include "events/dialects/anthropic/messages.h"
#include "formats/steps.h"

namespace hansard::importers::claude_code {

using events::Json;

namespace {

/// What a client writes in the place of a model's name when no model was asked.
constexpr std::string_view kNoModel = "<synthetic>";

std::uint64_t output_of(const Json& usage) { return count_at(usage, "output_tokens").value_or(0); }

}  // namespace

Json::Array blocks_of(const Json& message) {
  const Json* content = message.find("content");
  if (content == nullptr) return {};
  if (const auto* text = content->if_string()) return {events::Part::make_text(*text).json};
  const auto* list = content->if_array();
  return list == nullptr ? Json::Array{} : *list;
}

void Answer::add(const Line& line, const Json& session_setting) {
  last_ = line.message();
  for (Json& block : blocks_of(last_)) {
    if (text_at(block, "type") == "tool_use") call_times_.push_back(line.time);
    blocks_.push_back(std::move(block));
  }
  // Lines repeat the usage of the whole answer, the earlier ones with what was counted by then.
  const Json* usage = present(last_, "usage");
  if (usage != nullptr && (!usage_ || output_of(*usage) >= output_of(*usage_))) usage_ = *usage;
  if (const Json* reason = present(last_, "stop_reason")) stop_reason_ = *reason;
  if (auto request = text_at(line.json, "requestId")) request_ = *std::move(request);
  lines_.push(line.rest(session_setting));
  if (line.time) time_ = line.time;
  last_line_ = line.number;
}

core::Result<std::vector<events::RecordedStep>> Answer::steps() const {
  Json message;
  for (const Json::Member& member : *last_.if_object()) {
    if (member.key == "content") {
      const bool text = member.value.is_string() && blocks_.size() == 1;
      message.add("content", text ? member.value : Json(blocks_));
    } else if (member.key == "usage" && usage_) {
      message.add("usage", *usage_);
    } else if (member.key == "stop_reason" && stop_reason_) {
      message.add("stop_reason", *stop_reason_);
    } else {
      message.add(member.key, member.value);
    }
  }
  const std::string call = "call:" + (request_.empty() ? id_ : id_ + ":" + request_);
  auto read = events::anthropic::read_message(message, {id_, call}, "message");
  if (!read) return std::move(read.error());
  std::vector<events::RecordedStep> steps;
  auto call_time = call_times_.begin();
  for (events::SessionStep& step : *read) {
    // A call keeps the time of its line also when more lines of the answer come.
    if (std::holds_alternative<events::CallTool>(step) && call_time != call_times_.end()) {
      steps.push_back(at_time(std::move(step), *call_time++));
      continue;
    }
    if (auto* answer = std::get_if<events::RecordResponse>(&step)) {
      if (answer->model == kNoModel) answer->usage.reset();  // nobody was asked, nothing counted
      if (answer->usage) answer->usage_source = events::UsageSource::imported;
      answer->may_have_grown = true;
      Json metadata;
      metadata.add("lines", lines_);
      answer->metadata = std::move(metadata);
    }
    steps.push_back(at_time(std::move(step), time_));
  }
  return steps;
}

}  // namespace hansard::importers::claude_code
