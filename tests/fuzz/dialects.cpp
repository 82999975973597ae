// Messages of the providers' dialects: what is read is written again as the same tree.
// Input: a byte that chooses the dialect, then one message, a list of them, or a list of items.
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/assert.h"
#include "events/dialects/anthropic/messages.h"
#include "events/dialects/openai/messages.h"
#include "events/dialects/openai/responses.h"
#include "events/json.h"
#include "target.h"

namespace {

using namespace hansard::events;

/// What a recording of `steps` would hold.
struct Recorded {
  explicit Recorded(const std::vector<SessionStep>& steps) {
    for (const SessionStep& step : steps) {
      if (const auto* done = std::get_if<CompleteTool>(&step)) results.emplace_back(*done);
      if (const auto* failed = std::get_if<FailTool>(&step)) results.emplace_back(*failed);
      if (const auto* call = std::get_if<CallTool>(&step)) calls.push_back(called(*call));
      if (const auto* each = std::get_if<SendMessage>(&step)) sent = each;
      if (const auto* each = std::get_if<RecordResponse>(&step)) answer = each;
    }
  }
  static ToolCalled called(const CallTool& call) {
    HANSARD_ASSERT(call.index.has_value(), "a call has its place");
    ToolCalled event;
    event.tool_call_id = call.tool_call_id;
    event.message_id = call.message_id.value_or("");
    event.index = *call.index;
    event.tool = call.tool;
    event.arguments = call.arguments;
    event.metadata = call.metadata;
    return event;
  }
  std::vector<SessionEvent> results;
  std::vector<ToolCalled> calls;
  const SendMessage* sent = nullptr;
  const RecordResponse* answer = nullptr;
};

void same(const Json& written, const Json& original) {
  HANSARD_ASSERT(same_tree(written, original), "nothing of a message is lost");
}

void anthropic_message(const Json& message) {
  const auto steps = anthropic::read_message(message, {"m1", "c1"}, "message");
  if (!steps) return;
  const Recorded recorded(*steps);
  if (recorded.answer != nullptr) {
    same(anthropic::write_message(*recorded.answer, recorded.calls), message);
  } else if (recorded.sent != nullptr) {
    same(anthropic::write_message(*recorded.sent, recorded.results), message);
  } else {
    same(anthropic::write_results(recorded.results), message);
  }
}

void openai_message(const Json& message, openai::MessageReader& reader) {
  const auto steps = reader.read(message, {"m1", "c1"}, "message");
  if (!steps) return;
  const Recorded recorded(*steps);
  if (recorded.answer != nullptr) {
    same(openai::write_message(*recorded.answer, recorded.calls), message);
  } else if (recorded.sent != nullptr) {
    same(openai::write_message(*recorded.sent), message);
  } else if (!recorded.results.empty()) {
    const auto* done = std::get_if<ToolCompleted>(&recorded.results[0]);
    if (done != nullptr) same(openai::write_message(*done), message);
  }
}

void end_answer(openai::ItemReader& reader, Json::Array& items) {
  if (!reader.answering()) return;
  const std::vector<SessionStep> steps = reader.end_answer();
  const Recorded recorded(steps);
  HANSARD_ASSERT(recorded.answer != nullptr, "an answer is one");
  same(Json(openai::write_items(*recorded.answer, recorded.calls)), Json(items));
  items.clear();
}

void openai_items(const Json::Array& items) {
  openai::ItemReader reader;
  Json::Array answer;
  for (const Json& item : items) {
    const openai::ItemKind kind = openai::item_kind(item);
    if (kind == openai::ItemKind::answer) {
      if (reader.add(item, {"a1", "c1"}, "item")) answer.push_back(item);
      continue;
    }
    end_answer(reader, answer);
    if (kind == openai::ItemKind::message) {
      const auto sent = openai::ItemReader::read_message(item, "m1", "item");
      if (sent) same(openai::write_item(*sent), item);
    } else if (kind == openai::ItemKind::result) {
      const auto done = reader.read_result(item, "r1", "item");
      if (done) same(openai::write_item(*done), item);
    }
  }
  end_answer(reader, answer);
}

void run(std::string_view bytes) {
  const unsigned dialect = hansard::fuzz::take_byte(bytes) % 3;
  const auto json = parse_json(bytes);
  if (!json) return;
  const Json::Array alone = {*json};
  const Json::Array& list = json->is_array() ? *json->if_array() : alone;
  if (dialect == 0) {
    for (const Json& message : list) anthropic_message(message);
  } else if (dialect == 1) {
    openai::MessageReader reader;
    for (const Json& message : list) openai_message(message, reader);
  } else {
    openai_items(list);
  }
}

const hansard::fuzz::Announced announced("dialects", run);

}  // namespace
