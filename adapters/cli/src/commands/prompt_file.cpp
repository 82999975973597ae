#include "commands/prompt_file.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "text/json_view.h"

namespace hansard::cli {

namespace {

using core::Error;
using core::Result;
using events::Json;

constexpr std::string_view kDashes = "---";
constexpr std::string_view kMark = "===";
/// Fields in front of the templates, in the order in which they are written.
constexpr std::array<std::string_view, 10> kFields = {
    "version", "kind",      "labels", "tags",     "description",
    "comment", "variables", "config", "metadata", "examples"};

/// Lists and objects an element a line, so that changes are seen by the line.
std::string value_text(const Json& value) {
  const Json::Array* list = value.if_array();
  const Json::Object* object = value.if_object();
  const bool texts = list != nullptr && std::all_of(list->begin(), list->end(), [](const auto& e) {
                       return !e.is_object() && !e.is_array();
                     });
  if ((list == nullptr && object == nullptr) || texts) return dump(value);
  if (object != nullptr && object->empty()) return "{}";
  std::string out(1, list != nullptr ? '[' : '{');
  const auto line = [&](const std::string& text) {
    out += (out.size() > 1 ? ",\n  " : "\n  ") + text;
  };
  if (list != nullptr) {
    for (const Json& element : *list) line(dump(element));
  } else {
    for (const Json::Member& member : *object) {
      std::string key;
      events::dump_string_to(member.key, key);
      line(key + ": " + dump(member.value));
    }
  }
  return out + (list != nullptr ? "\n]" : "\n}");
}

/// Text that is read back as itself, not as JSON and not over lines.
std::string plain_text(const std::string& text) {
  const bool plain = !text.empty() && text.find_first_of("\r\n") == std::string::npos &&
                     text.front() != ' ' && text.back() != ' ' && !events::check_json(text);
  if (plain) return text;
  std::string quoted;
  events::dump_string_to(text, quoted);
  return quoted;
}

void put_template(std::string& out, const std::string& header, const std::string& text) {
  out += std::string(kMark) + " " + header + "\n";
  for (std::size_t at = 0;;) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = std::string_view(text).substr(at, end - at);
    const std::size_t slashes = std::min(line.find_first_not_of('\\'), line.size());
    if (line.substr(slashes).starts_with(kMark)) out += '\\';
    out += line;
    out += '\n';
    if (end == text.size()) return;
    at = end + 1;
  }
}

class FileReader {
 public:
  FileReader(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  Result<PromptFile> read() {
    PromptFile prompt;
    prompt.body = Json::Object{};
    auto line = next();
    if (!line) return wrong("is empty");
    if (trimmed(*line) != kDashes) return without_fields(*std::move(line));
    for (line = next(); line && trimmed(*line) != kDashes;) {
      if (auto status = field(*line, prompt, line); !status) return std::move(status.error());
    }
    if (!line) return wrong("the fields do not end with ---");
    if (auto status = templates(prompt.body); !status) return std::move(status.error());
    return prompt;
  }

 private:
  /// Messages alone, or nothing but a text.
  Result<PromptFile> without_fields(std::string_view first) {
    PromptFile prompt;
    prompt.body = Json::Object{};
    if (first.starts_with(kMark)) {
      at_ = 0;
      line_ = 0;
      if (auto status = templates(prompt.body); !status) return std::move(status.error());
      return prompt;
    }
    std::string_view text = text_;
    if (text.ends_with('\n')) text.remove_suffix(1);
    prompt.body.add("text", std::string(text));
    return prompt;
  }

  std::optional<std::string_view> next() {
    if (at_ >= text_.size()) return std::nullopt;
    const std::size_t end = std::min(text_.find('\n', at_), text_.size());
    const auto line = text_.substr(at_, end - at_);
    at_ = end + 1;
    ++line_;
    return line;
  }
  static std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    return text;
  }
  Error wrong(const std::string& what) const {
    return {core::Errc::invalid_argument, file_ + ":" + std::to_string(line_) + ": " + what};
  }

  /// One field with the lines that go on with it; `following` is the line behind it.
  core::Status field(std::string_view line, PromptFile& prompt,
                     std::optional<std::string_view>& following) {
    const std::size_t colon = line.find(':');
    if (trimmed(line).empty()) {
      following = next();
      return core::Ok{};
    }
    if (colon == std::string_view::npos) return wrong("expected `field: value`");
    const std::string key(trimmed(line.substr(0, colon)));
    std::string value(trimmed(line.substr(colon + 1)));
    const Error unknown = wrong("no such field: " + key);
    const Error broken = wrong(key + ": expected JSON");
    while ((following = next()) && !following->empty() &&
           std::string_view(" }]").find(following->front()) != std::string_view::npos) {
      value += "\n" + std::string(*following);
    }
    if (key == "name" || key == "stored_at") {
      (key == "name" ? prompt.name : prompt.stored_at) = text_value(value);
      return core::Ok{};
    }
    if (std::find(kFields.begin(), kFields.end(), key) == kFields.end()) return unknown;
    if (prompt.body.find(key) != nullptr) return wrong(key + ": is there twice");
    if (key == "version") {
      const auto number = events::parse_json(value);
      const bool whole = number && number->as_uint("");
      prompt.body.add(key, whole ? *number : Json(text_value(value)));
      return core::Ok{};
    }
    if (key == "description" || key == "comment" || key == "kind") {
      prompt.body.add(key, text_value(value));
      return core::Ok{};
    }
    auto json = events::parse_json(value);
    if (!json) return broken;
    prompt.body.add(key, *std::move(json));
    return core::Ok{};
  }
  static std::string text_value(const std::string& value) {
    const auto json = events::parse_json(value);
    return json && json->is_string() ? *json->if_string() : value;
  }

