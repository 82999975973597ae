// Versions of prompts as they come in: what is taken says the same when it is written and read
// again, and renders within its bounds; refusals name the field.
#include <string>
#include <string_view>

#include "core/assert.h"
#include "events/prompt/commands.h"
#include "events/prompt/render.h"
#include "events/prompt/template.h"
#include "target.h"

namespace {

using namespace hansard;
using namespace hansard::events;

void run(std::string_view bytes) {
  auto json = parse_json(bytes);
  if (!json) return;
  const auto command = parse_prompt_body<StoreVersion>(*std::move(json));
  if (!command) return;
  const auto again = parse_prompt_body<StoreVersion>(to_json(*command));
  HANSARD_ASSERT(again.has_value(), "what is read and written can be read");
  HANSARD_ASSERT(dump(to_json(*again)) == dump(to_json(*command)), "and says the same");
  const PromptBody body = body_of(*command);
  const auto prepared = PreparedPrompt::prepare(body);
  if (!prepared) {
    HANSARD_ASSERT(!prepared.error().field.empty(), "a refusal names the field");
    return;
  }
  Json::Object given;
  for (const std::string& name : prepared->variables()) {
    given.push_back({name, Json(Json::Array{1, "two"})});
  }
  for (Json::Object values : {given, Json::Object{}}) {
    const auto rendered = prepared->render(std::move(values));
    if (!rendered) {
      HANSARD_ASSERT(!rendered.error().field.empty(), "a refusal names the field");
      continue;
    }
    std::size_t printed = 0;
    for (const RenderedMessage& message : rendered->messages) {
      HANSARD_ASSERT(!message.text.empty(), "no message is empty");
      printed += message.text.size();
    }
    HANSARD_ASSERT(!rendered->messages.empty() && printed <= kRenderedBytesMax,
                   "what is printed is bounded");
  }
}

const fuzz::Announced announced("prompt_body", run);

}  // namespace
