#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "backend.h"
#include "core/result.h"
#include "importers/formats.h"

namespace hansard::cli {

/// Something about a record that its sender should know.
struct Remark {
  std::uint64_t line = 0;
  std::string path;
  std::string reason;
};

/// What became of one file.
struct ImportReport {
  /// Remarks kept per kind; further ones are only counted.
  static constexpr std::size_t kRemarksMax = 1000;

  std::string file;
  std::string format;         ///< empty while it is not known
  std::uint64_t records = 0;  ///< JSON values of the file
  std::uint64_t taken = 0;    ///< new conversations
  std::uint64_t grown = 0;    ///< known ones that went on
  std::uint64_t known = 0;    ///< nothing new in them
  std::uint64_t failed = 0;   ///< records, or pieces of conversations, that were not recorded
  std::uint64_t messages = 0;
  std::uint64_t new_events = 0;
  std::uint64_t known_events = 0;
  std::uint64_t attached = 0;
  std::uint64_t unplaced = 0;
  std::vector<Remark> unplaced_remarks;
  std::vector<Remark> failures;
  std::optional<core::Errc> worst;  ///< of the first failure

  [[nodiscard]] std::uint64_t conversations() const { return taken + grown + known; }
  void fail(std::uint64_t line, core::Errc code, std::string reason);
};

/// Reads a file and gives its pieces to `take`, until that fails.
/// @param format null: found out from its first records.
/// Errors: those of `take`, of opening and of reading the file; before the latter, what was read is
/// taken. Records that could not be read are in the report, and the rest goes on.
core::Status read_file(const importers::Format* format, ImportReport& report,
                       const std::function<core::Status(importers::Piece)>& take);

/// Reads a file and records what it holds, in batches of bounded size.
/// @param format null: found out from its first records.
/// Errors: those of opening and reading it, and those of the engine that trying again did not help.
/// What could not be recorded for other reasons is in the report, and the rest goes on.
core::Status import_file(Backend& backend, const importers::Format* format, ImportReport& report);

}  // namespace hansard::cli
