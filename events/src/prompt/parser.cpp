#include <algorithm>
#include <array>
#include <optional>

#include "events/prompt/template.h"
#include "prompt/lexer.h"
#include "prompt/syntax.h"

namespace hansard::events::prompt {

namespace {

using core::Result;

/// The tokens of one piece, read as an expression.
class ExpressionParser {
 public:
  explicit ExpressionParser(const std::vector<Token>& tokens, std::size_t from = 0)
      : tokens_(tokens), at_(from) {}

  /// An expression that goes on to the end of the piece.
  Result<Expression> whole() {
    auto expression = disjunction();
    if (!expression) return expression;
    if (here().kind != Token::Kind::end) {
      return at(here().place, "`" + here().text + "` is not expected here");
    }
    return expression;
  }

 private:
  [[nodiscard]] const Token& here() const { return tokens_[at_]; }
  [[nodiscard]] bool sign(std::string_view text) const {
    return here().kind == Token::Kind::sign && here().text == text;
  }
  [[nodiscard]] bool word(std::string_view text) const {
    return here().kind == Token::Kind::name && here().text == text;
  }

  /// Of what nests: the parser goes as deep as the expression does.
  class Deeper {
   public:
    explicit Deeper(std::size_t& depth) : depth_(depth) { ++depth_; }
    ~Deeper() { --depth_; }
    Deeper(const Deeper&) = delete;
    Deeper& operator=(const Deeper&) = delete;

   private:
    std::size_t& depth_;
  };

  static Expression two(Operator operation, Place place, Expression left, Expression right) {
    Expression both;
    both.operation = operation;
    both.place = place;
    both.operands.push_back(std::move(left));
    both.operands.push_back(std::move(right));
    return both;
  }

  Result<Expression> disjunction() {
    const Deeper deeper(depth_);
    if (depth_ > kTemplateNestingMax) {
      return at(here().place,
                "the expression nests deeper than " + std::to_string(kTemplateNestingMax),
                core::Errc::too_large);
    }
    return chain("or", Operator::disjunction, &ExpressionParser::conjunction);
  }
  Result<Expression> conjunction() {
    return chain("and", Operator::conjunction, &ExpressionParser::negation);
  }

  /// `a or b or c`, as deep as one: the operands of one operator.
  Result<Expression> chain(std::string_view name, Operator operation,
                           Result<Expression> (ExpressionParser::*part)()) {
    auto first = (this->*part)();
    if (!first || !word(name)) return first;
    Expression all;
    all.operation = operation;
    all.place = here().place;
    all.operands.push_back(*std::move(first));
    while (word(name)) {
      ++at_;
      auto next = (this->*part)();
      if (!next) return next;
      all.operands.push_back(*std::move(next));
    }
    return all;
  }

  Result<Expression> negation() {
    const Place place = here().place;
    std::size_t negations = 0;
    while (word("not")) {
      ++negations;
      ++at_;
    }
    auto operand = comparison();
    if (!operand || negations == 0) return operand;
    // Of many only one or two matter: whether their number is even, and that the value is a
    // boolean.
    Expression out = *std::move(operand);
    for (std::size_t i = 2 - negations % 2; i > 0; --i) out = negated(place, std::move(out));
    return out;
  }

  static Expression negated(Place place, Expression operand) {
    Expression out;
    out.operation = Operator::negation;
    out.place = place;
    out.operands.push_back(std::move(operand));
    return out;
  }

  std::optional<Operator> comparing() const {
    static constexpr std::array<std::pair<std::string_view, Operator>, 6> kSigns{
        {{"==", Operator::equal},
         {"!=", Operator::unequal},
         {"<", Operator::less},
         {"<=", Operator::at_most},
         {">", Operator::greater},
         {">=", Operator::at_least}}};
    if (word("in")) return Operator::contained;
    for (const auto& [text, operation] : kSigns) {
      if (sign(text)) return operation;
    }
    return std::nullopt;
  }

  Result<Expression> comparison() {
    auto left = piped();
    if (!left) return left;
    if (word("is")) return definedness(*std::move(left));
    const auto operation = comparing();
    if (!operation) return left;
    const Place place = here().place;
    ++at_;
    auto right = piped();
    if (!right) return right;
    if (comparing()) return at(here().place, "comparisons do not chain; use `and`");
    return two(*operation, place, *std::move(left), *std::move(right));
  }

