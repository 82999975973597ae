#include "answers_message.h"

#include <algorithm>
#include <utility>

#include "dialects/original.h"

namespace hansard::events::ollama {
namespace {

core::Result<ReadCall> read_call(const Json& entry, const std::string& message_id,
                                 std::uint32_t index, std::string_view path) {
  if (!entry.is_object()) {
    return bad_field(path, "expected an object, found " + std::string(describe(entry.kind())));
  }
  const Json* function = entry.find("function");
  const std::string function_path = join_path(path, "function");
  if (function == nullptr || !function->is_object()) {
    return bad_field(function_path, "expected an object");
  }
  const std::string_view name = text_of(function->find("name"), "");
  if (name.empty()) {
    return bad_field(join_path(function_path, "name"), "expected a string that is not empty");
  }
  const std::string_view id = text_of(entry.find("id"), "");
  ReadCall call;
  // Older servers give no id; a name of our own keeps call and result together.
  call.step.tool_call_id =
      id.empty() ? message_id + ".call" + std::to_string(index) : std::string(id);
  call.step.message_id = message_id;
  call.step.index = index;
  call.step.tool = std::string(name);
  if (const Json* arguments = function->find("arguments")) call.step.arguments = *arguments;
  call.part = Part::make_tool_call(call.step.tool_call_id, index);
  if (id.empty()) call.part.json.add("unnamed", true);
  Json::Object function_rest;
  for (const auto& each : *function->if_object()) {
    if (each.key != "name" && each.key != "arguments") function_rest.push_back(each);
  }
  if (!function_rest.empty()) call.part.json.add("function", std::move(function_rest));
  Json::Object rest;
  for (const auto& each : *entry.if_object()) {
    const bool taken = each.key == "function" || (each.key == "id" && !id.empty());
    if (!taken) rest.push_back(each);
  }
  if (!rest.empty()) call.part.json.add("fields", std::move(rest));
  return call;
}

Json arguments_of(const ToolCalled* call) {
  if (call == nullptr) return Json(Json::Object{});
  if (const auto* text = call->arguments.if_string()) {
    auto parsed = parse_json(*text);
    if (parsed && parsed->is_object()) return *std::move(parsed);
  }
  return call->arguments;
}

Json write_call(const Part& part, const ToolCalled* call) {
  Json entry(Json::Object{});
  if (part.json.find("unnamed") == nullptr) entry.add("id", part.tool_call_id().value_or(""));
  Json function;
  function.add("name", call == nullptr ? std::string() : call->tool);
  function.add("arguments", arguments_of(call));
  add_members(part.json.find("function"), function);
  entry.add("function", std::move(function));
  add_fields(&part.json, entry);
  return entry;
}

}  // namespace

core::Result<std::vector<ReadCall>> read_calls(const Json::Array& calls,
                                               const std::string& message_id,
                                               std::string_view path) {
  std::vector<ReadCall> all;
  for (const Json& entry : calls) {
    const auto index = static_cast<std::uint32_t>(all.size());
    auto call = read_call(entry, message_id, index, join_path(path, all.size()));
    if (!call) return std::move(call.error());
    all.push_back(*std::move(call));
  }
  return all;
}

Json::Array write_calls(const ResponseReceived& answer, const std::vector<ToolCalled>& calls) {
  Json::Array entries;
  std::vector<const ToolCalled*> written;
  for (const Part& part : answer.parts) {
    if (part.kind() != "tool_call") continue;
    const auto index = part.call_index().value_or(static_cast<std::uint32_t>(entries.size()));
    const auto found = std::find_if(calls.begin(), calls.end(),
                                    [&](const ToolCalled& each) { return each.index == index; });
    const ToolCalled* call = found == calls.end() ? nullptr : &*found;
    written.push_back(call);
    entries.push_back(write_call(part, call));
  }
  for (const ToolCalled& call : calls) {  // asked for without a part
    if (std::find(written.begin(), written.end(), &call) != written.end()) continue;
    entries.push_back(write_call(Part::make_tool_call(call.tool_call_id, call.index), &call));
  }
  return entries;
}

}  // namespace hansard::events::ollama
