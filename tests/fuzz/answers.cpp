// Answers of providers, plain and streamed: whatever comes, nothing is thrown, what is read is
// written again as the same tree, and a stream put together and written goes together again.
// Input: a byte that chooses the dialect and whether the rest is a body; otherwise a frame a line.
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/assert.h"
#include "events/dialects/anthropic/answers.h"
#include "events/dialects/openai/chat_answers.h"
#include "events/dialects/openai/response_answers.h"
#include "target.h"

namespace {

using namespace hansard::events;

void read_and_write(const AnswerDialect& dialect, const Json& body) {
  const auto steps =
      dialect.read(body, {"c1", [](std::uint32_t choice) { return "m" + std::to_string(choice); }});
  if (!steps) return;
  std::vector<SessionEvent> events;
  for (const SessionStep& step : *steps) {
    if (const auto* answer = std::get_if<RecordResponse>(&step)) {
      events.emplace_back(static_cast<const ResponseReceived&>(*answer));
    }
    const auto* call = std::get_if<CallTool>(&step);
    if (call == nullptr) continue;
    ToolCalled event;
    event.tool_call_id = call->tool_call_id;
    event.message_id = call->message_id.value_or("");
    event.index = call->index.value_or(0);
    event.tool = call->tool;
    event.arguments = call->arguments;
    events.emplace_back(std::move(event));
  }
  HANSARD_ASSERT(same_tree(dialect.write(events), body), "nothing of an answer is lost");
}

StreamEnd again(const AnswerDialect& dialect, const Json& body, const Json& track) {
  const auto stream = dialect.stream();
  std::uint64_t last_us = 0;
  for (const TimedFrame& each : dialect.write_stream(body, track)) {
    HANSARD_ASSERT(each.at_us >= last_us, "time does not go back");
    last_us = each.at_us;
    stream->add({each.event, each.data}, each.at_us);
  }
  return stream->end();
}

void run(std::string_view bytes) {
  const unsigned choice = hansard::fuzz::take_byte(bytes);
  const std::array<const AnswerDialect*, 3> dialects{
      &anthropic::answers(), &openai::response_answers(), &openai::chat_answers()};
  // As digits: 0 and 1 are streams of the first two dialects, 4 and 5 of the next two, and so on;
  // two more, and it is a body.
  const unsigned which = (choice / 4 % 4) * 2 + choice % 2;
  const AnswerDialect& dialect = *dialects[which % dialects.size()];
  if (choice / 2 % 2 == 1) {
    const auto body = parse_json(bytes);
    if (!body) return;
    read_and_write(dialect, *body);
    again(dialect, *body, Json());
    return;
  }
  const auto stream = dialect.stream();
  std::uint64_t at_us = 0;
  while (!bytes.empty()) {
    const std::string_view line = bytes.substr(0, bytes.find('\n'));
    bytes.remove_prefix(std::min(line.size() + 1, bytes.size()));
    at_us += line.size() * 1000;
    stream->add({"", line}, at_us);
  }
  const StreamEnd end = stream->end();
  read_and_write(dialect, end.body);
  // A repeated key means one thing to who merges and another to who replaces.
  if (first_duplicate_key(end.body)) return;
  const StreamEnd second = again(dialect, end.body, end.track);
  HANSARD_ASSERT(same_tree(second.body, end.body), "a written stream says the same");
  const StreamEnd third = again(dialect, second.body, second.track);
  HANSARD_ASSERT(same_tree(third.track, second.track), "and at the same pace");
}

const hansard::fuzz::Announced announced("answers", run);

}  // namespace
