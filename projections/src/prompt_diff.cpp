#include "projections/prompt_diff.h"

#include <algorithm>
#include <utility>

#include "events/prompt/commands.h"

namespace hansard::projections {
namespace {

using events::Json;
using events::PromptBody;
using events::PromptMessage;
using Kind = PromptChange::Kind;

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

void put(std::vector<std::string>& out, std::string_view mark, std::string_view line) {
  out.push_back(std::string(mark) + std::string(line));
}

/// The longest lines in common stay, in order.
std::vector<std::string> diff_lines(std::string_view before, std::string_view after) {
  const auto a = lines_of(before);
  const auto b = lines_of(after);
  std::vector<std::string> out;
  if (a.size() + b.size() > kPromptDiffLinesMax) {
    for (const auto line : a) put(out, "- ", line);
    for (const auto line : b) put(out, "+ ", line);
    return out;
  }
  const std::size_t width = b.size() + 1;
  std::vector<std::uint16_t> common((a.size() + 1) * width, 0);  // of what follows i and k
  for (std::size_t i = a.size(); i-- > 0;) {
    for (std::size_t k = b.size(); k-- > 0;) {
      common[i * width + k] =
          a[i] == b[k] ? static_cast<std::uint16_t>(common[(i + 1) * width + k + 1] + 1)
                       : std::max(common[(i + 1) * width + k], common[i * width + k + 1]);
    }
  }
  std::size_t i = 0;
  std::size_t k = 0;
  while (i < a.size() || k < b.size()) {
    if (i < a.size() && k < b.size() && a[i] == b[k]) {
      put(out, "  ", a[i++]);
      ++k;
    } else if (k == b.size() ||
               (i < a.size() && common[(i + 1) * width + k] >= common[i * width + k + 1])) {
      put(out, "- ", a[i++]);
    } else {
      put(out, "+ ", b[k++]);
    }
  }
  return out;
}

class Comparison {
 public:
  std::vector<PromptChange> changes;

  void text(const std::string& where, const std::string* before, const std::string* after) {
    if (before != nullptr && after != nullptr && *before == *after) return;
    PromptChange change{kind_of(before != nullptr, after != nullptr), where, {}, {}, {}};
    if (before != nullptr && after != nullptr) {
      change.lines = diff_lines(*before, *after);
    } else {
      for (const auto line : lines_of(before != nullptr ? *before : *after)) {
        put(change.lines, before != nullptr ? "- " : "+ ", line);
      }
    }
    changes.push_back(std::move(change));
  }

  /// Objects member by member, anything else as a whole.
  void value(const std::string& where, const Json* before, const Json* after) {
    if (before != nullptr && after != nullptr) {
      if (same_tree(*before, *after)) return;
      if (before->is_object() && after->is_object()) return members(where, *before, *after);
    }
    PromptChange change{kind_of(before != nullptr, after != nullptr), where, {}, {}, {}};
    if (before != nullptr) change.before = *before;
    if (after != nullptr) change.after = *after;
    changes.push_back(std::move(change));
  }

 private:
  static Kind kind_of(bool before, bool after) {
    return !before ? Kind::added : (after ? Kind::changed : Kind::removed);
  }
  void members(const std::string& where, const Json& before, const Json& after) {
    for (const Json::Member& member : *before.if_object()) {
      value(events::join_path(where, member.key), &member.value, after.find(member.key));
    }
    for (const Json::Member& member : *after.if_object()) {
      if (before.find(member.key) != nullptr) continue;
      value(events::join_path(where, member.key), nullptr, &member.value);
    }
  }
};

/// Messages under what they are found by, in order.
using Named = std::vector<std::pair<std::string, const PromptMessage*>>;

Named named(const PromptBody& body) {
  Named out;
  std::size_t place = 0;
  for (const PromptMessage& message : body.messages) {
    out.emplace_back(
        "messages[" + (message.section ? *message.section : std::to_string(place)) + "]", &message);
    if (!message.section) ++place;
  }
  return out;
}

const PromptMessage* find(const Named& all, const std::string& name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.first == name; });
  return found == all.end() ? nullptr : found->second;
}

void compare_messages(const PromptBody& from, const PromptBody& to, Comparison& comparison) {
  const Named before = named(from);
  const Named after = named(to);
  std::vector<std::string> kept_before;
  std::vector<std::string> kept_after;
  for (const auto& [name, message] : before) {
    const PromptMessage* other = find(after, name);
    if (other != nullptr) {
      kept_before.push_back(name);
      const Json role(to_word(message->role));
      const Json new_role(to_word(other->role));
      comparison.value(name + ".role", &role, &new_role);
    }
    comparison.text(name + ".content", &message->content,
                    other != nullptr ? &other->content : nullptr);
  }
  for (const auto& [name, message] : after) {
    if (find(before, name) != nullptr) {
      kept_after.push_back(name);
    } else {
      comparison.text(name + ".content", nullptr, &message->content);
    }
  }
  if (kept_before == kept_after) return;
  const auto list = [](const std::vector<std::string>& names) {
    Json json = Json::Array{};
    for (const std::string& name : names) json.push(name);
    return json;
  };
  const Json order = list(kept_before);
  const Json new_order = list(kept_after);
  comparison.value("messages", &order, &new_order);
}

/// `variables` as an object by name.
Json by_name(const Json& body) {
  Json out = Json::Object{};
  const Json* list = body.find("variables");
  if (list == nullptr) return out;
  for (Json variable : *list->if_array()) {
    std::string name = *variable.find("name")->if_string();
    std::erase_if(*variable.if_object(), [](const auto& member) { return member.key == "name"; });
    out.add(std::move(name), std::move(variable));
  }
  return out;
}

}  // namespace

std::vector<PromptChange> diff_prompts(const PromptBody& from, const PromptBody& to) {
  Comparison comparison;
  const Json before = events::to_json(from);
  const Json after = events::to_json(to);
  comparison.value("kind", before.find("kind"), after.find("kind"));
  compare_messages(from, to, comparison);
  const Json variables = by_name(before);
  const Json new_variables = by_name(after);
  comparison.value("variables", &variables, &new_variables);
  for (std::size_t i = 0; i < std::max(from.examples.size(), to.examples.size()); ++i) {
    const auto* a = i < from.examples.size() ? &from.examples[i] : nullptr;
    const auto* b = i < to.examples.size() ? &to.examples[i] : nullptr;
    const std::string where = events::join_path("examples", i);
    comparison.text(where + ".input", a != nullptr ? &a->input : nullptr,
                    b != nullptr ? &b->input : nullptr);
    comparison.text(where + ".output", a != nullptr ? &a->output : nullptr,
                    b != nullptr ? &b->output : nullptr);
  }
  if (from.config || to.config) {
    comparison.value("config", from.config ? &*from.config : nullptr,
                     to.config ? &*to.config : nullptr);
  }
  return std::move(comparison.changes);
}

std::string_view to_word(PromptChange::Kind kind) {
  switch (kind) {
    case Kind::added:
      return "added";
    case Kind::removed:
      return "removed";
    case Kind::changed:
      break;
  }
  return "changed";
}

}  // namespace hansard::projections
