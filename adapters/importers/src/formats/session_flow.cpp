#include "formats/session_flow.h"

#include <utility>
#include <variant>

#include "formats/steps.h"

namespace hansard::importers {

using events::Json;

SessionFlow::SessionFlow(Piece beginning, std::function<void(Piece)> tell)
    : beginning_(std::move(beginning)), piece_(beginning_), tell_(std::move(tell)) {}

void SessionFlow::at(std::uint64_t line, std::size_t bytes) {
  tell_when_full();
  piece_.line = line;
  bytes_ += bytes;
}

void SessionFlow::step(events::SessionStep step, std::optional<core::Timestamp> time) {
  piece_.steps.push_back(at_time(std::move(step), time));
}

void SessionFlow::message(events::SessionStep step, std::optional<core::Timestamp> time) {
  ++piece_.messages;
  const auto* done = std::get_if<events::CompleteTool>(&step);
  const auto* failed = std::get_if<events::FailTool>(&step);
  const bool orphan =
      (done != nullptr && !done->message_id) || (failed != nullptr && !failed->message_id);
  if (orphan) ++piece_.attached;
  this->step(std::move(step), time);
}

void SessionFlow::attach(std::string id, std::string_view kind, std::string_view path,
                         std::string_view reason, Json record,
                         std::optional<core::Timestamp> time) {
  events::AttachRecord attached;
  attached.attachment_id = std::move(id);
  attached.kind = identifier_of(kind);
  attached.record = std::move(record);
  Json metadata;
  metadata.add("path", path).add("reason", reason);
  attached.metadata = std::move(metadata);
  step(std::move(attached), time);
  ++piece_.attached;
}

void SessionFlow::left_out(std::string path, std::string reason) {
  piece_.unplaced.push_back({std::move(path), std::move(reason)});
}

void SessionFlow::answer(std::vector<events::RecordedStep> steps) {
  waiting_.reset();
  tell_when_full();
  const std::size_t place = piece_.steps.size();
  ++piece_.messages;
  for (events::RecordedStep& each : steps) piece_.steps.push_back(std::move(each));
  const auto* answer = std::get_if<events::RecordResponse>(&piece_.steps[place].step);
  if (answer != nullptr && !answer->usage) waiting_ = place;
}

void SessionFlow::usage(CallUsage usage) {
  add_usage(std::get<events::RecordResponse>(piece_.steps[*waiting_].step), std::move(usage));
  waiting_.reset();
}

void SessionFlow::finish() {
  waiting_.reset();
  if (!piece_.steps.empty() || !piece_.unplaced.empty() || !told_) tell();
}

void SessionFlow::tell_when_full() {
  if (!waiting_ && (piece_.steps.size() >= kPieceSteps || bytes_ >= kPieceBytes)) tell();
}

void SessionFlow::tell() {
  Piece next = beginning_;
  next.continues = true;
  next.line = piece_.line;
  bytes_ = 0;
  told_ = true;
  tell_(std::exchange(piece_, std::move(next)));
}

void add_usage(events::ResponseReceived& answer, CallUsage usage) {
  answer.usage = usage.usage;
  if (usage.raw.is_object()) answer.raw_usage = std::move(usage.raw);
  answer.usage_source = events::UsageSource::imported;
  if (!usage.metadata) return;
  Json metadata = answer.metadata.value_or(Json());
  for (const Json::Member& member : *usage.metadata->if_object()) {
    metadata.add(member.key, member.value);
  }
  answer.metadata = std::move(metadata);
}

}  // namespace hansard::importers
