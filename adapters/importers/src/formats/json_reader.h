#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/result.h"
#include "events/json.h"
#include "importers/reader.h"

namespace hansard::importers {

/// A record of a file, parsed.
struct JsonRecord {
  std::uint64_t line = 1;
  std::uint64_t repeat = 0;  ///< records of the same text that came before it in the file
  events::Json json;
};

/// What readers of one-record-one-conversation formats share: records that are no JSON, or that the
/// format refuses, are told as failed, and the others go on.
/// Memory: one number per record, to tell equal records apart.
class JsonReader : public Reader {
 public:
  explicit JsonReader(ReaderEvents events) : events_(std::move(events)) {}
  void take(SourceRecord record) final;
  void finish() override {}

 protected:
  /// Reads one record and tells its pieces. Errors: the record is not taken, for this reason.
  virtual core::Status read(const JsonRecord& record) = 0;

  void tell(Piece piece) const { events_.piece(std::move(piece)); }
  void fail(std::uint64_t line, core::Error why) const { events_.failed(line, std::move(why)); }
  /// The text of a file beside this one.
  [[nodiscard]] std::optional<std::string> beside(std::string_view name) const {
    return events_.beside ? events_.beside(name) : std::nullopt;
  }

 private:
  ReaderEvents events_;
  std::unordered_map<std::uint64_t, std::uint64_t> seen_;  ///< hash of a text -> how often
};

}  // namespace hansard::importers
