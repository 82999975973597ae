// Templates of prompts: whatever they say, parsing and rendering end within their bounds, refusals
// name a line, and the same template prints the same.
#include <string>
#include <string_view>

#include "core/assert.h"
#include "events/prompt/template.h"
#include "target.h"

namespace {

using namespace hansard;
using namespace hansard::events;

void judge(const core::Error& error) {
  HANSARD_ASSERT(error.field == "template", "a refusal says of what");
  HANSARD_ASSERT(error.code == core::Errc::too_large || error.message.starts_with("line "),
                 "a refusal says where");
}

void run(std::string_view bytes) {
  static const Json::Object kVariables =
      parse_json_object(
          R"({"name":"Ada","n":3,"list":[1,"two",[3]],"object":{"a":{"b":null}},"empty":"","t":true})")
          .value();
  const auto parsed = Template::parse(bytes);
  if (!parsed) return judge(parsed.error());
  const auto text = parsed->render(kVariables);
  if (!text) return judge(text.error());
  HANSARD_ASSERT(text->size() <= kRenderedBytesMax, "what is printed is bounded");
  const auto again = parsed->render(kVariables);
  HANSARD_ASSERT(again.has_value() && *again == *text, "it prints the same");
}

const fuzz::Announced announced("prompt_template", run);

}  // namespace