  Result<Expression> definedness(Expression operand) {
    const Place place = here().place;
    ++at_;
    const bool turned = word("not");
    if (turned) ++at_;
    if (!word("defined"))
      return at(here().place, "only `is defined` and `is not defined` are known");
    ++at_;
    if (operand.operation != Operator::path) return at(operand.place, "only a path can be defined");
    Expression out;
    out.operation = Operator::defined;
    out.place = place;
    out.operands.push_back(std::move(operand));
    return turned ? negated(place, std::move(out)) : out;
  }

  Result<Expression> piped() {
    auto value = primary();
    for (std::size_t helpers = 0; value && sign("|"); ++helpers) {
      if (helpers == kTemplateNestingMax) {
        return at(here().place, "more than " + std::to_string(kTemplateNestingMax) + " helpers",
                  core::Errc::too_large);
      }
      ++at_;
      value = helper(*std::move(value));
    }
    return value;
  }

  Result<Expression> helper(Expression value) {
    const Token& name = here();
    if (name.kind != Token::Kind::name) return at(name.place, "a helper's name is expected");
    const HelperShape* shape = helper_shape(name.text);
    if (shape == nullptr) return at(name.place, "there is no helper `" + name.text + "`");
    Expression out;
    out.operation = Operator::helper;
    out.place = name.place;
    out.name = name.text;
    out.operands.push_back(std::move(value));
    ++at_;
    if (sign("(")) {
      if (auto read = arguments(out); !read) return std::move(read.error());
    }
    const std::size_t given = out.operands.size() - 1;
    if (given < shape->arguments_min || given > shape->arguments_max) {
      return at(out.place, "`" + out.name + "` takes " + std::to_string(shape->arguments_min) +
                               (shape->arguments_max == shape->arguments_min
                                    ? std::string()
                                    : " to " + std::to_string(shape->arguments_max)) +
                               " arguments, not " + std::to_string(given));
    }
    return out;
  }

  core::Status arguments(Expression& into) {
    ++at_;
    while (!sign(")")) {
      auto argument = disjunction();
      if (!argument) return std::move(argument.error());
      into.operands.push_back(*std::move(argument));
      if (sign(")")) break;
      if (!sign(",")) return at(here().place, "`,` or `)` is expected");
      ++at_;
    }
    ++at_;
    return core::Ok{};
  }

  Result<Expression> primary() {
    const Token& token = here();
    Expression out;
    out.place = token.place;
    switch (token.kind) {
      case Token::Kind::end:
        return at(token.place, "an expression is expected");
      case Token::Kind::text:
        out.value = token.text;
        ++at_;
        return out;
      case Token::Kind::number:
        out.value = Json::Number{token.text};
        ++at_;
        return out;
      case Token::Kind::name:
        return named(std::move(out));
      case Token::Kind::sign:
        break;
    }
    if (!sign("(")) return at(token.place, "`" + token.text + "` is not expected here");
    ++at_;
    auto inner = disjunction();
    if (!inner) return inner;
    if (!sign(")")) return at(here().place, "`)` is expected");
    ++at_;
    return inner;
  }

  Result<Expression> named(Expression out) {
    static constexpr std::array<std::string_view, 6> kReserved{"and", "or", "not",
                                                               "in",  "is", "defined"};
    const std::string& name = here().text;
    if (std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end()) {
      return at(here().place, "a value is expected before `" + name + "`");
    }
    if (name == "true" || name == "false" || name == "null") {
      if (name != "null") out.value = name == "true";
      ++at_;
      return out;
    }
    out.operation = Operator::path;
    out.name = name;
    ++at_;
    while (sign(".") || sign("[")) {
      if (out.operands.size() == kTemplateNestingMax) {
        return at(here().place, "the path is too long", core::Errc::too_large);
      }
      auto step = sign(".") ? member() : index();
      if (!step) return step;
      out.operands.push_back(*std::move(step));
    }
    return out;
  }

  Result<Expression> member() {
    ++at_;
    if (here().kind != Token::Kind::name) return at(here().place, "a name is expected after `.`");
    Expression key;
    key.place = here().place;
    key.value = here().text;
    ++at_;
    return key;
  }

  Result<Expression> index() {
    ++at_;
    auto key = disjunction();
    if (!key) return key;
    if (!sign("]")) return at(here().place, "`]` is expected");
    ++at_;
    return key;
  }

  const std::vector<Token>& tokens_;
  std::size_t at_;
  std::size_t depth_ = 0;
};

/// The pieces of a source, read as blocks in blocks.
class BlockParser {
 public:
  explicit BlockParser(std::vector<Piece> pieces) : pieces_(std::move(pieces)) {}

