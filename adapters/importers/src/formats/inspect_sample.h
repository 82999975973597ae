#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "events/json.h"
#include "importers/reader.h"

/// One sample of an Inspect AI log. Private to the reader of these logs.
namespace hansard::importers::inspect {

/// What the header of a log says about all of its samples.
struct LogHeader {
  std::string run_id;   ///< empty when the log has none
  std::string task_id;  ///< likewise
  std::string task;
  std::string model;    ///< `provider/name`, as configured
  std::string status;   ///< started, success, cancelled, error
  std::string created;  ///< a time as text
  std::string path;     ///< of the file, where a wrapper tells it

  static LogHeader from(const events::Json& log, std::string path);
  /// `inspect-<run>-<task>`; empty when the log names neither.
  [[nodiscard]] std::string session_id() const;
};

/// Tells the sessions of one sample: its conversation, then its calls outside of it.
/// @param sample  an object with `id`, `epoch` and `messages`
/// Errors: invalid_argument with the field.
core::Status read_sample(const events::Json& sample, const LogHeader& header, std::uint64_t line,
                         const std::function<void(Piece)>& tell);

/// The disjoint classes of Inspect's `ModelUsage`. Whether its input tokens contain the cached ones
/// depends on the version and provider; `total_tokens` tells.
events::Usage usage_of(const events::Json& model_usage);

/// A score as one step, or one per member where its value is an object.
/// @param id  tells it from the other scores of its session, whatever their values
std::vector<events::RecordScore> scores_of(const std::string& name, const events::Json& score,
                                           const std::string& id);

}  // namespace hansard::importers::inspect
