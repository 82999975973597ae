#include "prompt/variables.h"

#include <algorithm>
#include <array>
#include <utility>

#include "events/session/facts.h"

namespace hansard::events::prompt {
namespace {

using core::Ok;
using core::Result;
using core::Status;

constexpr std::size_t kChoicesMax = 1'000;
constexpr std::size_t kShownMissing = 8;

/// Words that templates read otherwise, and the names that rendering itself gives.
constexpr std::array<std::string_view, 12> kTaken = {
    "true", "false", "null", "and", "or", "not", "in", "is", "defined", "if", "loop", "examples"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

std::size_t characters(std::string_view text) {
  constexpr unsigned kTop = 0xC0;
  constexpr unsigned kContinues = 0x80;
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & kTop) != kContinues;
  }));
}

bool is_whole(const Json& value) {
  const auto* number = value.if_number();
  return number != nullptr && number->lexeme.find_first_of(".eE") == std::string::npos;
}

std::string path_of(std::size_t variable) { return join_path("variables", variable); }

VariableType type_of(const PromptVariable& variable) {
  return variable.type.value_or(VariableType::any);
}

bool one_of_types(VariableType type, std::initializer_list<VariableType> types) {
  return type == VariableType::any || std::find(types.begin(), types.end(), type) != types.end();
}

std::string shortest(double value) { return dump(Json::number(value)); }

}  // namespace

bool is_variable_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxIdentifierBytes && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); }) &&
         std::find(kTaken.begin(), kTaken.end(), name) == kTaken.end();
}

bool Variables::required(const PromptVariable& variable) {
  return variable.required.value_or(!variable.default_value);
}

Result<Variables> Variables::of(std::vector<PromptVariable> declared) {
  if (declared.size() > kPromptVariablesMax) {
    return bad_field("variables", "at most " + std::to_string(kPromptVariablesMax));
  }
  Variables all;
  all.declared_ = std::move(declared);
  all.patterns_.resize(all.declared_.size());
  for (std::size_t i = 0; i < all.declared_.size(); ++i) {
    const PromptVariable& variable = all.declared_[i];
    const std::string path = path_of(i);
    if (!is_variable_name(variable.name)) {
      return bad_field(path + ".name",
                       "1 to 64 letters, digits or _, no digit first, no word of templates");
    }
    if (!all.by_name_.emplace(variable.name, i).second) {
      return bad_field(path + ".name", "the variable is declared twice");
    }
    if (variable.type == VariableType::other) return bad_field(path + ".type", "unknown type");
    if (variable.required == true && variable.default_value) {
      return bad_field(path + ".default", "a variable with a default is not required");
    }
    if (auto status = all.check_rule(i); !status) return std::move(status.error());
    if (!variable.default_value) continue;
    if (variable.default_value->is_null()) return bad_field(path + ".default", "must not be null");
    auto wrong = wrong_type(variable, *variable.default_value);
    if (!wrong) wrong = all.breaks_rule(i, *variable.default_value);
    if (wrong) return bad_field(path + ".default", *wrong);
  }
  return all;
}

Status Variables::check_rule(std::size_t variable) {
  if (!declared_[variable].rule) return Ok{};
  using Type = VariableType;
  const VariableRule& rule = *declared_[variable].rule;
  const Type type = type_of(declared_[variable]);
  const std::string path = path_of(variable) + ".rule";
  if ((rule.min || rule.max) && !one_of_types(type, {Type::integer, Type::number})) {
    return bad_field(path, "min and max are for numbers");
  }
  if ((rule.min_length || rule.max_length) && !one_of_types(type, {Type::text, Type::list})) {
    return bad_field(path, "min_length and max_length are for texts and lists");
  }
  if ((!rule.one_of.empty() || rule.pattern) && !one_of_types(type, {Type::text})) {
    return bad_field(path, "one_of and pattern are for texts");
  }
  if (rule.min && rule.max && *rule.min > *rule.max) {
    return bad_field(path + ".min", "is over max: no value would do");
  }
  if (rule.min_length && rule.max_length && *rule.min_length > *rule.max_length) {
    return bad_field(path + ".min_length", "is over max_length: no value would do");
  }
  if (rule.one_of.size() > kChoicesMax) {
    return bad_field(path + ".one_of", "at most " + std::to_string(kChoicesMax));
  }
  if (!rule.pattern) return Ok{};
  auto pattern = Pattern::compile(*rule.pattern, path + ".pattern");
  if (!pattern) return std::move(pattern.error());
  patterns_[variable] = *std::move(pattern);
  return Ok{};
}