  Result<Nodes> run() {
    auto nodes = block(0);
    if (!nodes) return nodes;
    if (at_ < pieces_.size()) {
      return at(pieces_[at_].place, "`" + keyword() + "` ends nothing that was begun");
    }
    return nodes;
  }

 private:
  /// The first word of the statement here; empty where there is none.
  [[nodiscard]] std::string keyword() const {
    if (at_ >= pieces_.size() || pieces_[at_].kind != Piece::Kind::statement) return {};
    const Token& first = pieces_[at_].tokens.front();
    return first.kind == Token::Kind::name ? first.text : "?";
  }
  [[nodiscard]] bool ends_block() const {
    const std::string word = keyword();
    return word == "elif" || word == "else" || word == "endif" || word == "endfor";
  }

  Result<Nodes> block(std::size_t depth) {
    Nodes nodes;
    while (at_ < pieces_.size() && !ends_block()) {
      auto node = one(depth);
      if (!node) return std::move(node.error());
      nodes.push_back(*std::move(node));
    }
    return nodes;
  }

  Result<Node> one(std::size_t depth) {
    Piece& piece = pieces_[at_];
    Node node;
    node.place = piece.place;
    if (piece.kind == Piece::Kind::text) {
      node.text = std::move(piece.text);
      ++at_;
      return node;
    }
    if (piece.kind == Piece::Kind::output) {
      node.kind = Node::Kind::output;
      auto expression = ExpressionParser(piece.tokens).whole();
      if (!expression) return std::move(expression.error());
      node.expression = *std::move(expression);
      ++at_;
      return node;
    }
    if (depth == kTemplateNestingMax) {
      return at(piece.place, "blocks nest deeper than " + std::to_string(kTemplateNestingMax),
                core::Errc::too_large);
    }
    const std::string word = keyword();
    if (word == "if") return choice(std::move(node), depth);
    if (word == "for") return loop(std::move(node), depth);
    return at(piece.tokens.front().place, "`if` or `for` is expected");
  }

  Result<Node> choice(Node node, std::size_t depth) {
    node.kind = Node::Kind::choice;
    do {
      auto condition = ExpressionParser(pieces_[at_].tokens, 1).whole();
      if (!condition) return std::move(condition.error());
      ++at_;
      auto body = block(depth + 1);
      if (!body) return std::move(body.error());
      node.branches.push_back({*std::move(condition), *std::move(body)});
    } while (keyword() == "elif");
    return closed(std::move(node), "endif", depth);
  }

  Result<Node> loop(Node node, std::size_t depth) {
    node.kind = Node::Kind::loop;
    const std::vector<Token>& tokens = pieces_[at_].tokens;
    const bool named = tokens[1].kind == Token::Kind::name && tokens.size() > 3 &&
                       tokens[2].kind == Token::Kind::name && tokens[2].text == "in";
    if (!named) return at(tokens[1].place, "`for NAME in VALUE` is expected");
    node.text = tokens[1].text;
    auto over = ExpressionParser(tokens, 3).whole();
    if (!over) return std::move(over.error());
    node.expression = *std::move(over);
    ++at_;
    auto body = block(depth + 1);
    if (!body) return std::move(body.error());
    node.body = *std::move(body);
    return closed(std::move(node), "endfor", depth);
  }

  /// `else` and the end of what began with `node`.
  Result<Node> closed(Node node, std::string_view end, std::size_t depth) {
    if (keyword() == "else") {
      if (auto alone = bare(); !alone) return std::move(alone.error());
      auto otherwise = block(depth + 1);
      if (!otherwise) return std::move(otherwise.error());
      node.otherwise = *std::move(otherwise);
    }
    if (keyword() != end) {
      return at(node.place, "this has no `{% " + std::string(end) + " %}`" +
                                (at_ < pieces_.size() ? ", but `" + keyword() + "`" : ""));
    }
    if (auto alone = bare(); !alone) return std::move(alone.error());
    return node;
  }

  /// A word that stands by itself.
  core::Status bare() {
    const std::vector<Token>& tokens = pieces_[at_].tokens;
    if (tokens.size() > 2)
      return at(tokens[1].place, "nothing is expected after `" + tokens[0].text + "`");
    ++at_;
    return core::Ok{};
  }

  std::vector<Piece> pieces_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Nodes> parse_nodes(std::string_view source) {
  auto pieces = cut(source);
  if (!pieces) return std::move(pieces.error());
  return BlockParser(*std::move(pieces)).run();
}

}  // namespace hansard::events::prompt
