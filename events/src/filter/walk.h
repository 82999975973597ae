#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "events/json.h"
#include "events/session/facts.h"
#include "filter/removed.h"
#include "filter/rules.h"
#include "session/fields.h"

namespace hansard::events {

/// Goes over what one command or event says, and takes out what the rules of its project ask for.
/// For one command, on one thread; what it was made with outlives it.
class Filter::Walk {
 public:
  /// Where each rule's path stands; rules without one have no place.
  using Paths = std::vector<JsonPath::State>;

  /// @param with_paths  rules with a path are asked, too
  Walk(const Parts& parts, const core::ProjectId& project, bool with_paths);

  [[nodiscard]] Paths start() const;
  [[nodiscard]] Paths member(const Paths& at, std::string_view name) const;
  [[nodiscard]] Paths element(const Paths& at, std::size_t index) const;

  // ---- facts ----

  /// Something that names: it is replaced as a whole, the same everywhere. @return whether it was
  bool id(std::string& text);
  /// It would be.
  [[nodiscard]] bool is_odd(std::string_view text) const { return id_rule(text).has_value(); }

  template <class T>
  void fact(T& value) {
    if constexpr (fields::kIsOptional<T>) {
      if (value) fact(*value);
    } else if constexpr (std::is_same_v<T, std::string>) {
      id(value);
    } else if constexpr (std::is_same_v<T, PromptVersion>) {
      id(value.text);
    } else if constexpr (std::is_same_v<T, Json>) {
      fact_tree(value);
    } else if constexpr (std::is_same_v<T, StringMap>) {
      for (auto& [key, text] : value) {
        id(key);
        id(text);
      }
    } else if constexpr (fields::Record<T>) {
      RecordWalk<T> walk{*this, value};
      T::fields(walk);
    } else if constexpr (fields::IsList<T>::value) {
      for (auto& each : value) fact(each);
    } else {
      static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>,
                    "a new kind of fact: say here what of it a client chooses");
    }
  }

  // ---- content ----

  template <class T>
  void content(T& value, std::string_view name, const Paths& at) {
    if constexpr (fields::kIsOptional<T>) {
      if (value) content(*value, name, at);
    } else if constexpr (std::is_same_v<T, std::string>) {
      this->text(value, name, at);
    } else if constexpr (std::is_same_v<T, Json>) {
      tree(value, name, at);
    } else if constexpr (std::is_same_v<T, MessageParts>) {
      for (std::size_t i = 0; i < value.size(); ++i) part(value[i].json, element(at, i));
    } else if constexpr (std::is_same_v<T, StringMap>) {
      for (auto& [key, text] : value) {
        const Paths here = member(at, key);
        this->text(text, key, here);
        id(key);
      }
    } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
      for (std::size_t i = 0; i < value.size(); ++i) this->text(value[i], name, element(at, i));
    } else {
      static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>,
                    "a new kind of content: say here where its texts are");
    }
  }

  /// A value of content, at any depth. @return whether it was changed
  bool tree(Json& value, std::string_view name, const Paths& at);
  /// What stands for a person, or what a tag says. @return whether it was replaced
  bool person(std::string& text, std::string_view name);

  /// What was counted since the last time, as an event says it.
  std::optional<Json> take_counts() { return counts_.take(); }
  /// Something was replaced that says so by itself.
  void changes() { noted_ = true; }
  [[nodiscard]] bool noted() const { return noted_; }
  [[nodiscard]] const core::ProjectId& project() const { return project_; }
  [[nodiscard]] const core::KeyedHash& keyed_hash() const { return parts_.keyed_hash; }

 private:
  using MessageParts = events::Parts;
  /// Bytes of a text that a rule takes out.
  struct Span {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t rule = 0;
  };

  template <class R>
  struct RecordWalk {
    Walk& walk;
    R& record;
    template <class T>
    void field(std::string_view, T R::*member) {
      walk.fact(record.*member);
    }
  };

  void note(std::size_t rule);
  void put_pseudonym(std::string& text, std::size_t rule);
  [[nodiscard]] std::string token_of(std::size_t rule) const {
    return filter::token(parts_.names[rule]);
  }
  [[nodiscard]] std::optional<std::size_t> id_rule(std::string_view text) const;
  [[nodiscard]] std::optional<std::size_t> number_rule(std::string_view lexeme,
                                                       std::string_view name) const;
  /// The rule without a pattern whose path leads here.
  [[nodiscard]] std::optional<std::size_t> reached(const Paths& at) const;
  /// Facts that are JSON: everything in them names or counts.
  void fact_tree(Json& value);
  /// A part of a message keeps its form.
  void part(Json& value, const Paths& at);
  bool text(std::string& text, std::string_view name, const Paths& at);
  /// No rule of one's own asks for more than ids here.
  [[nodiscard]] bool id_only(std::string_view text, const Paths& at) const;
  bool json_within(Json& parsed, std::string& text, const Paths& at);
  [[nodiscard]] std::vector<Span> spans_in(std::string_view text, std::string_view name,
                                           const Paths& at, bool detects = true) const;
  static void matches(const Parts::Own& own, std::string_view text, std::vector<Span>& spans);
  void replace(std::string& text, const std::vector<Span>& spans);

  const Parts& parts_;
  const core::ProjectId& project_;
  std::vector<const Parts::Own*> plain_;
  std::vector<const Parts::Own*> placed_;
  filter::RemovedCounts counts_;
  bool noted_ = false;
};

}  // namespace hansard::events
