#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "events/assignment/facts.h"
#include "events/session/commands.h"
#include "events/session/ids.h"

/// Each kind of command or event gone over by the filter: all of its fields, people and tags by
/// their hashes first, and what was taken out written beside them.
/// @tparam W  `Filter::Walk`, which only a filter can name
namespace hansard::events::filter {

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

}  // namespace hansard::events::filter
