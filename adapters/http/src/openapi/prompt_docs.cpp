#include "openapi/prompt_docs.h"

#include <algorithm>
#include <array>

#include "core/assert.h"

namespace hansard::http {

namespace {

using Answer = RouteDoc::Answer;
using Others = SchemaDoc::Others;

constexpr std::string_view kJson = "application/json";
constexpr std::array<Answer, 1> kListed{{{200, kJson, "Prompts"}}};
constexpr std::array<Answer, 1> kShown{{{200, kJson, "Prompt"}}};
constexpr std::array<Answer, 1> kVersionShown{{{200, kJson, "PromptVersion"}}};
constexpr std::array<Answer, 1> kCompared{{{200, kJson, "PromptDiff"}}};
constexpr std::array<Answer, 1> kRendered{{{200, kJson, "RenderedPrompt"}}};
constexpr std::array<Answer, 2> kChanged{
    {{200, kJson, "PromptReceipt"}, {201, kJson, "PromptReceipt"}}};

constexpr std::string_view kVersion = R"({"anyOf":[{"type":"integer"},{"type":"string"}]})";
constexpr std::string_view kLabels =
    R"({"type":"object","additionalProperties":{"anyOf":[{"type":"integer"},{"type":"string"}]}})";

constexpr MemberDoc kPromptListed[] = {
    {"name", "text", "Its name."},
    {"kind", "chat|text", "Of the version stored last."},
    {"versions", "count", "How many are offered."},
    {"latest?", kVersion, "The version stored last that is offered."},
    {"labels", kLabels, "Which version each label names."},
    {"tags?", "list of text", "Of the latest version."},
    {"trial?", "text", "The experiment that decides on calls without a version."},
    {"created_at", "Time", "When its first version was stored."},
    {"changed_at", "Time", "When something happened to it last."},
};
constexpr MemberDoc kPrompts[] = {
    {"prompts", "list of PromptListed", "Prompts by name."},
    {"next?", "text", "Cursor of the following page."},
    {"checkpoint", "Position", "One past the last position that the answer reflects."},
};
/// Members that more than one schema has, in front of its own.
template <std::size_t A, std::size_t B>
constexpr std::array<MemberDoc, A + B> with(const std::array<MemberDoc, A>& shared,
                                            const MemberDoc (&own)[B]) {  // NOLINT: a list
  std::array<MemberDoc, A + B> all{};
  std::copy(shared.begin(), shared.end(), all.begin());
  std::copy(own, own + B, all.begin() + A);
  return all;
}

constexpr std::array<MemberDoc, 10> kHead{{
    {"version", kVersion, "Its name: a whole number, or a text."},
    {"stage", "production|staging|dev", "By the labels that name it."},
    {"labels", "list of text", "All that name it."},
    {"tags", "list of text", "As they were set last."},
    {"deleted?", "flag", "It is offered no longer."},
    {"erased?", "flag", "What it said is gone."},
    {"content_hash", "text", "A keyed hash of what it says."},
    {"stored_at", "Time", "When it was stored."},
    {"actor?", "text", "The key that stored it."},
    {"position", "Position", "Where in the log."},
}};
constexpr MemberDoc kListedOnly[] = {
    {"description?", "text", "What its author says of it."},
};
constexpr auto kVersionListed = with(kHead, kListedOnly);
constexpr MemberDoc kHistory[] = {
    {"what", "stored|tagged|label_moved|label_removed|deleted|trial_started|trial_ended|other",
     "What happened."},
    {"version?", kVersion, "To which version."},
    {"label?", "text", "That moved."},
    {"from?", kVersion, "What it named before."},
    {"reason?", "promoted|rolled_back|set|experiment|other", "Why a label moved."},
    {"experiment?", "text", "Whose doing it was."},
    {"evidence?", "json", "What the experiment rests on."},
    {"tags?", "list of text", "As they are from then on."},
    {"description?", "text", "What the author says of the version."},
    {"comment?", "text", "What was said about it."},
    {"type?", "text", "Of an event that only a newer build knows."},
    {"at", "Time", "When it happened."},
    {"actor?", "text", "The key that acted."},
    {"position", "Position", "Where in the log."},
};
constexpr MemberDoc kPrompt[] = {
    {"name", "text", "Its name."},
    {"labels", kLabels, "Which version each label names."},
    {"trial?", "text", "The experiment that decides on calls without a version."},
    {"versions", "list of PromptVersionListed", "In the order in which they were stored."},
    {"history", "list of PromptHistory", "What happened, oldest first; the latest 1,000."},
    {"history_left_out?", "count", "Earlier entries that are not told."},
    {"stream_version", "count", "Of its last event, for Hansard-Expected-Version."},
    {"checkpoint", "Position", "One past the last position of the log."},
};
constexpr MemberDoc kMessage[] = {
    {"role", "system|developer|user|assistant", "Who says it."},
    {"content", "text", "A template: {{ name }}, {% if %}, {% for %}."},
    {"section?", "text", "Its name among the messages of the prompt."},
};
constexpr MemberDoc kRule[] = {
    {"min?", R"({"type":"number"})", "Of numbers, the least."},
    {"max?", R"({"type":"number"})", "Of numbers, the largest."},
    {"min_length?", "count", "Characters of a text, elements of a list, at least."},
    {"max_length?", "count", "The same, at most."},
    {"one_of?", "list of text", "The texts that are allowed."},
    {"pattern?", "text", "A regular expression (RE2) that the whole text matches."},
};
constexpr MemberDoc kVariable[] = {
    {"name", "text", "As templates call it."},
    {"type?", "text|integer|number|boolean|list|object|any", "Of its values; any unless said."},
    {"required?", "flag", "Whether it must be given; unless said, where there is no default."},
    {"default?", "json", "What stands where it is not given."},
    {"rule?", "PromptRule", "What a value must satisfy besides."},
    {"description?", "text", "What it is for."},
};
constexpr MemberDoc kExample[] = {
    {"input", "text", "A template: what is asked."},
    {"output", "text", "A template: what is to be answered."},
};
constexpr MemberDoc kSays[] = {
    {"name", "text", "Of the prompt."},
    {"kind", "chat|text", "A text prompt is one message of the user."},
    {"messages?", "list of PromptMessage", "In order."},
    {"variables?", "list of PromptVariable", "Those it declares."},
    {"examples?", "list of PromptExample",
     "Shown after what leads, or where a template reads `examples`."},
    {"config?", "object", "Model, temperature and the like, for who calls."},
    {"description?", "text", "What its author says of it."},
    {"metadata?", "json", "Whatever else is kept beside it."},
    {"takes?", "list of text", "Variables: declared ones, then others that templates read."},
    {"checkpoint", "Position", "One past the last position of the log."},
};
constexpr auto kPromptVersion = with(kHead, kSays);
constexpr MemberDoc kStoreBody[] = {
    {"version?", kVersion, "Its name; the next whole number unless said."},
    {"kind?", "chat|text", "chat unless said, or unless `text` is given."},
    {"text?", "text", "The template of a text prompt, instead of messages."},
    {"messages?", "list of PromptMessage", "In order."},
    {"variables?", "list of PromptVariable", "Those it declares."},
    {"examples?", "list of PromptExample", "Pairs that show what is wanted."},
    {"config?", "object", "Model, temperature and the like, for who calls."},
    {"tags?", "list of text", "Short identifiers."},
    {"description?", "text", "What is to be known of it."},
    {"metadata?", "json", "Whatever else is kept beside it."},
    {"labels?", "list of text", "That are to name it, in the same append."},
    {"comment?", "text", "Why they move."},
};
constexpr MemberDoc kLabelBody[] = {
    {"version", kVersion, "Which; a label or latest may stand for one."},
    {"comment?", "text", "Why it moves."},
};
constexpr MemberDoc kRollBackBody[] = {
    {"from?", kVersion, "The version to leave: then a repeat is known for one."},
    {"comment?", "text", "Why it moves."},
};
constexpr MemberDoc kTagsBody[] = {
    {"version?", kVersion, "Which; the latest unless said."},
    {"tags?", "list of text", "All of its tags from now on."},
};
constexpr MemberDoc kRenderBody[] = {
    {"version?", kVersion, "Which; the one in production unless said."},
    {"label?", "text", "Or by a label."},
    {"variables?", "object", "Values by name."},
};
constexpr MemberDoc kReceiptOf[] = {
    {"name", "text", "Of the prompt."},
    {"label?", "text", "The label it was about."},
    {"version?", kVersion, "The version it was about, or that the label names now."},
    {"stage?", "production|staging|dev", "Where that version stands."},
    {"labels", kLabels, "Which version each label names now."},
    {"duplicate", "flag", "True when nothing was written: it held already."},
    {"position?", "Position", "Of the last event."},
    {"at_least", "Position", "Given to a query, it waits until that event is in the answer."},
    {"stream_version", "count", "Of the prompt's last event."},
};
constexpr MemberDoc kRenderedMessage[] = {
    {"role", "system|developer|user|assistant", "Who says it."},
    {"content", "text", "What is said."},
};
constexpr MemberDoc kRenderedAnswer[] = {
    {"name", "text", "Of the prompt."},
    {"version", kVersion, "That was rendered."},
    {"label?", "text", "By which it was asked for."},
    {"kind", "chat|text", "A text prompt is one message of the user."},
    {"messages", "list of RenderedMessage", "Ready to be sent; none of them empty."},
    {"variables", R"({"type":"object","additionalProperties":true})",
     "Values it was rendered with: those given, and defaults."},
    {"config?", "object", "As the version has it."},
    {"trial?", "text", "The experiment that decides on calls without a version."},
    {"checkpoint", "Position", "One past the last position of the log."},
};
constexpr MemberDoc kChange[] = {
    {"what", "added|removed|changed", "What became of it."},
    {"where", "text", "Of what: messages[0].content, variables.name.type, config.model."},
    {"before?", "json", "Its value, where that is no template."},
    {"after?", "json", "Its value then."},
    {"lines?", "list of text", "Of a template, with `- `, `+ ` or two spaces in front."},
};
constexpr MemberDoc kDiff[] = {
    {"name", "text", "Of the prompt."},
    {"from", kVersion, "One version."},
    {"to", kVersion, "The other."},
    {"same", "flag", "They say the same."},
    {"changes", "list of PromptChange", "What to do to one to get the other."},
    {"checkpoint", "Position", "One past the last position of the log."},
};

constexpr SchemaDoc kSchemas[] = {
    {"PromptListed", "A prompt in a list.", kPromptListed},
    {"Prompts", "Prompts.", kPrompts},
    {"PromptVersionListed", "A version in a list.", kVersionListed},
    {"PromptHistory", "One thing that happened to a prompt.", kHistory},
    {"Prompt", "A prompt with its history.", kPrompt},
    {"PromptMessage", "A message of a prompt.", kMessage, Others::refused},
    {"PromptRule", "What a value must satisfy.", kRule, Others::refused},
    {"PromptVariable", "What a prompt asks to be given.", kVariable, Others::refused},
    {"PromptExample", "A pair that shows what is wanted.", kExample, Others::refused},
    {"PromptVersion", "A version of a prompt.", kPromptVersion},
    {"StoreVersion", "A version to store.", kStoreBody, Others::refused},
    {"MoveLabel", "Which version a label is to name.", kLabelBody, Others::refused},
    {"RollBack", "Back to what was before.", kRollBackBody, Others::refused},
    {"TagVersion", "Tags of a version.", kTagsBody, Others::refused},
    {"RenderBody", "A version, and values for its places.", kRenderBody, Others::refused},
    {"PromptReceipt", "What came of a change.", kReceiptOf},
    {"RenderedMessage", "A message to be sent.", kRenderedMessage},
    {"RenderedPrompt", "A version with values in its places.", kRenderedAnswer},
    {"PromptChange", "One thing in which two versions differ.", kChange},
    {"PromptDiff", "What changed between two versions.", kDiff},
};

constexpr std::string_view kWrites = "Hansard-Expected-Version Idempotency-Key";

struct PromptRouteDoc {
  RouteDoc doc;
  std::string_view body;
};

constexpr PromptRouteDoc kRoutes[] = {
    {{Method::get, "/v1/prompts", "label tag* prefix limit cursor at_least", "", kListed}, ""},
    {{Method::get, "/v1/prompts/{name}", "as_of at_least", "", kShown}, ""},
    {{Method::get, "/v1/prompts/{name}/versions/{version}", "as_of at_least", "", kVersionShown},
     ""},
    {{Method::get, "/v1/prompts/{name}/diff", "from to at_least", "", kCompared}, ""},
    {{Method::post, "/v1/prompts/{name}/render", "", "", kRendered}, "RenderBody"},
    {{Method::post, "/v1/prompts/{name}/versions", "", "Hansard-Expected-Version", kChanged},
     "StoreVersion"},
    {{Method::put, "/v1/prompts/{name}/labels/{label}", "", kWrites, kChanged}, "MoveLabel"},
    {{Method::del, "/v1/prompts/{name}/labels/{label}", "", kWrites, kChanged}, ""},
    {{Method::post, "/v1/prompts/{name}/promote", "", kWrites, kChanged}, "MoveLabel"},
    {{Method::post, "/v1/prompts/{name}/rollback", "", kWrites, kChanged}, "RollBack"},
    {{Method::post, "/v1/prompts/{name}/tags", "", kWrites, kChanged}, "TagVersion"},
    {{Method::del, "/v1/prompts/{name}/versions/{version}", "", "Hansard-Expected-Version",
      kChanged},
     ""},
};

}  // namespace

AddedRoute documented_prompt(Route route) {
  const auto* found =
      std::find_if(std::begin(kRoutes), std::end(kRoutes), [&](const PromptRouteDoc& each) {
        return each.doc.method == route.method && each.doc.pattern == route.pattern;
      });
  HANSARD_ASSERT(found != std::end(kRoutes), "every route about prompts is told of here");
  return {std::move(route), found->doc, found->body, {}};
}

std::span<const SchemaDoc> prompt_schemas() { return kSchemas; }

}  // namespace hansard::http
