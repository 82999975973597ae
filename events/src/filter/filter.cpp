#include "events/filter/filter.h"

#include <algorithm>
#include <map>
#include <type_traits>

#include "events/assignment/facts.h"
#include "events/pattern.h"
#include "events/session/codec.h"
#include "events/session/ids.h"
#include "session/fields.h"

namespace hansard::events {
namespace {

using core::Ok;
using core::Result;
using core::Status;

constexpr std::string_view kToken = "[removed:";
constexpr std::size_t kRuleNameBytesMax = 32;
constexpr std::size_t kPathsMax = 16;
/// Of one pattern in one text; what follows is taken out whole.
constexpr std::size_t kMatchesMax = 10'000;
/// What was taken out may bring others to light; texts settle in two.
constexpr int kRoundsMax = 8;

bool is_rule_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

/// The end of what stands for something taken out, if that begins at `at`; otherwise `at`.
std::size_t token_end(std::string_view text, std::size_t at) {
  if (!text.substr(at).starts_with(kToken)) return at;
  std::size_t end = at + kToken.size();
  while (end < text.size() && is_rule_char(text[end])) ++end;
  const std::size_t size = end - at - kToken.size();
  return size > 0 && size <= kRuleNameBytesMax && end < text.size() && text[end] == ']' ? end + 1
                                                                                        : at;
}

struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t rule = 0;
};

/// A member with such a name holds an identifier.
bool names_id(std::string_view name) {
  return name == "id" || name.ends_with("_id") || name.ends_with("Id");
}

/// Numbers have no form of their own: only what their name says counts.
bool names_card(std::string_view name) {
  std::string word(name);
  std::transform(word.begin(), word.end(), word.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return word.find("card") != std::string::npos || word == "pan" || word.starts_with("cc");
}

bool looks_like_json(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
}

}  // namespace

struct Filter::Parts {
  struct Own {
    std::size_t rule = 0;  ///< its place among the names
    std::optional<Pattern> pattern;
    std::optional<JsonPath> path;
    std::optional<std::string> project;
  };
  explicit Parts(const core::KeyedHash& hash) : keyed_hash(hash) {}

  const core::KeyedHash& keyed_hash;
  Detectors detectors;
  std::vector<std::string> names;  ///< of the detectors that run, then of one's own rules
  std::array<std::size_t, kDetectorNames.size()> of_detector{};
  std::vector<Own> own;
  bool paths = false;
  mutable std::vector<std::atomic<std::uint64_t>> counts;
  SessionCodec sessions;
};

/// Goes over what one command says.
class Filter::Walk {
 public:
  /// Where each rule's path stands; rules without one have no place.
  using Paths = std::vector<JsonPath::State>;
  using Counts = std::map<std::string, std::uint64_t, std::less<>>;

  Walk(const Parts& parts, const core::ProjectId& project, bool with_paths)
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

  [[nodiscard]] Paths start() const {
    Paths paths;
    for (const auto* own : placed_) paths.push_back(own->path->start());
    return paths;
  }
  [[nodiscard]] Paths member(const Paths& at, std::string_view name) const {
    Paths paths(at.size());
    for (std::size_t i = 0; i < at.size(); ++i) paths[i] = placed_[i]->path->member(at[i], name);
    return paths;
  }
  [[nodiscard]] Paths element(const Paths& at, std::size_t index) const {
    Paths paths(at.size());
    for (std::size_t i = 0; i < at.size(); ++i) paths[i] = placed_[i]->path->element(at[i], index);
    return paths;
  }

  // ---- facts ----