  core::Status templates(Json& body) {
    Json messages = Json::Array{};
    Json examples = Json::Array{};
    std::optional<std::string> input;
    std::optional<std::string_view> line = next();
    while (line && trimmed(*line).empty()) line = next();
    while (line) {
      if (!line->starts_with(kMark)) return wrong("expected `=== role`");
      const std::string header(trimmed(line->substr(kMark.size())));
      const Error misplaced = wrong("an example is an input, then an output");
      std::string text = template_text(line);
      if (header == "example input") {
        if (input) return misplaced;
        input = std::move(text);
      } else if (header == "example output") {
        if (!input) return misplaced;
        Json example = Json::Object{};
        example.add("input", *std::exchange(input, std::nullopt));
        example.add("output", std::move(text));
        examples.push(std::move(example));
      } else {
        messages.push(message(header, std::move(text)));
      }
    }
    if (input) return wrong("the last example has no output");
    body.add("messages", std::move(messages));
    if (!examples.if_array()->empty()) {
      if (body.find("examples") != nullptr) return wrong("examples are there twice");
      body.add("examples", std::move(examples));
    }
    return core::Ok{};
  }

  static Json message(const std::string& header, std::string text) {
    Json json = Json::Object{};
    const std::size_t open = header.find('[');
    json.add("role", std::string(trimmed(header.substr(0, open))));
    json.add("content", std::move(text));
    if (open != std::string::npos && header.back() == ']') {
      json.add("section", header.substr(open + 1, header.size() - open - 2));
    }
    return json;
  }

  /// Lines up to the next header, which `line` then is.
  std::string template_text(std::optional<std::string_view>& line) {
    std::string text;
    bool first = true;
    while ((line = next()) && !line->starts_with(kMark)) {
      const std::size_t slashes = std::min(line->find_first_not_of('\\'), line->size());
      if (slashes > 0 && line->substr(slashes).starts_with(kMark)) line->remove_prefix(1);
      if (!first) text += '\n';
      text += *line;
      first = false;
    }
    return text;
  }

  const std::string_view text_;
  const std::string& file_;
  std::size_t at_ = 0;
  std::size_t line_ = 0;
};

Result<PromptFile> read_json_file(std::string_view text, const std::string& file) {
  auto body = events::parse_json(text);
  if (!body) {
    return Error{core::Errc::invalid_argument, file + ": " + body.error().message};
  }
  PromptFile prompt;
  prompt.body = Json::Object{};
  for (Json::Member& member : *body->if_object()) {
    if (member.key == "name" || member.key == "stored_at") {
      (member.key == "name" ? prompt.name : prompt.stored_at) = text_of(&member.value);
    } else {
      prompt.body.add(std::move(member.key), std::move(member.value));
    }
  }
  return prompt;
}

}  // namespace

std::string write_prompt_file(const PromptFile& prompt) {
  std::string out = std::string(kDashes) + "\n";
  const auto put = [&](std::string_view key, const std::string& value) {
    out += std::string(key) + ": " + value + "\n";
  };
  if (!prompt.name.empty()) put("name", plain_text(prompt.name));
  if (!prompt.stored_at.empty()) put("stored_at", plain_text(prompt.stored_at));
  for (const std::string_view key : kFields) {
    const Json* value = prompt.body.find(key);
    if (value == nullptr || key == "examples") continue;
    if (value->is_string()) {
      // `1.0` is a name as it stands here; only what is quoted itself needs quotes.
      const std::string& text = *value->if_string();
      const bool bare = key == "version" && text.find('"') == std::string::npos;
      put(key, bare ? text : plain_text(text));
    } else {
      put(key, value_text(*value));
    }
  }
  out += std::string(kDashes) + "\n";
  for (const Json& message : list_at(prompt.body, "messages")) {
    const std::string section = text_at(message, "section");
    put_template(out, text_at(message, "role") + (section.empty() ? "" : " [" + section + "]"),
                 text_at(message, "content"));
  }
  for (const Json& example : list_at(prompt.body, "examples")) {
    put_template(out, "example input", text_at(example, "input"));
    put_template(out, "example output", text_at(example, "output"));
  }
  return out;
}

Result<PromptFile> read_prompt_file(std::string_view text, const std::string& file) {
  // A template may begin with a value or a block of its own.
  const bool braced = text.starts_with("{{") || text.starts_with("{%") || text.starts_with("{#");
  if (text.starts_with("{") && !braced) return read_json_file(text, file);
  return FileReader(text, file).read();
}

PromptFile prompt_file_of(const Json& version) {
  PromptFile prompt;
  prompt.name = text_at(version, "name");
  prompt.stored_at = text_at(version, "stored_at");
  prompt.body = Json::Object{};
  for (const char* key : {"version", "kind", "labels", "tags", "description", "variables", "config",
                          "metadata", "messages", "examples"}) {
    const Json* value = version.find(key);
    if (value == nullptr || (value->is_array() && value->if_array()->empty())) continue;
    prompt.body.add(key, *value);
  }
  return prompt;
}

}  // namespace hansard::cli
