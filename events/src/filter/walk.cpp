// Over a command's facts and the JSON of its content.
#include "filter/walk.h"

#include <algorithm>

#include "events/session/ids.h"

namespace hansard::events {

namespace {

/// Numbers have no form of their own: only what their name says counts.
bool names_card(std::string_view name) {
  std::string word(name);
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return word.find("card") != std::string::npos || word == "pan" || word.starts_with("cc");
}

}  // namespace

Filter::Walk::Walk(const Parts& parts, const core::ProjectId& project, bool with_paths)
    : parts_(parts), project_(project) {
  for (const Parts::Own& own : parts_.own) {
    if (own.project && *own.project != project.text()) continue;
    if (!own.path) {
      plain_.push_back(&own);
    } else if (with_paths) {
      placed_.push_back(&own);
    }
  }
}

Filter::Walk::Paths Filter::Walk::start() const {
  Paths paths;
  for (const auto* own : placed_) paths.push_back(own->path->start());
  return paths;
}
Filter::Walk::Paths Filter::Walk::member(const Paths& at, std::string_view name) const {
  Paths paths(at.size());
  for (std::size_t i = 0; i < at.size(); ++i) paths[i] = placed_[i]->path->member(at[i], name);
  return paths;
}
Filter::Walk::Paths Filter::Walk::element(const Paths& at, std::size_t index) const {
  Paths paths(at.size());
  for (std::size_t i = 0; i < at.size(); ++i) paths[i] = placed_[i]->path->element(at[i], index);
  return paths;
}

bool Filter::Walk::id(std::string& text) {
  const auto rule = id_rule(text);
  counts_.count_pseudonym(text);
  if (!rule) return false;
  put_pseudonym(text, *rule);
  return true;
}

bool Filter::Walk::tree(Json& value, std::string_view name, const Paths& at) {
  if (const auto rule = reached(at)) {
    if (const auto* text = value.if_string(); text != nullptr && filter::is_token(*text)) {
      counts_.count(*text);
      return false;
    }
    if (value.is_null()) return false;
    note(*rule);
    value = Json(token_of(*rule));
    counts_.count(*value.if_string());
    return true;
  }
  if (std::string* text = value.if_string()) return this->text(*text, name, at);
  if (const auto* number = value.if_number()) {
    const auto rule = number_rule(number->lexeme, name);
    if (!rule) return false;
    note(*rule);
    value = Json(token_of(*rule));
    counts_.count(*value.if_string());
    return true;
  }
  bool changed = false;
  if (auto* array = value.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i) {
      changed = tree((*array)[i], name, element(at, i)) || changed;
    }
  } else if (auto* object = value.if_object()) {
    for (Json::Member& each : *object) {
      changed = tree(each.value, each.key, member(at, each.key)) || changed;
      changed = id(each.key) || changed;
    }
  }
  return changed;
}

bool Filter::Walk::person(std::string& text, std::string_view name) {
  std::optional<std::size_t> rule = id_rule(text);
  if (!rule && !is_pseudonym(text)) {
    const auto hits = detect(text, parts_.detectors, name);
    if (!hits.empty()) rule = parts_.rule_of(hits.front().what);
  }
  counts_.count_pseudonym(text);
  if (!rule) return false;
  put_pseudonym(text, *rule);
  return true;
}

std::optional<std::size_t> Filter::Walk::id_rule(std::string_view text) const {
  if (parts_.detectors.has(Detector::key) && key_form_in(text))
    return parts_.rule_of(Detector::key);
  if (parts_.detectors.has(Detector::email) && email_form_in(text)) {
    return parts_.rule_of(Detector::email);
  }
  // What has spaces is no identifier, whatever stands where one belongs; digits alone may be one.
  if (text.find(' ') == std::string_view::npos) return std::nullopt;
  const auto hits = detect(text, parts_.detectors, "");
  if (hits.empty()) return std::nullopt;
  return parts_.rule_of(hits.front().what);
}

std::optional<std::size_t> Filter::Walk::number_rule(std::string_view lexeme,
                                                     std::string_view name) const {
  constexpr std::size_t kLeast = 6;
  if (lexeme.size() < kLeast || name.empty() ||
      lexeme.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  for (const Hit& hit : detect(lexeme, parts_.detectors, name)) {
    if (hit.what != Detector::card || names_card(name)) return parts_.rule_of(hit.what);
  }
  return std::nullopt;
}

std::optional<std::size_t> Filter::Walk::reached(const Paths& at) const {
  for (std::size_t i = 0; i < at.size(); ++i) {
    if (!placed_[i]->pattern && placed_[i]->path->reached(at[i])) return placed_[i]->rule;
  }
  return std::nullopt;
}

void Filter::Walk::fact_tree(Json& value) {
  if (std::string* text = value.if_string()) {
    id(*text);
  } else if (auto* array = value.if_array()) {
    for (Json& each : *array) fact_tree(each);
  } else if (auto* object = value.if_object()) {
    for (Json::Member& each : *object) {
      id(each.key);
      fact_tree(each.value);
    }
  }
}

void Filter::Walk::part(Json& value, const Paths& at) {
  auto* object = value.if_object();
  if (object == nullptr) return;
  if (const auto rule = reached(at)) {
    if (const Json* text = value.find("text");
        text != nullptr && text->is_string() && filter::is_token(*text->if_string())) {
      return counts_.count(*text->if_string());
    }
    note(*rule);
    value = Part::make_text(token_of(*rule)).json;
    return counts_.count(*value.find("text")->if_string());
  }
  for (Json::Member& each : *object) {
    if (std::string* type = each.key == "type" ? each.value.if_string() : nullptr) {
      id(*type);
      continue;
    }
    if (each.key == "text" || each.key == "tool_call_id") {
      // Must stay a text.
      if (std::string* text = each.value.if_string()) {
        this->text(*text, each.key, member(at, each.key));
        continue;
      }
    }
    tree(each.value, each.key, member(at, each.key));
    id(each.key);
  }
}

void Filter::Walk::note(std::size_t rule) {
  parts_.counts[rule].fetch_add(1, std::memory_order_relaxed);
  noted_ = true;
}

void Filter::Walk::put_pseudonym(std::string& text, std::size_t rule) {
  note(rule);
  text = pseudonym(parts_.names[rule], project_, text, parts_.keyed_hash);
  counts_.count_pseudonym(text);
}

}  // namespace hansard::events
