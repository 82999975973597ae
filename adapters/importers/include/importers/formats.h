#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "events/json.h"
#include "importers/reader.h"

namespace hansard::importers {

/// A form in which conversations arrive.
struct Format {
  std::string_view name;   ///< as in `--format`
  std::string_view about;  ///< one line
  /// Is this record, one of the first of a file, of this format?
  bool (*recognises)(const events::Json& record);
  std::unique_ptr<Reader> (*make)(ReaderEvents events);
};

/// Every format, those that say most about themselves first: the first that recognises a record is
/// the file's.
std::span<const Format> formats();

/// Null when there is none of that name.
const Format* format_named(std::string_view name);
/// Null when no format knows the record.
const Format* format_of(const events::Json& record);

/// The reader of a file whose format shows in its first records: holds them back (at most
/// `kRecordsHeld`), until one is recognised; what comes before it is given to that format, too. Of
/// a file that nobody recognises, that is told once, and nothing is taken.
class AutoReader final : public Reader {
 public:
  static constexpr std::size_t kRecordsHeld = 32;

  /// @param found  told once, as soon as the format is known.
  AutoReader(ReaderEvents events, std::function<void(const Format&)> found);
  void take(SourceRecord record) override;
  void finish() override;

 private:
  void decide(const Format* format);

  ReaderEvents events_;
  std::function<void(const Format&)> found_;
  std::vector<SourceRecord> held_;
  std::unique_ptr<Reader> reader_;
  bool unknown_ = false;
};

/// True when `element` of a list is itself a message, so that the list is one record.
bool is_message(std::string_view element);

}  // namespace hansard::importers
