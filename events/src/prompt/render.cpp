#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "events/prompt/template.h"
#include "prompt/helpers.h"
#include "prompt/syntax.h"

namespace hansard::events {

struct Template::Parsed {
  prompt::Nodes nodes;
  std::vector<std::string> variables;
};

namespace prompt {
namespace {

using core::Result;
using core::Status;

/// A value that is borrowed where it can be: a list may be large, and looked at in every turn.
class Held {
 public:
  Held(Json own) : own_(std::move(own)) {}             // NOLINT(google-explicit-constructor)
  Held(const Json* borrowed) : borrowed_(borrowed) {}  // NOLINT(google-explicit-constructor)
  const Json& operator*() const { return borrowed_ != nullptr ? *borrowed_ : own_; }

 private:
  Json own_;
  const Json* borrowed_ = nullptr;
};

/// What it costs to look at all of a value, in steps.
std::uint64_t weight(const Json& value) {
  constexpr std::size_t kBytesAStep = 64;
  std::uint64_t steps = 1;
  if (const auto* text = value.if_string()) steps += text->size() / kBytesAStep;
  if (const auto* number = value.if_number()) steps += number->lexeme.size() / kBytesAStep;
  if (const auto* list = value.if_array()) {
    for (const Json& element : *list) steps += weight(element);
  }
  if (const auto* object = value.if_object()) {
    for (const Json::Member& member : *object) steps += weight(member.value);
  }
  return steps;
}

/// What a loop adds to the names there are.
struct Turn {
  const std::string* name = nullptr;
  const Json* value = nullptr;
  Json loop;
};

/// One rendering.
class Rendering {
 public:
  explicit Rendering(const Json::Object& variables) {
    for (const Json::Member& variable : variables) {
      variables_.emplace(variable.key, &variable.value);
    }
  }

  Status print(const Nodes& nodes) {
    for (const Node& node : nodes) {
      if (auto status = step(node.place); !status) return status;
      if (auto status = print(node); !status) return status;
    }
    return core::Ok{};
  }
  std::string take() { return std::exchange(out_, {}); }
  void give(const std::string& name, const Json* value) { variables_[name] = value; }

 private:
  Status step(Place place, std::uint64_t steps = 1) {
    steps_ += steps;
    if (steps_ <= kRenderStepsMax) return core::Ok{};
    return at(place,
              "the template goes on for more than " + std::to_string(kRenderStepsMax) + " steps",
              core::Errc::too_large);
  }

  Status write(Place place, std::string_view text) {
    if (text.size() > kRenderedBytesMax - bytes_) {
      return at(place, "the text is longer than " + std::to_string(kRenderedBytesMax) + " bytes",
                core::Errc::too_large);
    }
    bytes_ += text.size();
    out_ += text;
    return core::Ok{};
  }

  Status print(const Node& node) {
    switch (node.kind) {
      case Node::Kind::text:
        return write(node.place, node.text);
      case Node::Kind::output: {
        const auto value = evaluate(node.expression);
        if (!value) return value.error();
        return write(node.place, printed(**value));
      }
      case Node::Kind::choice:
        for (const Branch& branch : node.branches) {
          const auto holds = evaluate(branch.condition);
          if (!holds) return holds.error();
          if (truthy(**holds)) return print(branch.body);
        }
        return print(node.otherwise);
      case Node::Kind::loop:
        return print_loop(node);
    }
    return core::Ok{};
  }

  Status print_loop(const Node& node) {
    const auto over = evaluate(node.expression);
    if (!over) return over.error();
    const Json::Array* list = (**over).if_array();
    if (list == nullptr) {
      return at(node.expression.place,
                "a list is expected, this is " + std::string(describe((**over).kind())));
    }
    if (list->empty()) return print(node.otherwise);
    turns_.emplace_back();
    for (std::size_t i = 0; i < list->size(); ++i) {
      Json loop = Json::Object{};
      loop.add("index", i + 1);
      loop.add("first", i == 0);
      loop.add("last", i + 1 == list->size());
      turns_.back() = {&node.text, &(*list)[i], std::move(loop)};
      if (auto status = step(node.place); !status) return status;
      if (auto status = print(node.body); !status) return status;
    }
    turns_.pop_back();
    return core::Ok{};
  }