std::optional<std::string> Variables::wrong_type(const PromptVariable& variable,
                                                 const Json& value) {
  const auto unless = [&](bool fine, std::string_view what) -> std::optional<std::string> {
    if (fine) return std::nullopt;
    return "expected " + std::string(what) + ", found " +
           (value.is_number() ? dump(value) : std::string(describe(value.kind())));
  };
  switch (type_of(variable)) {
    case VariableType::text:
      return unless(value.is_string(), "a text");
    case VariableType::integer:
      return unless(is_whole(value), "a whole number");
    case VariableType::number:
      return unless(value.is_number(), "a number");
    case VariableType::boolean:
      return unless(value.is_boolean(), "true or false");
    case VariableType::list:
      return unless(value.is_array(), "a list");
    case VariableType::object:
      return unless(value.is_object(), "an object");
    case VariableType::any:
    case VariableType::other:
      break;
  }
  return std::nullopt;
}

std::optional<std::string> Variables::breaks_rule(std::size_t variable, const Json& value) const {
  if (!declared_[variable].rule) return std::nullopt;
  const VariableRule& rule = *declared_[variable].rule;
  if (value.is_number() && (rule.min || rule.max)) {
    const auto number = value.as_double("");
    if (!number) return "is beyond every number that can be compared";
    if (rule.min && *number < *rule.min) return "is under " + shortest(*rule.min);
    if (rule.max && *number > *rule.max) return "is over " + shortest(*rule.max);
  }
  const std::string* text = value.if_string();
  const Json::Array* list = value.if_array();
  if ((text != nullptr || list != nullptr) && (rule.min_length || rule.max_length)) {
    const std::size_t length = text != nullptr ? characters(*text) : list->size();
    const std::string unit = text != nullptr ? " characters" : " elements";
    if (rule.min_length && length < *rule.min_length) {
      return "has " + std::to_string(length) + unit + ", fewer than " +
             std::to_string(*rule.min_length);
    }
    if (rule.max_length && length > *rule.max_length) {
      return "has " + std::to_string(length) + unit + ", more than " +
             std::to_string(*rule.max_length);
    }
  }
  if (text == nullptr) return std::nullopt;
  if (!rule.one_of.empty() &&
      std::find(rule.one_of.begin(), rule.one_of.end(), *text) == rule.one_of.end()) {
    return "is none of the texts that are allowed";
  }
  if (patterns_[variable] && !patterns_[variable]->matches(*text)) {
    return "does not match " + *rule.pattern;
  }
  return std::nullopt;
}

Result<Json::Object> Variables::complete(Json::Object given,
                                         const std::unordered_set<std::string_view>& used) const {
  std::vector<const Json*> values(declared_.size(), nullptr);
  std::unordered_set<std::string_view> seen;
  for (const Json::Member& member : given) {
    const std::string path = join_path("variables", member.key);
    if (!seen.insert(member.key).second) return bad_field(path, "is given twice");
    const auto found = by_name_.find(member.key);
    if (found == by_name_.end() && !used.contains(member.key)) {
      return bad_field(path, "the prompt has no such variable");
    }
    if (found != by_name_.end() && !member.value.is_null()) values[found->second] = &member.value;
  }

  std::string missing;
  std::size_t missing_count = 0;
  for (std::size_t i = 0; i < declared_.size(); ++i) {
    if (values[i] != nullptr || !required(declared_[i])) continue;
    if (++missing_count <= kShownMissing) {
      missing += (missing.empty() ? "" : ", ") + declared_[i].name;
    }
  }
  if (missing_count > kShownMissing) {
    missing += " and " + std::to_string(missing_count - kShownMissing) + " more";
  }
  if (missing_count > 0) {
    const std::string first = missing.substr(0, missing.find_first_of(", "));
    return core::Error{core::Errc::invalid_argument, "variables: missing " + missing,
                       missing_count == 1 ? join_path("variables", first) : "variables"};
  }
  for (std::size_t i = 0; i < declared_.size(); ++i) {
    if (values[i] == nullptr) continue;
    if (const auto wrong = wrong_type(declared_[i], *values[i])) {
      return bad_field(join_path("variables", declared_[i].name), *wrong);
    }
  }
  for (std::size_t i = 0; i < declared_.size(); ++i) {
    if (values[i] == nullptr) continue;
    if (const auto broken = breaks_rule(i, *values[i])) {
      return bad_field(join_path("variables", declared_[i].name), *broken);
    }
  }

  // A null that stands for "not given" goes where there is a default.
  std::erase_if(given, [&](const Json::Member& member) {
    const auto found = by_name_.find(member.key);
    return member.value.is_null() && found != by_name_.end() &&
           declared_[found->second].default_value;
  });
  for (std::size_t i = 0; i < declared_.size(); ++i) {
    const PromptVariable& variable = declared_[i];
    if (values[i] == nullptr && variable.default_value) {
      given.push_back({variable.name, *variable.default_value});
    }
  }
  return given;
}

}  // namespace hansard::events::prompt
