#include <algorithm>
#include <unordered_set>
#include <utility>

#include "events/prompt/render.h"
#include "events/prompt/template.h"
#include "events/session/facts.h"
#include "prompt/variables.h"

namespace hansard::events {

using core::Errc;
using core::Result;
using core::Status;

namespace {

constexpr std::string_view kExamples = "examples";

core::Error in(std::string path, core::Error error) {
  error.message = path + ": " + error.message;
  error.field = std::move(path);
  return error;
}

std::string path_of(std::string_view list, std::size_t index, std::string_view member) {
  return join_path(join_path(list, index), member);
}

bool reads_examples(const Template& text) {
  const auto& names = text.variables();
  return std::find(names.begin(), names.end(), kExamples) != names.end();
}

bool leads(PromptRole role) { return role == PromptRole::system || role == PromptRole::developer; }

core::Error too_many(std::string_view field, std::size_t most) {
  return bad_field(field, "at most " + std::to_string(most));
}

}  // namespace

struct PreparedPrompt::Parsed {
  struct Message {
    PromptRole role;
    Template text;
  };
  struct Example {
    Template input;
    Template output;
  };
  PromptKind kind = PromptKind::chat;
  std::vector<Message> messages;
  std::vector<Example> examples;
  prompt::Variables declared;
  bool examples_are_read = false;
  std::vector<std::string> names;             ///< declared, then used
  std::unordered_set<std::string_view> used;  ///< by templates; of their own texts
  std::size_t bytes = 0;

  Result<Template> parse(std::string_view source, const std::string& path) {
    bytes += source.size();
    if (bytes > kPromptBytesMax) {
      core::Error error = bad_field(
          path, "with it the templates have over " + std::to_string(kPromptBytesMax) + " bytes");
      error.code = Errc::too_large;
      return error;
    }
    auto parsed = Template::parse(source);
    if (!parsed) return in(path, std::move(parsed.error()));
    for (const std::string& name : parsed->variables()) {
      if (name != kExamples) used.insert(name);
    }
    return parsed;
  }
  Status take_messages(const PromptBody& body);
  Status take_examples(const PromptBody& body);
  Status render_messages(TemplateRenderer& renderer, const Json* examples,
                         std::vector<RenderedMessage>& out) const;
};

Status PreparedPrompt::Parsed::take_messages(const PromptBody& body) {
  if (body.messages.empty()) return bad_field("messages", "at least one is needed");
  if (body.messages.size() > kPromptMessagesMax) return too_many("messages", kPromptMessagesMax);
  if (kind == PromptKind::text &&
      (body.messages.size() != 1 || body.messages[0].role != PromptRole::user)) {
    return bad_field("messages", "a text prompt is one message of role user");
  }
  std::unordered_set<std::string_view> sections;
  for (std::size_t i = 0; i < body.messages.size(); ++i) {
    const PromptMessage& message = body.messages[i];
    if (message.role == PromptRole::other) {
      return bad_field(path_of("messages", i, "role"), "unknown role");
    }
    if (message.section) {
      const std::string path = path_of("messages", i, "section");
      if (message.section->empty() || message.section->size() > kMaxIdentifierBytes) {
        return bad_field(path, "1 to " + std::to_string(kMaxIdentifierBytes) + " bytes");
      }
      if (!sections.insert(*message.section).second) {
        return bad_field(path, "another message is called so");
      }
    }
    auto text = parse(message.content, path_of("messages", i, "content"));
    if (!text) return std::move(text.error());
    examples_are_read = examples_are_read || reads_examples(*text);
    messages.push_back({message.role, *std::move(text)});
  }
  return core::Ok{};
}

Status PreparedPrompt::Parsed::take_examples(const PromptBody& body) {
  if (body.examples.size() > kPromptExamplesMax) return too_many("examples", kPromptExamplesMax);
  for (std::size_t i = 0; i < body.examples.size(); ++i) {
    auto input = parse(body.examples[i].input, path_of("examples", i, "input"));
    if (!input) return std::move(input.error());
    auto output = parse(body.examples[i].output, path_of("examples", i, "output"));
    if (!output) return std::move(output.error());
    if (reads_examples(*input) || reads_examples(*output)) {
      return bad_field(join_path("examples", i), "an example cannot read the examples");
    }
    examples.push_back({*std::move(input), *std::move(output)});
  }
  if (kind == PromptKind::text && !examples.empty() && !examples_are_read) {
    return bad_field("examples",
                     "the template of a text prompt shows them where it reads "
                     "`examples`, and it does not");
  }
  return core::Ok{};
}

Result<PreparedPrompt> PreparedPrompt::prepare(const PromptBody& body) {
  if (body.kind == PromptKind::other) return bad_field("kind", "unknown kind");
  auto declared = prompt::Variables::of(body.variables);
  if (!declared) return std::move(declared.error());
  auto parsed = std::make_shared<Parsed>(Parsed{.kind = body.kind,
                                                .messages = {},
                                                .examples = {},
                                                .declared = *std::move(declared),
                                                .names = {},
                                                .used = {}});
  if (auto status = parsed->take_messages(body); !status) return std::move(status.error());
  if (auto status = parsed->take_examples(body); !status) return std::move(status.error());
  std::unordered_set<std::string_view> known;
  for (const PromptVariable& variable : parsed->declared.declared()) {
    known.insert(variable.name);
    parsed->names.push_back(variable.name);
  }
  const std::size_t declared_count = parsed->names.size();
  for (const std::string_view name : parsed->used) {
    if (!known.contains(name)) parsed->names.emplace_back(name);
  }
  std::sort(parsed->names.begin() + static_cast<std::ptrdiff_t>(declared_count),
            parsed->names.end());
  return PreparedPrompt(std::move(parsed));
}

Status PreparedPrompt::Parsed::render_messages(TemplateRenderer& renderer, const Json* pairs,
                                               std::vector<RenderedMessage>& out) const {
  bool shown = pairs == nullptr;
  const auto show = [&] {
    for (const Json& pair : *pairs->if_array()) {
      out.push_back({PromptRole::user, *pair.find("input")->if_string()});
      out.push_back({PromptRole::assistant, *pair.find("output")->if_string()});
    }
    shown = true;
  };
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (!shown && !leads(messages[i].role)) show();
    auto text = renderer.render(messages[i].text);
    if (!text) return in(path_of("messages", i, "content"), std::move(text.error()));
    if (!text->empty()) out.push_back({messages[i].role, *std::move(text)});
  }
  if (!shown) show();
  return core::Ok{};
}