  /// The value behind a path's first name, or nullptr.
  [[nodiscard]] const Json* named(const std::string& name) const {
    for (auto turn = turns_.rbegin(); turn != turns_.rend(); ++turn) {
      if (name == "loop") return &turn->loop;
      if (name == *turn->name) return turn->value;
    }
    const auto found = variables_.find(name);
    return found == variables_.end() ? nullptr : found->second;
  }

  /// The value at the end of a path; nullptr when it is not given.
  Result<const Json*> look_up(const Expression& path) {
    const Json* value = named(path.name);
    for (const Expression& operand : path.operands) {
      if (value == nullptr) return value;
      const auto key = evaluate(operand);
      if (!key) return key.error();
      if (const std::string* name = (**key).if_string()) {
        if (const auto* object = value->if_object()) {
          if (auto status = step(operand.place, object->size() / 16); !status)
            return status.error();
        }
        value = value->find(*name);
        continue;
      }
      const Json::Array* list = value->if_array();
      const auto index = (**key).as_uint("");
      if (!index) {
        return at(operand.place, "a key is a text or a whole number from 0");
      }
      value = list != nullptr && *index < list->size() ? &(*list)[*index] : nullptr;
    }
    return value;
  }

  Result<Held> evaluate(const Expression& expression) {
    if (auto status = step(expression.place); !status) return status.error();
    switch (expression.operation) {
      case Operator::literal:
        return Held(&expression.value);
      case Operator::path: {
        const auto value = look_up(expression);
        if (!value) return value.error();
        if (*value == nullptr) {
          return at(expression.place, "`" + text_of(expression) + "` is not given");
        }
        return Held(*value);
      }
      case Operator::defined: {
        const auto value = look_up(expression.operands[0]);
        if (!value) return value.error();
        return Held(Json(*value != nullptr));
      }
      case Operator::negation: {
        const auto value = evaluate(expression.operands[0]);
        if (!value) return value;
        return Held(Json(!truthy(**value)));
      }
      case Operator::conjunction:
      case Operator::disjunction:
        return evaluate_chain(expression);
      case Operator::helper:
        if (expression.name == "default") return evaluate_default(expression);
        return evaluate_helper(expression);
      default:
        return compare(expression);
    }
  }

  /// The first value that settles it, else the last.
  Result<Held> evaluate_chain(const Expression& expression) {
    const bool settles = expression.operation == Operator::disjunction;
    for (std::size_t i = 0;; ++i) {
      auto value = evaluate(expression.operands[i]);
      const bool last = i + 1 == expression.operands.size();
      if (!value || last || truthy(**value) == settles) return value;
    }
  }

  Result<Held> evaluate_default(const Expression& expression) {
    const Expression& of = expression.operands[0];
    if (of.operation == Operator::path) {
      const auto value = look_up(of);
      if (!value) return value.error();
      if (*value != nullptr && !(*value)->is_null()) return Held(*value);
    } else {
      auto value = evaluate(of);
      if (!value || !(**value).is_null()) return value;
    }
    return evaluate(expression.operands[1]);
  }

  Result<Held> evaluate_helper(const Expression& expression) {
    const auto value = evaluate(expression.operands[0]);
    if (!value) return value;
    std::uint64_t cost = weight(**value);
    Json::Array arguments;
    for (std::size_t i = 1; i < expression.operands.size(); ++i) {
      const auto argument = evaluate(expression.operands[i]);
      if (!argument) return argument;
      cost += weight(**argument);
      arguments.push_back(**argument);
    }
    if (auto status = step(expression.place, cost); !status) return status.error();
    auto result = apply_helper(expression.name, expression.place, **value, arguments);
    if (!result) return std::move(result.error());
    if (auto status = step(expression.place, weight(*result)); !status) return status.error();
    return Held(*std::move(result));
  }

  Result<Held> compare(const Expression& expression) {
    const auto left = evaluate(expression.operands[0]);
    if (!left) return left;
    const auto right = evaluate(expression.operands[1]);
    if (!right) return right;
    const Json& a = **left;
    const Json& b = **right;
    if (auto status = step(expression.place, weight(a) + weight(b)); !status) return status.error();
    auto holds = expression.operation == Operator::equal       ? Result<Json>(equal(a, b))
                 : expression.operation == Operator::unequal   ? Result<Json>(!equal(a, b))
                 : expression.operation == Operator::contained ? contained(expression.place, a, b)
                                                               : ordered(expression, a, b);
    if (!holds) return std::move(holds.error());
    return Held(*std::move(holds));
  }

