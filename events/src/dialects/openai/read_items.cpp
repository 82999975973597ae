#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "events/dialects/openai/responses.h"
#include "item_form.h"

namespace hansard::events::openai {
namespace {

using Fields = Json::Object;

const std::string* text_member(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  return value == nullptr ? nullptr : value->if_string();
}

core::Error wrong(std::string_view path, std::string_view key, std::string_view expected,
                  const Json* found) {
  if (found == nullptr) return bad_field(join_path(path, key), "the field is required");
  return bad_field(join_path(path, key), "expected " + std::string(expected) + ", found " +
                                             std::string(describe(found->kind())));
}

bool one_of(std::string_view key, std::initializer_list<std::string_view> keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

Fields others(const Json& item, std::initializer_list<std::string_view> taken) {
  Fields rest;
  for (const auto& member : *item.if_object()) {
    if (!one_of(member.key, taken)) rest.push_back(member);
  }
  return rest;
}

std::optional<Role> role_of(const Json& item) {
  const auto* role = text_member(item, "role");
  if (role == nullptr) return std::nullopt;
  for (const Role each : {Role::system, Role::developer, Role::user}) {
    if (*role == to_word(each)) return each;
  }
  return std::nullopt;
}

/// Reads `content` into parts. @return true when it is a text and no list.
core::Result<bool> read_content(const Json& item, std::string_view usual_text,
                                std::string_view path, Parts& parts) {
  const Json* content = item.find("content");
  if (content != nullptr) {
    if (const auto* text = content->if_string()) {
      parts.push_back(Part::make_text(*text));
      return true;
    }
  }
  const auto* list = content == nullptr ? nullptr : content->if_array();
  if (list == nullptr) return wrong(path, "content", "a string or an array of parts", content);
  const std::string at = join_path(path, "content");
  for (std::size_t i = 0; i < list->size(); ++i) {
    auto part = read_item_part((*list)[i], usual_text, join_path(at, i));
    if (!part) return std::move(part.error());
    parts.push_back(*std::move(part));
  }
  return false;
}

/// What one item gives to an answer.
struct ReadItem {
  Json entry;
  Parts parts;
  std::optional<CallTool> call;

  void fields(Fields rest) {
    if (!rest.empty()) entry.add("fields", std::move(rest));
  }
};

core::Result<ReadItem> read_said(const Json& item, std::string_view path) {
  ReadItem read;
  auto text = read_content(item, "output_text", path, read.parts);
  if (!text) return std::move(text.error());
  read.entry.add("type", "message").add("parts", read.parts.size());
  if (item.find("type") == nullptr) read.entry.add("untyped", true);
  if (*text) read.entry.add("content", "string");
  read.fields(others(item, {"type", "role", "content"}));
  return read;
}

/// The texts of a reasoning item become parts; a list that holds anything else stays a field.
ReadItem read_reasoning(const Json& item) {
  ReadItem read;
  Fields rest;
  for (const auto& member : *item.if_object()) {
    if (member.key == "type") continue;
    const std::string_view wanted = member.key == "summary"   ? "summary_text"
                                    : member.key == "content" ? "reasoning_text"
                                                              : "";
    const auto* list = wanted.empty() ? nullptr : member.value.if_array();
    const bool texts = list != nullptr && !list->empty() &&
                       std::all_of(list->begin(), list->end(), [&](const Json& each) {
                         const auto* type = text_member(each, "type");
                         const Json::Object* object = each.if_object();
                         return type != nullptr && *type == wanted &&
                                text_member(each, "text") != nullptr && object->size() == 2;
                       });
    if (!texts) {
      rest.push_back(member);
      continue;
    }
    for (const Json& each : *list) {
      Part part = Part::make_thinking(*text_member(each, "text"));
      part.json.add("field", member.key);
      read.parts.push_back(std::move(part));
    }
  }
  if (read.parts.empty()) {
    // Encrypted: that the model thought is worth a part of its own.
    read.parts.push_back(Part::make_thinking(""));
    read.parts.back().json.add("field", "none");
  }
  read.entry.add("type", "reasoning").add("parts", read.parts.size());
  read.fields(std::move(rest));
  return read;
}

/// Under which name a call keeps what it passes to its tool.
std::string_view arguments_key(const Json& item) {
  for (const std::string_view key : {"arguments", "input", "action", "operation"}) {
    if (const Json* value = item.find(key); value != nullptr && !value->is_null()) return key;
  }
  return {};
}

core::Result<ReadItem> read_call(const Json& item, std::uint32_t index, std::string_view path) {
  const std::string type(item_type(item));
  const bool named = type == "function_call" || type == "custom_tool_call";
  CallTool call;
  call.tool_call_id = *text_member(item, "call_id");
  call.index = index;
  call.tool = tool_of_type(type);
  if (named) {
    const auto* name = text_member(item, "name");
    if (name == nullptr) return wrong(path, "name", "a string", item.find("name"));
    if (name->empty()) return bad_field(join_path(path, "name"), "must not be empty");
    call.tool = *name;
  }
  const std::string key(arguments_key(item));
  if (!key.empty()) call.arguments = *item.find(key);
  ReadItem read;
  read.parts.push_back(Part::make_tool_call(call.tool_call_id, index));
  read.entry.add("type", type).add("parts", 1);
  if (!key.empty()) read.entry.add("arguments", key);
  read.fields(named ? others(item, {"type", "call_id", "name", key})
                    : others(item, {"type", "call_id", key}));
  read.call = std::move(call);
  return read;
}

ReadItem read_verbatim(const Json& item) {
  ReadItem read;
  read.parts.push_back(verbatim_part(item));
  read.entry.add("type", item_type(item)).add("parts", 1).add("verbatim", true);
  return read;
}

bool calls_by_name(const Json& item) {
  const auto* call_id = text_member(item, "call_id");
  return call_id != nullptr && !call_id->empty();
}

core::Result<ReadItem> read_item(const Json& item, std::uint32_t index, std::string_view path) {
  const auto type = item_type(item);
  // What others said is no text of the answer (a compaction repeats it).
  if (type == "message") return role_of(item) ? read_verbatim(item) : read_said(item, path);
  if (type == "reasoning") return read_reasoning(item);
  const bool needs_name = type == "function_call" || type == "custom_tool_call";
  if (needs_name && !calls_by_name(item)) {
    return wrong(path, "call_id", "a string that is not empty", item.find("call_id"));
  }
  // The output of a tool that the provider ran names the call, too; and some clients name a call
  // that the provider has carried out.
  const auto* runs = text_member(item, "execution");
  const bool served = runs != nullptr && *runs == "server";
  const bool calls = calls_by_name(item) && !served && !tool_of_type(type).empty();
  return calls ? read_call(item, index, path) : core::Result<ReadItem>(read_verbatim(item));
}

Json responses_extra() {
  Json extra;
  extra.add("dialect", kResponsesDialect);
  return extra;
}

ToolCalled called(const CallTool& call, const std::string& message_id) {
  ToolCalled event;
  event.tool_call_id = call.tool_call_id;
  event.message_id = message_id;
  event.index = *call.index;
  event.tool = call.tool;
  event.arguments = call.arguments;
  return event;
}

}  // namespace

ItemKind item_kind(const Json& item) {
  if (!item.is_object()) return ItemKind::unknown;
  const auto type = item_type(item);
  if (type == "message") {
    const auto* role = text_member(item, "role");
    if (role != nullptr && *role == "assistant") return ItemKind::answer;
    return role_of(item) ? ItemKind::message : ItemKind::unknown;
  }
  if (type == "reasoning" || !tool_of_type(type).empty() || type == "mcp_list_tools" ||
      type == "mcp_approval_request") {
    return ItemKind::answer;
  }
  return type.ends_with("_call_output") ? ItemKind::result : ItemKind::unknown;
}

core::Status ItemReader::add(const Json& item, const MessageIds& ids, std::string_view path) {
  auto read = read_item(item, static_cast<std::uint32_t>(calls_.size()), path);
  if (!read) return std::move(read.error());
  if (items_.empty()) ids_ = ids;
  items_.push_back(item);
  entries_.push_back(std::move(read->entry));
  std::move(read->parts.begin(), read->parts.end(), std::back_inserter(parts_));
  if (read->call) {
    read->call->message_id = ids_.message_id;
    calls_.push_back(*std::move(read->call));
  }
  return core::Ok{};
}

std::vector<SessionStep> ItemReader::end_answer() {
  RecordResponse answer;
  answer.call_id = ids_.call_id;
  answer.message_id = ids_.message_id;
  answer.parts = std::exchange(parts_, {});
  Json extra = responses_extra();
  extra.add("items", std::exchange(entries_, {}));
  answer.extra = std::move(extra);
  std::vector<ToolCalled> events;
  for (const CallTool& call : calls_) {
    events.push_back(called(call, ids_.message_id));
    open_[call.tool_call_id].push_back({ids_.message_id, *call.index, call.tool});
  }
  Json originals(std::exchange(items_, {}));
  if (!same_tree(Json(write_items(answer, events)), originals)) {
    answer.extra = responses_extra();
    answer.extra->add("raw", std::move(originals));
  }
  std::vector<SessionStep> steps;
  steps.emplace_back(std::move(answer));
  for (CallTool& call : calls_) steps.emplace_back(std::move(call));
  calls_.clear();
  return steps;
}

core::Result<SendMessage> ItemReader::read_message(const Json& item, std::string message_id,
                                                   std::string_view path) {
  SendMessage sent;
  sent.message_id = std::move(message_id);
  const auto role = role_of(item);
  if (!role) return bad_field(join_path(path, "role"), "expected system, developer or user");
  sent.role = *role;
  auto text = read_content(item, "input_text", path, sent.parts);
  if (!text) return std::move(text.error());
  Json extra = responses_extra();
  if (item.find("type") == nullptr) extra.add("untyped", true);
  if (*text) extra.add("content", "string");
  if (Fields rest = others(item, {"type", "role", "content"}); !rest.empty()) {
    extra.add("fields", std::move(rest));
  }
  sent.extra = std::move(extra);
  if (!same_tree(write_item(sent), item)) {
    sent.extra = responses_extra();
    sent.extra->add("raw", item);
  }
  return sent;
}

core::Result<CompleteTool> ItemReader::read_result(const Json& item, std::string_view result_id,
                                                   std::string_view path) {
  const auto* call_id = text_member(item, "call_id");
  if (call_id == nullptr) return wrong(path, "call_id", "a string", item.find("call_id"));
  if (call_id->empty()) return bad_field(join_path(path, "call_id"), "must not be empty");
  CompleteTool result;
  result.tool_call_id = *call_id;
  Json extra = responses_extra();
  extra.add("type", item_type(item));
  if (const Json* output = item.find("output")) {
    result.output = *output;
  } else {
    extra.add("output", "absent");
  }
  if (Fields rest = others(item, {"type", "call_id", "output"}); !rest.empty()) {
    extra.add("fields", std::move(rest));
  }
  result.extra = std::move(extra);
  if (!same_tree(write_item(result), item)) {
    result.extra = responses_extra();
    result.extra->add("raw", item);
  }
  if (const auto open = open_.find(*call_id); open != open_.end()) {
    const OpenCall& call = open->second.back();
    result.message_id = call.message_id;
    result.index = call.index;
    result.tool = call.tool;
    open->second.pop_back();
    if (open->second.empty()) open_.erase(open);
  } else {
    result.result_id = std::string(result_id);
  }
  return result;
}

Usage disjoint_usage(const TokenCounts& counts) {
  const auto less = [](std::optional<std::uint64_t> whole, std::uint64_t part) {
    return whole ? std::optional<std::uint64_t>(*whole - std::min(*whole, part)) : whole;
  };
  Usage usage;
  usage.input_text = less(counts.input, counts.cached.value_or(0) + counts.cache_write.value_or(0));
  usage.input_cache_read = counts.cached;
  usage.input_cache_write_other = counts.cache_write;
  const std::uint64_t reasoning = counts.reasoning.value_or(0);
  const bool beside = reasoning > 0 && counts.total && counts.input && counts.output &&
                      *counts.total == *counts.input + *counts.output + reasoning;
  usage.output_text = beside ? counts.output : less(counts.output, reasoning);
  usage.output_reasoning = counts.reasoning;
  return usage;
}

}  // namespace hansard::events::openai
