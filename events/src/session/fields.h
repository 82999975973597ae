#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "events/json.h"
#include "events/session/codec.h"
#include "events/session/facts.h"

/// Reads and writes the types that fields of events have, by the `fields` function of each struct.
/// Private to src.
namespace hansard::events::fields {

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
inline constexpr bool kIsOptional = IsOptional<T>::value;

struct AnyVisitor {
  template <class... A>
  void field(A&&...) {}
};
/// A nested struct with a `fields` function of its own.
template <class T>
concept Record = requires(AnyVisitor& visitor) {
  T::fields(visitor);
};

template <class T>
struct IsList : std::false_type {};
template <class T>
struct IsList<std::vector<T>> : std::true_type {};

/// May the field be left out? Plain values are required, and so are the parts of a message.
template <class T>
inline constexpr bool kMayBeAbsent = kIsOptional<T> || std::is_same_v<T, bool> ||
                                     (IsList<T>::value && !std::is_same_v<T, Parts>);

// ---- writing ----

template <class T>
bool absent(const T& value) {
  if constexpr (kIsOptional<T>) {
    return !value.has_value();
  } else if constexpr (std::is_same_v<T, bool>) {
    return !value;
  } else if constexpr (kMayBeAbsent<T>) {
    return value.empty();
  } else {
    return false;
  }
}

inline void write_name(std::string& out, std::string_view name) {
  if (out.back() != '{') out.push_back(',');
  dump_string_to(name, out);
  out.push_back(':');
}

template <class T>
void write(std::string& out, const T& value);

template <class R>
struct RecordWriter {
  std::string& out;
  const R& record;
  template <class T>
  void field(std::string_view name, T R::*member) {
    if (absent(record.*member)) return;
    write_name(out, name);
    write(out, record.*member);
  }
};

template <class T>
void write(std::string& out, const T& value) {
  if constexpr (kIsOptional<T>) {
    write(out, *value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    dump_string_to(value, out);
  } else if constexpr (std::is_same_v<T, bool>) {
    out.append(value ? "true" : "false");
  } else if constexpr (std::is_integral_v<T>) {
    out.append(std::to_string(value));
  } else if constexpr (std::is_same_v<T, double>) {
    dump_to(Json::number(value), out);
  } else if constexpr (std::is_enum_v<T>) {
    dump_string_to(to_word(value), out);
  } else if constexpr (std::is_same_v<T, PromptVersion>) {
    value.is_number() ? static_cast<void>(out.append(value.text)) : dump_string_to(value.text, out);
  } else if constexpr (std::is_same_v<T, Json>) {
    dump_to(value, out);
  } else if constexpr (std::is_same_v<T, Part>) {
    dump_to(value.json, out);
  } else if constexpr (std::is_same_v<T, StringMap>) {
    out.push_back('{');
    for (const auto& [key, text] : value) {
      write_name(out, key);
      dump_string_to(text, out);
    }
    out.push_back('}');
  } else if constexpr (Record<T>) {
    out.push_back('{');
    RecordWriter<T> writer{out, value};
    T::fields(writer);
    out.push_back('}');
  } else {  // a list
    out.push_back('[');
    for (const auto& element : value) {
      if (out.back() != '[') out.push_back(',');
      write(out, element);
    }
    out.push_back(']');
  }
}

// ---- reading ----

/// A payload from outside, as an object. Errors name it: `facts.x`.
inline core::Result<Json::Object> object_in(std::string_view text, std::string_view name) {
  auto object = parse_json_object(text);
  if (object) return object;
  core::Error error = std::move(object.error());
  error.message = std::string(name) + ": " + error.message;
  error.field = join_path(name, error.field);
  return error;
}

/// Where a value stands; made into text only for an error.
struct Path {
  const Path* parent = nullptr;
  std::string_view key = {};
  std::optional<std::size_t> index = std::nullopt;
  [[nodiscard]] std::string text() const {
    const std::string before = parent == nullptr ? std::string() : parent->text();
    return index ? join_path(before, *index) : join_path(before, key);
  }
};

struct Reading {
  bool strict = false;  ///< from outside: nothing unknown, nothing over-long
  std::optional<core::Error> error = std::nullopt;

  bool fail(const Path& path, std::string_view what) {
    if (!error) error = bad_field(path.text(), what);
    return false;
  }
  bool fail(core::Error why) {
    if (!error) error = std::move(why);
    return false;
  }
};

/// Longest text in facts; content is bounded by the event's size alone.
struct Bounds {
  std::size_t text_bytes_max = std::numeric_limits<std::size_t>::max();
  bool non_empty = false;
};
inline constexpr Bounds kFactBounds{kMaxFactTextBytes, true};

/// The members of one object, taken out by name.
class Members {
 public:
  explicit Members(Json::Object& object) : object_(object), taken_(object.size(), false) {}

  /// The first member called `name`, now taken, or nullptr.
  Json* take(std::string_view name) {
    // Written in field order, so the next member is nearly always the one wanted.
    for (std::size_t step = 0; step < object_.size(); ++step) {
      const std::size_t i = (cursor_ + step) % object_.size();
      if (taken_[i] || object_[i].key != name) continue;
      taken_[i] = true;
      cursor_ = i + 1;
      return &object_[i].value;
    }
    return nullptr;
  }

  /// Strict: an error naming the first member left over. Otherwise they are moved to `unknown`.
  bool finish(Reading& reading, const Path& path, Json::Object* unknown) {
    for (std::size_t i = 0; i < object_.size(); ++i) {
      if (taken_[i]) continue;
      if (reading.strict) {
        bool repeated = false;
        for (std::size_t k = 0; k < object_.size(); ++k) {
          repeated = repeated || (taken_[k] && object_[k].key == object_[i].key);
        }
        return reading.fail(Path{&path, object_[i].key},
                            repeated ? "the field is repeated" : "no such field");
      }
      if (unknown != nullptr) unknown->push_back(std::move(object_[i]));
    }
    return true;
  }

 private:
  Json::Object& object_;
  std::vector<bool> taken_;
  std::size_t cursor_ = 0;
};

template <class T>
bool read(Reading& reading, const Path& path, const Bounds& bounds, Json& json, T& out);

template <class R>
struct RecordReader {
  Reading& reading;
  const Path& path;
  const Bounds& bounds;
  Members members;
  R& record;
  bool ok = true;
  template <class T>
  void field(std::string_view name, T R::*member) {
    if (!ok) return;
    const Path here{&path, name};
    Json* json = members.take(name);
    if (json == nullptr || (kMayBeAbsent<T> && json->is_null())) {
      if (!kMayBeAbsent<T>) ok = reading.fail(here, "the field is required");
      return;
    }
    ok = read(reading, here, bounds, *json, record.*member);
  }
};

template <class T>
bool read_integer(Reading& reading, const Path& path, const Json& json, T& out) {
  const auto value = json.as_uint("");
  if (!value) return reading.fail(path, value.error().message);
  if (*value > std::numeric_limits<T>::max()) return reading.fail(path, "is too large");
  out = static_cast<T>(*value);
  return true;
}

template <class T>
bool read_word(Reading& reading, const Path& path, const Json& json, T& out) {
  const auto* word = json.if_string();
  const auto found = word == nullptr ? std::nullopt : from_word<T>(*word);
  if (found) {
    out = *found;
    return true;
  }
  if (!reading.strict && word != nullptr) {
    out = T::other;
    return true;
  }
  std::string allowed;
  for (const auto each : kWords<T>) allowed.append(allowed.empty() ? "" : ", ").append(each);
  return reading.fail(path, "expected one of " + allowed);
}

inline bool read_map(Reading& reading, const Path& path, const Bounds& bounds, Json& json,
                     StringMap& out) {
  auto* object = json.if_object();
  if (object == nullptr) return reading.fail(path, "expected an object of strings");
  for (auto& member : *object) {
    const Path here{&path, member.key};
    std::string text;
    if (!read(reading, here, bounds, member.value, text)) return false;
    if (reading.strict) {
      for (const auto& known : out) {
        if (known.first == member.key) return reading.fail(here, "the field is repeated");
      }
    }
    out.emplace_back(std::move(member.key), std::move(text));
  }
  return true;
}

template <class T>
bool read(Reading& reading, const Path& path, const Bounds& bounds, Json& json, T& out) {
  if constexpr (kIsOptional<T>) {
    return read(reading, path, bounds, json, out.emplace());
  } else if constexpr (std::is_same_v<T, std::string>) {
    auto* text = json.if_string();
    if (text == nullptr) {
      return reading.fail(path, "expected a string, found " + std::string(describe(json.kind())));
    }
    if (reading.strict && text->size() > bounds.text_bytes_max) {
      return reading.fail(path,
                          "is longer than " + std::to_string(bounds.text_bytes_max) + " bytes");
    }
    if (reading.strict && bounds.non_empty && text->empty()) {
      return reading.fail(path, "must not be empty");
    }
    out = std::move(*text);
    return true;
  } else if constexpr (std::is_same_v<T, PromptVersion>) {
    if (!json.is_number()) return read(reading, path, bounds, json, out.text);
    std::uint64_t number = 0;
    if (!read_integer(reading, path, json, number)) return false;
    out = number;
    return true;
  } else if constexpr (std::is_same_v<T, bool>) {
    const auto* flag = json.if_boolean();
    if (flag == nullptr) return reading.fail(path, "expected true or false");
    out = *flag;
    return true;
  } else if constexpr (std::is_integral_v<T>) {
    return read_integer(reading, path, json, out);
  } else if constexpr (std::is_same_v<T, double>) {
    const auto number = json.as_double("");
    if (!number) return reading.fail(path, number.error().message);
    out = *number;
    return true;
  } else if constexpr (std::is_enum_v<T>) {
    return read_word(reading, path, json, out);
  } else if constexpr (std::is_same_v<T, Json>) {
    out = std::move(json);
    return true;
  } else if constexpr (std::is_same_v<T, Part>) {
    if (!json.is_object()) return reading.fail(path, "expected an object");
    if (reading.strict) {
      if (auto status = check_part(json, path.text()); !status) {
        return reading.fail(std::move(status.error()));
      }
    }
    out.json = std::move(json);
    return true;
  } else if constexpr (std::is_same_v<T, StringMap>) {
    return read_map(reading, path, bounds, json, out);
  } else if constexpr (Record<T>) {
    auto* object = json.if_object();
    if (object == nullptr) return reading.fail(path, "expected an object");
    RecordReader<T> reader{reading, path, bounds, Members(*object), out};
    T::fields(reader);
    return reader.ok && reader.members.finish(reading, path, nullptr);
  } else {  // a list
    auto* array = json.if_array();
    if (array == nullptr) return reading.fail(path, "expected an array");
    out.resize(array->size());
    for (std::size_t i = 0; i < array->size(); ++i) {
      if (!read(reading, Path{&path, {}, i}, bounds, (*array)[i], out[i])) return false;
    }
    return true;
  }
}

/// Reads one listed field from `members`. @return false after an error.
template <class T>
bool read_field(Reading& reading, const Path& path, std::string_view name, const Bounds& bounds,
                bool defaulted, Members& members, T& out) {
  const Path here{&path, name};
  Json* json = members.take(name);
  // An explicit null is as good as leaving the field out, except where any JSON value is meant.
  if (json != nullptr && json->is_null() && (kMayBeAbsent<T> || defaulted)) json = nullptr;
  if (json == nullptr) {
    return kMayBeAbsent<T> || defaulted || reading.fail(here, "the field is required");
  }
  return read(reading, here, bounds, *json, out);
}

// ---- describing ----

template <class T>
std::string type_name() {
  if constexpr (kIsOptional<T>) {
    return type_name<typename T::value_type>();
  } else if constexpr (std::is_same_v<T, std::string>) {
    return "text";
  } else if constexpr (std::is_same_v<T, PromptVersion>) {
    return "text or count";
  } else if constexpr (std::is_same_v<T, bool>) {
    return "flag";
  } else if constexpr (std::is_integral_v<T>) {
    return "count";
  } else if constexpr (std::is_same_v<T, double>) {
    return "number";
  } else if constexpr (std::is_enum_v<T>) {
    std::string words;
    for (const auto each : kWords<T>) words.append(words.empty() ? "" : "|").append(each);
    return words;
  } else if constexpr (std::is_same_v<T, Json>) {
    return "json";
  } else if constexpr (std::is_same_v<T, Parts>) {
    return "parts";
  } else if constexpr (std::is_same_v<T, StringMap>) {
    return "map of text";
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    return "list of text";
  } else if constexpr (std::is_same_v<T, std::vector<Policy>>) {
    return "list of policies";
  } else {
    return "object";
  }
}

/// Collects what a `fields` function lists.
template <class E>
struct Describer {
  std::vector<FieldInfo> fields;
  template <class T>
  void add(std::string_view name, FieldPlace place, bool derived, bool required) {
    fields.push_back({std::string(name), place, derived, required, type_name<T>()});
  }
  template <class T, class C>
  void fact(std::string_view name, T C::*) {
    add<T>(name, FieldPlace::fact, false, !kMayBeAbsent<T>);
  }
  template <class T, class C>
  void fact(std::string_view name, T C::*, Defaulted) {
    add<T>(name, FieldPlace::fact, false, false);
  }
  template <class T, class C>
  void derived(std::string_view name, T C::*) {
    add<T>(name, FieldPlace::fact, true, false);
  }
  template <class T, class C>
  void content(std::string_view name, T C::*) {
    add<T>(name, FieldPlace::content, false, !kMayBeAbsent<T>);
  }
};

template <class E>
std::vector<FieldInfo> describe_fields() {
  Describer<E> describer;
  E::fields(describer);
  return std::move(describer.fields);
}

}  // namespace hansard::events::fields