  /// Something that names: it is replaced as a whole, the same everywhere.
  bool id(std::string& text) {
    const auto rule = id_rule(text);
    count_pseudonym(text);
    if (!rule) return false;
    note(*rule);
    text = pseudonym(parts_.names[*rule], project_, text, parts_.keyed_hash);
    count_pseudonym(text);
    return true;
  }
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
    } else if constexpr (std::is_same_v<T, Parts_>) {
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
  bool tree(Json& value, std::string_view name, const Paths& at) {
    if (const auto rule = reached(at)) {
      if (const auto* text = value.if_string(); text != nullptr && is_token(*text)) {
        count_tokens(*text);
        return false;
      }
      if (value.is_null()) return false;
      note(*rule);
      value = Json(token(*rule));
      count_tokens(*value.if_string());
      return true;
    }
    if (std::string* text = value.if_string()) return this->text(*text, name, at);
    if (const auto* number = value.if_number()) {
      const auto rule = number_rule(number->lexeme, name);
      if (!rule) return false;
      note(*rule);
      value = Json(token(*rule));
      count_tokens(*value.if_string());
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

  /// What stands for a person, or what a tag says. @return whether it was replaced
  bool person(std::string& text, std::string_view name) {
    std::optional<std::size_t> rule = id_rule(text);
    if (!rule && !is_pseudonym(text)) {
      const auto hits = detect(text, parts_.detectors, name);
      if (!hits.empty()) rule = rule_of(hits.front().what);
    }
    count_pseudonym(text);
    if (!rule) return false;
    note(*rule);
    text = pseudonym(parts_.names[*rule], project_, text, parts_.keyed_hash);
    count_pseudonym(text);
    return true;
  }

  /// What was counted since the last time, as an event says it.
  std::optional<Json> take_counts() {
    if (counts_.empty()) return std::nullopt;
    Json out = Json::Object{};
    for (const auto& [rule, count] : std::exchange(counts_, {})) out.add(rule, count);
    return out;
  }
  /// Something was replaced that says so by itself.
  void changes() { noted_ = true; }
  [[nodiscard]] bool noted() const { return noted_; }
  [[nodiscard]] const core::ProjectId& project() const { return project_; }
  [[nodiscard]] const core::KeyedHash& keyed_hash() const { return parts_.keyed_hash; }

 private:
  using Parts_ = events::Parts;

  template <class R>
  struct RecordWalk {
    Walk& walk;
    R& record;
    template <class T>
    void field(std::string_view, T R::*member) {
      walk.fact(record.*member);
    }
  };

  void note(std::size_t rule) {
    parts_.counts[rule].fetch_add(1, std::memory_order_relaxed);
    noted_ = true;
  }
  [[nodiscard]] std::string token(std::size_t rule) const {
    return std::string(kToken) + parts_.names[rule] + "]";
  }
  static bool is_token(std::string_view text) { return token_end(text, 0) == text.size(); }
  [[nodiscard]] std::size_t rule_of(Detector what) const {
    return parts_.of_detector[static_cast<std::size_t>(what)];
  }

  [[nodiscard]] std::optional<std::size_t> id_rule(std::string_view text) const {
    if (parts_.detectors.has(Detector::key) && key_form_in(text)) return rule_of(Detector::key);
    if (parts_.detectors.has(Detector::email) && email_form_in(text)) {
      return rule_of(Detector::email);
    }
    // What has spaces is no identifier, whatever stands where one belongs; digits alone may be one.
    if (text.find(' ') == std::string_view::npos) return std::nullopt;
    const auto hits = detect(text, parts_.detectors, "");
    if (hits.empty()) return std::nullopt;
    return rule_of(hits.front().what);
  }

  [[nodiscard]] std::optional<std::size_t> number_rule(std::string_view lexeme,
                                                       std::string_view name) const {
    constexpr std::size_t kLeast = 6;
    if (lexeme.size() < kLeast || name.empty() ||
        lexeme.find_first_not_of("0123456789") != std::string_view::npos) {
      return std::nullopt;
    }
    for (const Hit& hit : detect(lexeme, parts_.detectors, name)) {
      if (hit.what != Detector::card || names_card(name)) return rule_of(hit.what);
    }
    return std::nullopt;
  }

  /// The rule without a pattern whose path leads here.
  [[nodiscard]] std::optional<std::size_t> reached(const Paths& at) const {
    for (std::size_t i = 0; i < at.size(); ++i) {
      if (!placed_[i]->pattern && placed_[i]->path->reached(at[i])) return placed_[i]->rule;
    }
    return std::nullopt;
  }

  /// Facts that are JSON: everything in them names or counts.
  void fact_tree(Json& value) {
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

  /// A part of a message keeps its form.
  void part(Json& value, const Paths& at) {
    auto* object = value.if_object();
    if (object == nullptr) return;
    if (const auto rule = reached(at)) {
      if (const Json* text = value.find("text");
          text != nullptr && text->is_string() && is_token(*text->if_string())) {
        return count_tokens(*text->if_string());
      }
      note(*rule);
      value = Part::make_text(token(*rule)).json;
      return count_tokens(*value.find("text")->if_string());
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

  bool text(std::string& text, std::string_view name, const Paths& at) {
    if (const auto rule = reached(at)) {
      if (is_token(text)) {
        count_tokens(text);
        return false;
      }
      note(*rule);
      text = token(*rule);
      count_tokens(text);
      return true;
    }
    if (names_id(name) && id_only(text, at)) return id(text);
    bool changed = false;
    for (int round = 0; round < kRoundsMax; ++round) {
      std::vector<Span> spans = spans_in(text, name, at);
      const bool further = std::any_of(at.begin(), at.end(), [](auto s) { return s != 0; });
      if (looks_like_json(text) &&
          (!spans.empty() || further || text.find("\\u") != std::string::npos)) {
        // Members are told apart only when it is read, and characters that are escaped seen. What
        // the detectors see between members is none of theirs: the text stays JSON.
        if (auto parsed = parse_json(text)) {
          changed = json_within(*parsed, text, at) || changed;
          spans = spans_in(text, name, at, false);
        }
      }
      if (spans.empty()) break;
      replace(text, spans);
      changed = true;
    }
    count_tokens(text);
    return changed;
  }

  /// No rule of one's own asks for more than ids here.
  [[nodiscard]] bool id_only(std::string_view text, const Paths& at) const {
    if (is_odd(text)) return true;
    for (const auto* own : plain_) {
      if (own->pattern->found_in(text)) return false;
    }
    return std::all_of(at.begin(), at.end(), [](auto s) { return s == 0; });
  }

  bool json_within(Json& parsed, std::string& text, const Paths& at) {
    // Counted once, when the text is.
    const Counts before = counts_;
    const bool changed = tree(parsed, {}, at);
    counts_ = before;
    if (changed) text = dump(parsed);
    return changed;
  }

  std::vector<Span> spans_in(std::string_view text, std::string_view name, const Paths& at,
                             bool detects = true) const {
    std::vector<Span> spans;
    if (detects && parts_.detectors.bits != 0 && !names_id(name)) {
      for (const Hit& hit : detect(text, parts_.detectors, name)) {
        spans.push_back({hit.begin, hit.end, rule_of(hit.what)});
      }
    }
    for (const auto* own : plain_) matches(*own, text, spans);
    for (std::size_t i = 0; i < at.size(); ++i) {
      if (placed_[i]->pattern && placed_[i]->path->reached(at[i]))
        matches(*placed_[i], text, spans);
    }
    if (spans.empty()) return spans;
    // Nothing is taken out twice.
    std::erase_if(spans, [&](const Span& span) { return meets_token(text, span); });
    std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) {
      return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
    });
    std::size_t kept = 0;
    for (const Span& span : spans) {
      if (kept > 0 && span.begin < spans[kept - 1].end) {
        spans[kept - 1].end = std::max(spans[kept - 1].end, span.end);
      } else {
        spans[kept++] = span;
      }
    }
    spans.resize(kept);
    return spans;
  }

  static void matches(const Parts::Own& own, std::string_view text, std::vector<Span>& spans) {
    std::size_t from = 0;
    for (std::size_t found = 0; from < text.size(); ++found) {
      const auto match = own.pattern->find(text, from);
      if (!match) return;
      if (found == kMatchesMax) {
        spans.push_back({match->first, text.size(), own.rule});
        return;
      }
      if (match->second > match->first) spans.push_back({match->first, match->second, own.rule});
      from = std::max(match->second, match->first + 1);
    }
  }

  static bool meets_token(std::string_view text, const Span& span) {
    const std::size_t reach = kToken.size() + kRuleNameBytesMax;
    for (std::size_t at = span.begin > reach ? span.begin - reach : 0; at < span.end; ++at) {
      if (text[at] != '[') continue;
      if (token_end(text, at) > std::max(at, span.begin)) return true;
    }
    return false;
  }

  void replace(std::string& text, const std::vector<Span>& spans) {
    std::string out;
    out.reserve(text.size());
    std::size_t from = 0;
    for (const Span& span : spans) {
      out.append(text, from, span.begin - from);
      out += token(span.rule);
      note(span.rule);
      from = span.end;
    }
    out.append(text, from);
    text = std::move(out);
  }

  void count_tokens(std::string_view text) {
    count_pseudonym(text);
    for (std::size_t at = text.find(kToken); at != std::string_view::npos;
         at = text.find(kToken, at + 1)) {
      const std::size_t end = token_end(text, at);
      if (end == at) continue;
      add(text.substr(at + kToken.size(), end - 1 - at - kToken.size()));
    }
  }
  void count_pseudonym(std::string_view text) {
    if (!is_pseudonym(text)) return;
    constexpr std::size_t kBefore = 8;  // `removed-`
    constexpr std::size_t kAfter = 17;  // `-` and 16 digits
    add(text.substr(kBefore, text.size() - kBefore - kAfter));
  }
  void add(std::string_view rule) {
    if (const auto found = counts_.find(rule); found != counts_.end()) {
      ++found->second;
    } else if (counts_.size() < 2 * kFilterRulesMax) {
      counts_.emplace(rule, 1);
    }
  }

  const Parts& parts_;
  const core::ProjectId& project_;
  std::vector<const Parts::Own*> plain_;
  std::vector<const Parts::Own*> placed_;
  Counts counts_;
  bool noted_ = false;
};

namespace {

/// Every field of a command or an event, by its one list of them.
template <class W, class C>
struct EveryField {
  W& walk;
  C& command;
  bool raw = false;            ///< an event put together elsewhere: its derived facts are anybody's
  std::string_view only = {};  ///< unless empty: this field alone, or with `rest` all but this
  bool rest = false;
  [[nodiscard]] bool takes(std::string_view name) const {
    return only.empty() || (name == only) != rest;
  }
  template <class M, class... Mark>
  void fact(std::string_view name, M member, Mark...) {
    if (takes(name)) walk.fact(command.*member);
  }
  template <class M>
  void derived(std::string_view name, M member) {
    if (raw && takes(name)) walk.fact(command.*member);
  }
  template <class M>
  void content(std::string_view name, M member) {
    if (takes(name)) walk.content(command.*member, name, walk.member(walk.start(), name));
  }
};

template <class W, class C>
void every_field(W& walk, C& command, bool raw = false) {
  EveryField<W, C> fields{walk, command, raw};
  C::fields(fields);
}

/// Name of the stream of an id that may not be written: what the id stands for in facts.
template <class W>
void to_stream_name(W& walk, std::string& session) {
  if (!walk.is_odd(session)) return;
  if (auto stream = session_stream(walk.project(), session, walk.keyed_hash())) {
    session = stream->name();
    walk.changes();
  }
}

/// Who, and what tags say: hashed before they are replaced.
template <class W, class C>
void people(W& walk, C& command) {
  if (command.user) {
    if (!command.user_hash) {
      command.user_hash = user_hash(walk.project(), *command.user, walk.keyed_hash());
    }
    walk.person(*command.user, "user");
  }
  for (auto& [key, value] : command.tags) {
    std::string name = key;
    walk.id(name);
    const bool known = std::any_of(command.tag_hashes.begin(), command.tag_hashes.end(),
                                   [&](const auto& tag) { return tag.first == name; });
    if (!known) {
      command.tag_hashes.emplace_back(name,
                                      tag_hash(walk.project(), key, value, walk.keyed_hash()));
    }
    walk.person(value, key);
    key = std::move(name);
  }
  static_cast<void>(walk.take_counts());  // they are counted with the other fields
}

template <class W>
void go_over(W& walk, SessionCreated& command, bool raw) {
  people(walk, command);
  if (command.session_id) walk.id(*command.session_id);
  if (command.parent) to_stream_name(walk, command.parent->session);
  static_cast<void>(walk.take_counts());
  every_field(walk, command, raw);
  if (auto counts = walk.take_counts()) command.filtered = std::move(counts);
}

template <class W, class C>
requires requires(C& command) { command.filtered; }
void go_over(W& walk, C& command, bool raw) {
  every_field(walk, command, raw);
  if (auto counts = walk.take_counts()) command.filtered = std::move(counts);
}

template <class W>
void go_over(W& walk, VariantAssigned& event, bool raw) {
  if (event.unit) walk.person(*event.unit, to_word(event.unit_kind));
  static_cast<void>(walk.take_counts());
  every_field(walk, event, raw);
  if (auto counts = walk.take_counts()) event.filtered = std::move(counts);
}

template <class W>
void go_over(W& walk, SessionForked& event, bool raw) {
  to_stream_name(walk, event.child);
  every_field(walk, event, raw);
  if (auto counts = walk.take_counts()) event.filtered = std::move(counts);
}

template <class W>
void go_over(W& walk, RequestResponse& command, bool raw) {
  go_over(walk, static_cast<ResponseRequested&>(command), raw);
  if (command.tools) {
    walk.tree(*command.tools, {}, walk.member(walk.start(), "tools"));
    command.tools_filtered = walk.take_counts();
  }
  if (command.exposure) go_over(walk, command.exposure->assigned, raw);
}

template <class W>
void go_over(W& walk, ForkSession& command, bool raw) {
  people(walk, command);
  if (walk.is_odd(command.child)) {
    command.child_said = command.child;
    walk.id(*command.child_said);
    to_stream_name(walk, command.child);
  }
  static_cast<void>(walk.take_counts());
  EveryField<W, ForkSession> comment{walk, command, raw, "comment"};
  ForkSession::fields(comment);
  command.filtered = walk.take_counts();
  EveryField<W, ForkSession> others{walk, command, raw, "comment", true};
  ForkSession::fields(others);
  if (command.child_said) walk.id(*command.child_said);
  command.child_filtered = walk.take_counts();
}

bool is_plain_rule_name(std::string_view name) {
  return !name.empty() && name.size() <= kRuleNameBytesMax &&
         std::all_of(name.begin(), name.end(), is_rule_char);
}

}  // namespace

Filter::Filter(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Filter::~Filter() = default;

Result<std::unique_ptr<const Filter>> Filter::make(const FilterSettings& settings,
                                                   const core::KeyedHash& keyed_hash) {
  auto parts = std::make_unique<Parts>(keyed_hash);
  for (std::size_t i = 0; i < settings.detect.size(); ++i) {
    const auto* found = std::find(kDetectorNames.begin(), kDetectorNames.end(), settings.detect[i]);
    if (found == kDetectorNames.end()) {
      return bad_field(join_path("detect", i),
                       "expected email, phone, card or key, found " + settings.detect[i]);
    }
    const auto place = static_cast<std::size_t>(found - kDetectorNames.begin());
    const auto which = static_cast<Detector>(place);
    if (parts->detectors.has(which)) {
      return bad_field(join_path("detect", i), settings.detect[i] + " is there already");
    }
    parts->detectors.add(which);
    parts->of_detector[place] = parts->names.size();
    parts->names.push_back(settings.detect[i]);
  }
  if (settings.rules.size() > kFilterRulesMax) {
    return bad_field("rules", "more than " + std::to_string(kFilterRulesMax) + " rules");
  }
  std::size_t paths = 0;
  for (std::size_t i = 0; i < settings.rules.size(); ++i) {
    const FilterRule& rule = settings.rules[i];
    const std::string at = join_path("rules", i);
    if (!is_plain_rule_name(rule.name)) {
      return bad_field(join_path(at, "name"), "expected 1 to 32 of a-z 0-9 _ -");
    }
    // One name is one count: rules for several projects, or several patterns, may share it.
    const auto known = std::find(parts->names.begin(), parts->names.end(), rule.name);
    Parts::Own own;
    own.rule = static_cast<std::size_t>(known - parts->names.begin());
    if (known == parts->names.end()) parts->names.push_back(rule.name);
    if (!rule.pattern && !rule.path) {
      return bad_field(join_path(at, "pattern"), "the field is required, or path");
    }
    if (rule.pattern) {
      auto pattern = Pattern::compile(*rule.pattern, join_path(at, "pattern"));
      if (!pattern) return std::move(pattern.error());
      if (pattern->matches("")) {
        return bad_field(join_path(at, "pattern"), "matches a text of no characters");
      }
      own.pattern = *std::move(pattern);
    }
    if (rule.path) {
      auto path = JsonPath::parse(*rule.path, join_path(at, "path"));
      if (!path) return std::move(path.error());
      own.path = *std::move(path);
      if (++paths > kPathsMax) {
        return bad_field(join_path(at, "path"),
                         "more than " + std::to_string(kPathsMax) + " rules have a path");
      }
    }
    if (rule.project) {
      if (auto project = core::ProjectId::parse(*rule.project); !project) {
        return bad_field(join_path(at, "project"), project.error().message);
      }
      own.project = rule.project;
    }
    parts->own.push_back(std::move(own));
  }
  parts->paths = paths > 0;
  parts->counts = std::vector<std::atomic<std::uint64_t>>(parts->names.size());
  return std::unique_ptr<const Filter>(new Filter(std::move(parts)));
}

bool Filter::on() const { return !parts_->names.empty(); }
bool Filter::has_paths() const { return parts_->paths; }

void Filter::apply(const core::ProjectId& project, SessionStep& step) const {
  if (!on()) return;
  Walk walk(*parts_, project, true);
  std::visit([&](auto& each) { go_over(walk, each, false); }, step);
}

void Filter::apply(const core::ProjectId& project, SessionCommand& command) const {
  if (!on()) return;
  if (auto* step = std::get_if<SessionStep>(&command.body)) return apply(project, *step);
  Walk walk(*parts_, project, true);
  if (auto* create = std::get_if<CreateSession>(&command.body)) {
    return go_over(walk, static_cast<SessionCreated&>(*create), false);
  }
  auto& record = std::get<Record>(command.body);
  go_over(walk, static_cast<SessionCreated&>(record.create), false);
  for (RecordedStep& step : record.steps) {
    std::visit([&](auto& each) { go_over(walk, each, false); }, step.step);
  }
}

void Filter::apply(const core::ProjectId& project, AssignmentCommand& command) const {
  if (!on()) return;
  Walk walk(*parts_, project, true);
  if (auto* expose = std::get_if<ExposeUnit>(&command.step)) {
    go_over(walk, static_cast<VariantAssigned&>(*expose), false);
  } else {
    go_over(walk, static_cast<OutcomeRecorded&>(std::get<RecordOutcome>(command.step)), false);
  }
}

Status Filter::apply(const core::ProjectId& project, core::NewEvent& record,
                     std::string_view path) const {
  if (!on()) return Ok{};
  Walk walk(*parts_, project, true);
  for (const auto& [name, text] : {std::pair{"stream", std::string_view(record.stream.text())},
                                   std::pair{"type", std::string_view(record.type)}}) {
    if (!walk.is_odd(text)) continue;
    return bad_field(join_path(path, name),
                     "has the form of a key, which the filter keeps off the "
                     "record, and cannot be changed");
  }
  const auto write = [&](const auto& codec, auto event) {
    std::visit(
        [&](auto& each) {
          if constexpr (!std::is_same_v<std::decay_t<decltype(each)>, Unrecognised>) {
            go_over(walk, each, true);
          }
        },
        event);
    if (!walk.noted()) return;
    EncodedEvent encoded = codec.encode(event);
    record.schema = encoded.schema;
    record.facts = std::move(encoded.facts);
    record.content = std::move(encoded.content);
  };
  if (is_session_event(record.type)) {
    auto event =
        parts_->sessions.decode_strict(record.type, record.schema, record.facts, record.content);
    if (!event) return std::move(event.error());
    write(parts_->sessions, *std::move(event));
    return Ok{};
  }
  if (AssignmentCodec::is_event(record.type)) {
    auto event =
        assignment_codec().decode_strict(record.type, record.schema, record.facts, record.content);
    if (!event) return std::move(event.error());
    write(assignment_codec(), *std::move(event));
    return Ok{};
  }
  if (!record.stream.text().starts_with("custom-")) return Ok{};
  auto facts = parse_json(record.facts);
  auto content = parse_json(record.content);
  if (!facts) return std::move(facts.error());
  if (!content) return std::move(content.error());
  walk.fact(*facts);
  walk.tree(*content, {}, walk.start());
  if (!walk.noted()) return Ok{};
  if (auto counts = walk.take_counts(); counts && facts->find("filtered") == nullptr) {
    facts->add("filtered", *std::move(counts));
  }
  record.facts = dump(*facts);
  record.content = dump(*content);
  return Ok{};
}

bool Filter::clean(const core::ProjectId& project, Json& document) const {
  if (!on()) return false;
  Walk walk(*parts_, project, false);
  return walk.tree(document, {}, {});
}

std::vector<std::pair<std::string, std::uint64_t>> Filter::counts() const {
  std::vector<std::pair<std::string, std::uint64_t>> out;
  for (std::size_t i = 0; i < parts_->names.size(); ++i) {
    out.emplace_back(parts_->names[i], parts_->counts[i].load(std::memory_order_relaxed));
  }
  return out;
}

}  // namespace hansard::events
