#include "targets.h"

#include <algorithm>
#include <array>

#include "events/json.h"
#include "retry.h"

namespace hansard::gateway {

namespace {

/// The value of a member at the top of a JSON text: where it begins and ends.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

/// Steps over a JSON text that is known to be one.
class Walk {
 public:
  explicit Walk(std::string_view text) : text_(text) {}

  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos) ++at_;
  }
  [[nodiscard]] bool take(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  /// The next value, whatever it is.
  Span value() {
    skip_space();
    Span span{at_, at_};
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (depth == 0 && (c == ',' || c == '}' || c == ']')) break;
      if (c == '"') {
        skip_string();
      } else {
        ++at_;
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') --depth;
      }
      if (depth == 0 && (c == '"' || c == '}' || c == ']')) break;
    }
    span.end = at_;
    return span;
  }

 private:
  void skip_string() {
    ++at_;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    ++at_;
    at_ = std::min(at_, text_.size());
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

const Target* draw_target(std::span<const Target> targets, std::uint64_t drawn) {
  std::uint64_t all = 0;
  for (const Target& target : targets) all += target.weight;
  std::uint64_t at = scaled(drawn, all);
  for (const Target& target : targets) {
    if (at < target.weight) return &target;
    at -= target.weight;
  }
  return nullptr;
}

std::vector<Target> plan_of(const RouteOptions& route, const std::string& name,
                            std::uint64_t drawn) {
  std::vector<Target> plan;
  if (route.targets.empty()) {
    plan.push_back(Target{name, {}, {}, 1});
  } else if (const Target* target = draw_target(route.targets, drawn)) {
    plan.push_back(*target);
  }
  plan.insert(plan.end(), route.fallbacks.begin(), route.fallbacks.end());
  return plan;
}

std::string keyholder_of(const RouteOptions& route, const std::string& name) {
  const auto named = [&](const Target& target) { return target.provider == name; };
  if (route.targets.empty() || std::any_of(route.targets.begin(), route.targets.end(), named)) {
    return name;
  }
  return route.targets.front().provider;
}

void drop_keys(Fields& fields) {
  constexpr std::array<std::string_view, 4> kNames{"authorization", "x-api-key", "api-key",
                                                   "x-goog-api-key"};
  std::erase_if(fields, [&](const core::HttpField& field) {
    return std::any_of(kNames.begin(), kNames.end(), [&](std::string_view name) {
      return find_field({field}, name).has_value();
    });
  });
}

std::optional<std::string> with_model(std::string_view body, std::string_view model) {
  if (!events::check_json(body)) return {};
  std::string quoted;
  events::dump_string_to(std::string(model), quoted);
  std::string out;
  std::size_t copied = 0;
  Walk walk(body);
  if (!walk.take('{')) return {};
  do {
    const Span name = walk.value();
    if (!walk.take(':')) break;
    const Span value = walk.value();
    // Where the name comes twice, who reads the body decides which counts.
    if (body.substr(name.begin, name.end - name.begin) != "\"model\"") continue;
    out.append(body, copied, value.begin - copied);
    out += quoted;
    copied = value.end;
  } while (walk.take(','));
  if (copied == 0) return {};
  out.append(body, copied);
  return out;
}

}  // namespace hansard::gateway
