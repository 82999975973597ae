#include "events/filter/path.h"

#include "events/json.h"

namespace hansard::events {
namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || static_cast<unsigned char>(c) >= 0x80;
}

core::Error wrong(std::string_view field, std::size_t at, std::string_view expected) {
  return bad_field(
      field, "is no path: expected " + std::string(expected) + " at byte " + std::to_string(at));
}

}  // namespace

core::Result<JsonPath> JsonPath::parse(std::string_view text, std::string_view field) {
  JsonPath path;
  if (text.empty()) return bad_field(field, "must not be empty");
  if (text.size() > kBytesMax) {
    return bad_field(field, "is longer than " + std::to_string(kBytesMax) + " bytes");
  }
  std::size_t at = 0;
  while (at < text.size()) {
    Step step;
    if (text[at] == '[') {
      ++at;
      if (at < text.size() && text[at] == '"') {
        const std::size_t end = text.find('"', at + 1);
        if (end == std::string_view::npos) return wrong(field, text.size(), "a closing quote");
        step.name = text.substr(at + 1, end - at - 1);
        at = end + 1;
      } else if (at < text.size() && text[at] == '*') {
        step.kind = Step::Kind::any_element;
        ++at;
      } else {
        step.kind = Step::Kind::index;
        constexpr std::size_t kDigitsMax = 9;
        const std::size_t first = at;
        while (at < text.size() && text[at] >= '0' && text[at] <= '9' && at - first < kDigitsMax) {
          step.index = step.index * 10 + static_cast<std::size_t>(text[at++] - '0');
        }
        if (at == first) return wrong(field, at, "*, a number or a quoted name");
      }
      if (at >= text.size() || text[at] != ']') return wrong(field, at, "]");
      ++at;
    } else {
      if (at > 0) {
        if (text[at] != '.') return wrong(field, at, ". or [");
        ++at;
      }
      const std::size_t first = at;
      if (text.substr(at, 2) == "**") {
        step.kind = Step::Kind::any_depth;
        at += 2;
      } else {
        while (at < text.size() && is_plain(text[at])) ++at;
        if (at == first) return wrong(field, at, "a name or **");
        step.name = text.substr(first, at - first);
      }
    }
    path.steps_.push_back(std::move(step));
    if (path.steps_.size() > kStepsMax) {
      return bad_field(field, "has more than " + std::to_string(kStepsMax) + " steps");
    }
  }
  if (path.steps_.back().kind == Step::Kind::any_depth) {
    return wrong(field, text.size(), "a name or an element after **");
  }
  return path;
}

JsonPath::State JsonPath::open(State at) const {
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if ((at >> i & 1U) != 0 && steps_[i].kind == Step::Kind::any_depth) at |= State{1} << (i + 1);
  }
  return at;
}

JsonPath::State JsonPath::member(State at, std::string_view name) const {
  State next = 0;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if ((at >> i & 1U) == 0) continue;
    if (steps_[i].kind == Step::Kind::any_depth) next |= State{1} << i;
    if (steps_[i].kind == Step::Kind::member && steps_[i].name == name) next |= State{1} << (i + 1);
  }
  return open(next);
}

JsonPath::State JsonPath::element(State at, std::size_t index) const {
  State next = 0;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if ((at >> i & 1U) == 0) continue;
    const Step& step = steps_[i];
    if (step.kind == Step::Kind::any_depth) next |= State{1} << i;
    if (step.kind == Step::Kind::any_element ||
        (step.kind == Step::Kind::index && step.index == index)) {
      next |= State{1} << (i + 1);
    }
  }
  return open(next);
}

}  // namespace hansard::events
