// JSON commands: the body of a typed route that is accepted says the same when the command is
// written again.   Input: the route's name, a line feed, the body.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "core/assert.h"
#include "events/json.h"
#include "events/session/step_body.h"
#include "target.h"

namespace {

using namespace hansard::events;

void create(Json body) {
  hansard::events::CommandMeta meta;
  const auto command = parse_body<CreateSession>(std::move(body), meta);
  if (!command) return;
  const std::string text = write_create(*command, meta.occurred_at);
  hansard::events::CommandMeta meta_again;
  const auto again = parse_body<CreateSession>(parse_json(text).value(), meta_again);
  HANSARD_ASSERT(again.has_value(), "what was accepted is accepted again");
  HANSARD_ASSERT(write_create(*again, meta_again.occurred_at) == text, "and is the same");
  HANSARD_ASSERT(meta.occurred_at == meta_again.occurred_at, "at the same time");
}

void run(std::string_view bytes) {
  const std::string_view route = bytes.substr(0, bytes.find('\n'));
  bytes.remove_prefix(std::min(route.size() + 1, bytes.size()));
  auto body = parse_json(bytes);
  if (!body) return;
  if (route.empty()) return create(*std::move(body));
  const auto step = read_step(route, *std::move(body), "key");
  if (!step) {
    HANSARD_ASSERT(!step.error().message.empty(), "a refusal says why");
    return;
  }
  const StepBody written = write_step(*step);
  auto text = parse_json(written.body);
  HANSARD_ASSERT(text.has_value(), "a written body is JSON");
  const auto again = read_step(written.route, *std::move(text), written.key);
  HANSARD_ASSERT(again.has_value(), "what was accepted is accepted again");
  const StepBody twice = write_step(*again);
  HANSARD_ASSERT(written.route == twice.route && written.body == twice.body, "and is the same");
  HANSARD_ASSERT(step->occurred_at == again->occurred_at, "at the same time");
}

const hansard::fuzz::Announced announced("commands", run);

}  // namespace
