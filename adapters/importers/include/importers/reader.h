#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"
#include "events/session/commands.h"
#include "importers/record_splitter.h"

namespace hansard::importers {

/// A piece of a record that has no place in the vocabulary, and why.
struct Unplaced {
  std::string path;  ///< `messages[3]`
  std::string reason;
};

/// How a source names a conversation.
struct SessionName {
  std::string id;      ///< the source's own; empty when it has none
  std::string prefix;  ///< without an id: the session is called this ...
  std::string seed;    ///< ... and a keyed hash of this, which only the store can make
};

/// Some steps of one conversation, in their order. A long conversation is many pieces with one
/// name, so that no reader has to hold it whole; what is the same in all of them (`create`) is
/// repeated, because each may be the first that is recorded. Nothing is invented: times, models and
/// usage are absent where the source has none.
struct Piece {
  std::uint64_t line = 1;  ///< of the record that ends it, for the report
  SessionName session;
  /// Goes on with the session of the last piece of this name, whatever that came to be called.
  /// Otherwise the piece begins a conversation, which may turn out to be a known one.
  bool continues = false;
  events::CreateSession create;
  std::optional<core::Timestamp> created_at;  ///< where the source says when it began
  std::vector<events::RecordedStep> steps;
  std::size_t messages = 0;  ///< read, without those in `unplaced`
  std::size_t attached = 0;  ///< tool results without a call, records of unknown kinds
  std::vector<Unplaced> unplaced = {};
};

/// What a reader has to tell. Called in the order of the source, on the caller's thread.
struct ReaderEvents {
  std::function<void(Piece piece)> piece;
  /// A record that could not be taken at all; the others go on.
  std::function<void(std::uint64_t line, core::Error why)> failed;
  /// A small file that stands beside this one, by its name; nothing where there is none. May be
  /// empty: what comes through a pipe has no neighbours.
  std::function<std::optional<std::string>(std::string_view name)> beside = {};
};

/// Reads one file of one format, record by record, into pieces of conversations. Pure: the same
/// records give the same pieces, and more records only add to them, so that a file taken again adds
/// nothing and a grown one its new part only.
/// Memory: what the format forces it to remember (ids and places of records), never the file.
/// Threads: caller synchronises.
class Reader {
 public:
  virtual ~Reader() = default;
  virtual void take(SourceRecord record) = 0;
  /// The source ended. Call once.
  virtual void finish() = 0;
};

}  // namespace hansard::importers