  static Result<Json> contained(Place place, const Json& what, const Json& in) {
    if (const Json::Array* list = in.if_array()) {
      return Json(std::any_of(list->begin(), list->end(),
                              [&](const Json& element) { return equal(element, what); }));
    }
    const std::string* key = what.if_string();
    if (in.is_object() && key != nullptr) return Json(in.find(*key) != nullptr);
    if (in.is_string() && key != nullptr) {
      return Json(in.if_string()->find(*key) != std::string::npos);
    }
    return at(place, "`in` looks for a value in a list, a text in a text, a key in an object");
  }

  static Result<Json> ordered(const Expression& expression, const Json& left, const Json& right) {
    std::optional<int> order;
    if (left.is_number() && right.is_number()) {
      const auto a = left.as_double("");
      const auto b = right.as_double("");
      if (a && b) order = *a < *b ? -1 : (*a > *b ? 1 : 0);
    } else if (left.is_string() && right.is_string()) {
      order = left.if_string()->compare(*right.if_string());
    }
    if (!order) return at(expression.place, "only two numbers or two texts have an order");
    switch (expression.operation) {
      case Operator::less:
        return Json(*order < 0);
      case Operator::at_most:
        return Json(*order <= 0);
      case Operator::greater:
        return Json(*order > 0);
      default:
        return Json(*order >= 0);
    }
  }

  static std::string text_of(const Expression& path) {
    std::string text = path.name;
    for (const Expression& key : path.operands) {
      if (key.value.is_string()) text += "." + *key.value.if_string();
      if (!key.value.is_string()) text += "[" + printed(key.value) + "]";
    }
    return text;
  }

  std::unordered_map<std::string_view, const Json*> variables_;
  std::vector<Turn> turns_;
  std::uint64_t steps_ = 0;
  std::size_t bytes_ = 0;  ///< of everything printed
  std::string out_;
};

/// First names of paths that no loop around them gives.
class Names {
 public:
  void visit(const Nodes& nodes) {
    for (const Node& node : nodes) {
      visit(node.expression);
      for (const Branch& branch : node.branches) {
        visit(branch.condition);
        visit(branch.body);
      }
      if (node.kind == Node::Kind::loop) {
        given_.insert(given_.end(), {node.text, "loop"});
        visit(node.body);
        given_.resize(given_.size() - 2);
      }
      visit(node.otherwise);
    }
  }
  std::vector<std::string> take() { return std::move(names_); }

 private:
  void visit(const Expression& expression) {
    const auto known = [&](const std::vector<std::string>& names) {
      return std::find(names.begin(), names.end(), expression.name) != names.end();
    };
    if (expression.operation == Operator::path && !known(given_) && !known(names_)) {
      names_.push_back(expression.name);
    }
    for (const Expression& operand : expression.operands) visit(operand);
  }

  std::vector<std::string> given_;
  std::vector<std::string> names_;
};

}  // namespace
}  // namespace prompt

core::Result<Template> Template::parse(std::string_view source) {
  if (source.size() > kTemplateBytesMax) {
    return core::Error{core::Errc::too_large,
                       "a template has at most " + std::to_string(kTemplateBytesMax) + " bytes",
                       "template"};
  }
  auto nodes = prompt::parse_nodes(source);
  if (!nodes) return std::move(nodes.error());
  prompt::Names names;
  names.visit(*nodes);
  return Template(std::make_shared<const Parsed>(Parsed{*std::move(nodes), names.take()}));
}

core::Result<std::string> Template::render(const Json::Object& variables) const {
  prompt::Rendering rendering(variables);
  if (auto status = rendering.print(parsed_->nodes); !status) return std::move(status.error());
  return rendering.take();
}

const std::vector<std::string>& Template::variables() const { return parsed_->variables; }

struct TemplateRenderer::State {
  prompt::Rendering rendering;
};

TemplateRenderer::TemplateRenderer(const Json::Object& variables)
    : state_(std::make_unique<State>(State{prompt::Rendering(variables)})) {}
TemplateRenderer::~TemplateRenderer() = default;

void TemplateRenderer::give(const std::string& name, const Json* value) {
  state_->rendering.give(name, value);
}

core::Result<std::string> TemplateRenderer::render(const Template& text) {
  if (auto status = state_->rendering.print(text.parsed_->nodes); !status) {
    return std::move(status.error());
  }
  return state_->rendering.take();
}

}  // namespace hansard::events
