#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "events/json.h"

namespace hansard::events {

// Bounds of one template and of one rendering.
inline constexpr std::size_t kTemplateBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kTemplateNestingMax = 32;  ///< of blocks, and of an expression
inline constexpr std::size_t kRenderedBytesMax = std::size_t{4} << 20;
/// Pieces of text, values and turns of loops that one rendering goes through.
inline constexpr std::uint64_t kRenderStepsMax = 1'000'000;

/// A text with places for values. It can say nothing but text: no code, no files, no clock.
///
///   {{ user.name | default("you") | upper }}      a value, through helpers
///   {% if lines | length > 3 and not brief %} ... {% elif x == "a" %} ... {% else %} ... {% endif
///   %}
///   {% for item in items %}{{ loop.index }}. {{ item }}{% else %}none{% endfor %}
///   {# left out #}    {%- -%}, {{- -}}: without the white space beside it
///
/// Expressions: paths (`a.b[0].c`), texts in either quotes, numbers, true, false, null; `or`,
/// `and`, `not`, `== != < <= > >=`, `in`, `is defined`; helpers after `|`: default(x), upper,
/// lower, capitalize (letters of ASCII), trim, join(between), json, length, first, last, replace(a,
/// b), truncate(characters), indent(columns). `loop` has index (from 1), first, last. Empty texts,
/// lists and objects, 0, null and false count as false. Lists and objects print as JSON, null as
/// nothing. A value that is not given is an error unless `default` or `is defined` asks. Immutable;
/// copies share what was parsed. Thread-safe.
class Template {
 public:
  /// Errors: invalid_argument ("line 2, column 7: ..."), too_large; field `template`.
  static core::Result<Template> parse(std::string_view source);

  /// Errors: invalid_argument as above (not given, of the wrong kind), too_large (over a bound);
  /// field `template`. Cost: linear in what is printed and passed over, at most the bounds.
  [[nodiscard]] core::Result<std::string> render(const Json::Object& variables) const;

  /// First names of the paths that do not belong to a loop of the template, in order, each once.
  [[nodiscard]] const std::vector<std::string>& variables() const;

 private:
  friend class TemplateRenderer;
  struct Parsed;
  explicit Template(std::shared_ptr<const Parsed> parsed) : parsed_(std::move(parsed)) {}
  std::shared_ptr<const Parsed> parsed_;
};

/// Several templates with the same values, within the bounds of one rendering. Of no use after an
/// error. Confined to one thread.
class TemplateRenderer {
 public:
  /// `variables` outlive this and do not change.
  explicit TemplateRenderer(const Json::Object& variables);
  ~TemplateRenderer();
  TemplateRenderer(const TemplateRenderer&) = delete;
  TemplateRenderer& operator=(const TemplateRenderer&) = delete;

  /// One value more, in the place of another of that name. Both outlive this.
  void give(const std::string& name, const Json* value);
  /// Errors: as `Template::render`.
  core::Result<std::string> render(const Template& text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hansard::events
