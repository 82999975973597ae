#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "events/json.h"

/// What a template is made of.
namespace hansard::events::prompt {

struct Place {
  std::uint32_t line = 1;
  std::uint32_t column = 1;  ///< in characters
};

/// "line 2, column 7: what".
core::Error at(Place place, const std::string& what,
               core::Errc code = core::Errc::invalid_argument);

enum class Operator : std::uint8_t {
  literal,   ///< `value`
  path,      ///< `name`, then each operand is a key (text) or an index (number)
  defined,   ///< of one path
  negation,  ///< of one operand, like the others of two
  conjunction,
  disjunction,
  equal,
  unequal,
  less,
  at_most,
  greater,
  at_least,
  contained,
  helper,  ///< `name` of the first operand, with the others as its arguments
};

struct Expression {
  Operator operation = Operator::literal;
  Place place;
  Json value;
  std::string name;
  std::vector<Expression> operands;
};

struct Node;
using Nodes = std::vector<Node>;

struct Branch {
  Expression condition;
  Nodes body;
};

struct Node {
  enum class Kind : std::uint8_t { text, output, choice, loop };
  Kind kind = Kind::text;
  Place place;
  std::string text;              ///< of a text; of a loop the name of its variable
  Expression expression;         ///< of an output; what a loop goes through
  std::vector<Branch> branches;  ///< of a choice, in order
  Nodes body;                    ///< of a loop
  Nodes otherwise;               ///< of a choice or loop
};

/// The names of helpers, with how many arguments they take.
struct HelperShape {
  std::string_view name;
  std::size_t arguments_min;
  std::size_t arguments_max;
};
const HelperShape* helper_shape(std::string_view name);

/// Reads the source. Errors: as `Template::parse`.
core::Result<Nodes> parse_nodes(std::string_view source);

}  // namespace hansard::events::prompt
