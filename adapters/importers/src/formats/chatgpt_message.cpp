#include "formats/chatgpt_message.h"

#include <algorithm>
#include <array>
#include <utility>

#include "formats/steps.h"

namespace hansard::importers::chatgpt {

using core::Errc;
using core::Error;
using core::Result;
using events::Json;
using events::Part;
using events::Parts;

namespace {

constexpr std::string_view kEverybody = "all";

/// Kinds of parts that are known need members that a piece of that name would not have.
bool is_known(std::string_view kind) {
  constexpr std::array<std::string_view, 6> kKnown{"",        "text",      "thinking",
                                                   "refusal", "tool_call", "tool_result"};
  return std::find(kKnown.begin(), kKnown.end(), kind) != kKnown.end();
}

/// A piece of multimodal content.
Part piece_of(const Json& piece) {
  if (const std::string* text = piece.if_string()) return Part::make_text(*text);
  const std::string kind = text_at(piece, "content_type").value_or("unknown");
  Json part;
  if (kind == "image_asset_pointer") {
    part.add("type", "image");
  } else if (kind == "audio_asset_pointer") {
    part.add("type", "audio");
  } else if (kind == "audio_transcription" && text_at(piece, "text")) {
    part.add("type", "text");
  } else {
    part.add("type", is_known(kind) ? "unknown" : kind);
  }
  if (const auto pointer = text_at(piece, "asset_pointer")) part.add("url", *pointer);
  part.add("piece", piece);
  if (const auto text = text_at(piece, "text")) part.add("text", *text);
  return {std::move(part)};
}

Part thought_of(const Json& thought) {
  const auto content = text_at(thought, "content");
  const auto summary = text_at(thought, "summary");
  Part part = Part::make_thinking(content && !content->empty() ? *content : summary.value_or(""));
  if (summary) part.json.add("summary", *summary);
  return part;
}

/// What the content says, or nothing for a kind that is not known.
std::optional<Parts> parts_of(const Json& content) {
  const std::string kind = text_at(content, "content_type").value_or("");
  Parts parts;
  if (kind == "text" || kind == "multimodal_text") {
    const Json* list = content.find("parts");
    if (list == nullptr || !list->is_array()) return std::nullopt;
    for (const Json& piece : *list->if_array()) {
      if (!piece.is_string() && !piece.is_object()) return std::nullopt;
      parts.push_back(piece_of(piece));
    }
    return parts;
  }
  if (kind == "code" || kind == "execution_output") {
    const auto text = text_at(content, "text");
    if (!text) return std::nullopt;
    return Parts{Part::make_text(*text)};
  }
  const Json* thoughts = kind == "thoughts" ? content.find("thoughts") : nullptr;
  if (thoughts == nullptr || !thoughts->is_array()) return std::nullopt;
  for (const Json& thought : *thoughts->if_array()) parts.push_back(thought_of(thought));
  return parts;
}

/// What has no member of its own in the vocabulary.
Json metadata_of(const Json& message, const Json& content) {
  Json metadata =
      Json(without(message, {"id", "author", "create_time", "content", "metadata", "recipient"}));
  const Json* author = message.find("author");
  Json::Object of_author = without(*author, {"role"});
  if (!of_author.empty()) metadata.add("author", Json(std::move(of_author)));
  Json::Object of_content = without(content, {"parts", "text", "thoughts"});
  metadata.add("content", Json(std::move(of_content)));
  if (const Json* recipient = present(message, "recipient")) metadata.add("recipient", *recipient);
  if (const Json* more = present(message, "metadata")) metadata.add("metadata", *more);
  return metadata;
}

events::RecordResponse answer_of(const Json& message, const std::string& id) {
  events::RecordResponse answer;
  answer.message_id = id;
  answer.call_id = "call:" + id;
  const Json* more = present(message, "metadata");
  if (more == nullptr || !more->is_object()) return answer;
  answer.model = text_at(*more, "model_slug");
  const Json* finish = present(*more, "finish_details");
  const auto reason = finish == nullptr ? std::nullopt : text_at(*finish, "type");
  if (reason && !reason->empty()) {
    answer.finish_reason_raw = *reason;
    answer.finish_reason =
        *reason == "interrupted" ? events::FinishReason::cancelled : finish_reason_of(*reason);
  }
  return answer;
}

/// A single text as it is, everything else as the content stands.
Json value_of(const Json& content, const std::optional<Parts>& parts) {
  const bool text = parts && parts->size() == 1 && parts->front().kind() == "text" &&
                    parts->front().json.find("piece") == nullptr;
  return text ? Json(std::string(*parts->front().text())) : content;
}

template <class T>
T result_of(const Json& message, const std::string& id, OpenCalls& open) {
  T result;
  const std::string tool = text_at(*message.find("author"), "name").value_or("");
  const auto call = open.find(tool);
  if (call == open.end()) {
    result.tool_call_id = id;
    result.result_id = id;
  } else {
    result.tool_call_id = result.message_id.emplace(call->second);
    result.index = 0;
    open.erase(call);
  }
  if (!tool.empty()) result.tool = tool;
  return result;
}

}  // namespace

Result<std::vector<events::SessionStep>> read_message(const Json& message, const std::string& id,
                                                      OpenCalls& open) {
  const Json* author = message.find("author");
  const Json* content = message.find("content");
  const auto role = author == nullptr ? std::nullopt : text_at(*author, "role");
  if (!role) return Error{Errc::unsupported, "names no author"};
  if (content == nullptr || !content->is_object()) return Error{Errc::unsupported, "says nothing"};
  auto parts = parts_of(*content);
  Json metadata = metadata_of(message, *content);
  std::vector<events::SessionStep> steps;

  if (*role == "tool") {
    if (text_at(*content, "content_type") == "system_error") {
      auto failed = result_of<events::FailTool>(message, id, open);
      failed.error = *content;
      failed.error_type = text_at(*content, "name");
      failed.metadata = std::move(metadata);
      steps.emplace_back(std::move(failed));
    } else {
      auto done = result_of<events::CompleteTool>(message, id, open);
      done.output = value_of(*content, parts);
      done.metadata = std::move(metadata);
      steps.emplace_back(std::move(done));
    }
    return steps;
  }
  if (!parts) {
    return Error{Errc::unsupported, "content of kind " +
                                        text_at(*content, "content_type").value_or("nothing") +
                                        " is not known"};
  }
  if (*role == "assistant") {
    auto answer = answer_of(message, id);
    answer.metadata = std::move(metadata);
    answer.may_have_grown = true;
    const std::string recipient = text_at(message, "recipient").value_or(std::string(kEverybody));
    if (recipient == kEverybody || recipient.empty()) {
      answer.parts = *std::move(parts);
      steps.emplace_back(std::move(answer));
      return steps;
    }
    events::CallTool call;
    call.tool_call_id = id;
    call.message_id = id;
    call.index = 0;
    call.tool = recipient;
    call.arguments = value_of(*content, parts);
    answer.parts = {Part::make_tool_call(id, 0)};
    steps.emplace_back(std::move(answer));
    steps.emplace_back(std::move(call));
    open.insert_or_assign(recipient, id);
    return steps;
  }
  events::SendMessage sent;
  sent.message_id = id;
  if (*role == "user") {
    sent.role = events::Role::user;
  } else if (*role == "system") {
    sent.role = events::Role::system;
  } else if (*role == "developer") {
    sent.role = events::Role::developer;
  } else {
    return Error{Errc::unsupported, "author " + *role + " is not known"};
  }
  sent.name = text_at(*author, "name");
  if (sent.name && sent.name->empty()) sent.name.reset();
  sent.parts = *std::move(parts);
  sent.metadata = std::move(metadata);
  steps.emplace_back(std::move(sent));
  return steps;
}

}  // namespace hansard::importers::chatgpt
