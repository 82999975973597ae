#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/event.h"
#include "core/merkle.h"
#include "core/result.h"

namespace hansard::cli {

/// The first line of an export.
struct ExportHeader {
  std::string scope;  ///< `log`, `project` or `sessions`
  std::string log_id;
  std::string key_check;
  core::TreeHead tree;  ///< of the log when it was exported
};

struct ExportReader {
  /// Told once, before the events. An error ends the reading.
  std::function<core::Status(const ExportHeader& header)> header;
  /// Every event in its order; lent for the call. `RecordedEvent::header` is empty.
  std::function<core::Status(const core::RecordedEvent& event)> event;
  /// After every piece of the file: bytes of it taken so far, and its size (0: unknown).
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

/// An event with a payload of 16 MiB whose every byte is escaped still fits.
inline constexpr std::size_t kExportLineBytesMax = 128U << 20;

/// Reads what `GET /v1/export` wrote, plain or compressed, a line at a time.
/// Errors: those of the callbacks; of opening the file; invalid_argument (no export, or a line that
///   is not as one is written, named by its number); unsupported (a newer form); corruption (the
///   end is missing, or counts other events than there are).
core::Status read_export(const std::string& file, const ExportReader& reader);

}  // namespace hansard::cli
