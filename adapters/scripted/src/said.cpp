#include "said.h"

#include <algorithm>

namespace hansard::scripted {

namespace {

using events::Json;

constexpr std::string_view kSpace = " \t\r\n";

/// Words of every text inside: instructions, and outputs of tools that are no text.
std::uint64_t count_in(const Json& value) {
  if (const std::string* text = value.if_string()) return count(*text);
  std::uint64_t sum = 0;
  if (const Json::Array* list = value.if_array()) {
    for (const Json& each : *list) sum += count_in(each);
  } else if (const Json::Object* members = value.if_object()) {
    for (const Json::Member& member : *members) sum += count_in(member.value);
  }
  return sum;
}

std::string text_of(const Json& value) {
  const std::string* text = value.if_string();
  return text != nullptr ? *text : dump(value);
}

void listen(const events::SessionStep& step, Said& said) {
  if (const auto* sent = std::get_if<events::SendMessage>(&step)) {
    said.words += count(plain_text(sent->parts));
    const bool aside = sent->role == events::Role::system || sent->role == events::Role::developer;
    if (!aside) said.last = plain_text(sent->parts);
  } else if (const auto* answered = std::get_if<events::RecordResponse>(&step)) {
    said.words += count(plain_text(answered->parts));
  } else if (const auto* called = std::get_if<events::CallTool>(&step)) {
    said.words += count(text_of(called->arguments));
  } else if (const auto* completed = std::get_if<events::CompleteTool>(&step)) {
    said.words += count_in(completed->output);
    said.last = text_of(completed->output);
  } else if (const auto* failed = std::get_if<events::FailTool>(&step)) {
    said.words += count_in(failed->error);
    said.last = text_of(failed->error);
  }
}

}  // namespace

core::Result<Said> said_in(const events::Api& api, const events::CallRequest& request) {
  const events::RequestIds ids{[](std::size_t n) { return "m" + std::to_string(n); },
                               [](std::size_t n) { return "c" + std::to_string(n); }};
  auto turns = api.requests.read(request.messages, ids);
  if (!turns) return turns.error();
  Said said;
  if (request.system) said.words += count_in(*request.system);
  for (const events::RequestTurn& turn : *turns) {
    for (const events::SessionStep& step : turn.steps) listen(step, said);
  }
  return said;
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t word = text.find_first_not_of(kSpace);
    std::size_t end = std::min(text.find_first_of(kSpace, word), text.size());
    // What follows the last word belongs to it.
    if (text.find_first_not_of(kSpace, end) == std::string_view::npos) end = text.size();
    out.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return out;
}

std::uint64_t count(std::string_view text) { return words(text).size(); }

}  // namespace hansard::scripted
