#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "importers/reader.h"
#include "importers/record_splitter.h"

/// What a reader told about a text.
namespace hansard::importers::test {

using MakeReader = std::function<std::unique_ptr<Reader>(ReaderEvents)>;

struct Told {
  std::vector<Piece> pieces;
  std::vector<std::pair<std::uint64_t, core::Error>> failed;

  /// The steps of one kind in all pieces, in order.
  template <class S>
  [[nodiscard]] std::vector<S> steps() const {
    std::vector<S> found;
    for (const Piece& piece : pieces) {
      for (const events::RecordedStep& step : piece.steps) {
        if (const auto* each = std::get_if<S>(&step.step)) found.push_back(*each);
      }
    }
    return found;
  }
  /// Where in the source the attached records stood.
  [[nodiscard]] std::vector<std::string> attached_at() const { return of_attached("path"); }
  [[nodiscard]] std::vector<std::string> attached_because() const { return of_attached("reason"); }
  [[nodiscard]] std::vector<std::string> of_attached(std::string_view key) const {
    std::vector<std::string> found;
    for (const auto& each : steps<events::AttachRecord>()) {
      found.push_back(*each.metadata->find(key)->if_string());
    }
    return found;
  }
  [[nodiscard]] const Piece& only() const {
    EXPECT_EQ(pieces.size(), 1U);
    EXPECT_TRUE(failed.empty()) << failed.front().second.message;
    static const Piece kNone;
    return pieces.empty() ? kNone : pieces.front();
  }
};

/// Feeds `text` as a file would be: split into records, none of them joined.
/// @param beside  what stands beside the file; may be empty.
inline Told read(const MakeReader& make, std::string_view text,
                 decltype(ReaderEvents::beside) beside = {}) {
  Told told;
  const auto reader = make(
      {[&](Piece piece) { told.pieces.push_back(std::move(piece)); },
       [&](std::uint64_t line, core::Error why) { told.failed.emplace_back(line, std::move(why)); },
       std::move(beside)});
  RecordSplitter splitter([&](SourceRecord record) { reader->take(std::move(record)); },
                          [](std::string_view) { return false; });
  splitter.feed(text);
  splitter.finish();
  reader->finish();
  return told;
}

inline std::string text_of(const events::Parts& parts) { return events::plain_text(parts); }

}  // namespace hansard::importers::test