Result<RenderedPrompt> PreparedPrompt::render(Json::Object given) const {
  auto complete = parsed_->declared.complete(std::move(given), parsed_->used);
  if (!complete) return std::move(complete.error());
  RenderedPrompt out{parsed_->kind, {}, *std::move(complete)};
  TemplateRenderer renderer(out.variables);
  Json pairs = Json::Array{};
  for (std::size_t i = 0; i < parsed_->examples.size(); ++i) {
    auto input = renderer.render(parsed_->examples[i].input);
    if (!input) return in(path_of("examples", i, "input"), std::move(input.error()));
    auto output = renderer.render(parsed_->examples[i].output);
    if (!output) return in(path_of("examples", i, "output"), std::move(output.error()));
    if (!parsed_->examples_are_read && (input->empty() || output->empty())) {
      return bad_field(join_path("examples", i), "nothing is left of its input or output");
    }
    Json pair;
    pair.add("input", *std::move(input));
    pair.add("output", *std::move(output));
    pairs.push(std::move(pair));
  }
  const std::string name(kExamples);
  if (parsed_->examples_are_read) renderer.give(name, &pairs);
  const bool beside = !parsed_->examples.empty() && !parsed_->examples_are_read;
  auto status = parsed_->render_messages(renderer, beside ? &pairs : nullptr, out.messages);
  if (!status) return std::move(status.error());
  if (out.messages.empty()) return bad_field("messages", "nothing is left of any message");
  return out;
}

const std::vector<std::string>& PreparedPrompt::variables() const { return parsed_->names; }

std::size_t PreparedPrompt::template_bytes() const { return parsed_->bytes; }

Result<RenderedPrompt> render_prompt(const PromptBody& body, Json::Object given) {
  const auto prepared = PreparedPrompt::prepare(body);
  if (!prepared) return prepared.error();
  return prepared->render(std::move(given));
}

}  // namespace hansard::events
