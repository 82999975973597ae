#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"
#include "events/json.h"
#include "events/session/commands.h"
#include "importers/reader.h"

namespace hansard::importers {

/// What a source says about the tokens of one call.
struct CallUsage {
  events::Usage usage;
  events::Json raw;
  std::optional<events::Json> metadata = std::nullopt;
};

/// One session of a log that grows: its steps in order, told in pieces of bounded size. An answer
/// without usage waits until its usage comes or the next answer begins, since some logs tell the
/// tokens of a call after it; what follows the answer waits with it.
/// Memory: one piece, and what follows a waiting answer.
class SessionFlow {
 public:
  static constexpr std::size_t kPieceSteps = 256;
  static constexpr std::size_t kPieceBytes = 1U << 20;  ///< of source text, last record apart

  /// @param tell  gets every piece.
  SessionFlow(Piece beginning, std::function<void(Piece)> tell);

  /// A record of the source is being read: where it stands, and how large it is.
  void at(std::uint64_t line, std::size_t bytes);
  void step(events::SessionStep step, std::optional<core::Timestamp> time);
  /// A message, or a result; one that names no call counts as attached.
  void message(events::SessionStep step, std::optional<core::Timestamp> time);
  /// Something beside the conversation, kept as it stands.
  void attach(std::string id, std::string_view kind, std::string_view path, std::string_view reason,
              events::Json record, std::optional<core::Timestamp> time);
  void left_out(std::string path, std::string reason);

  /// An answer and its calls. @pre the first of `steps` is a RecordResponse
  void answer(std::vector<events::RecordedStep> steps);
  /// True while an answer waits for its usage.
  [[nodiscard]] bool waiting() const { return waiting_.has_value(); }
  /// Gives the waiting answer its usage. @pre waiting()
  void usage(CallUsage usage);

  void finish();

 private:
  void tell();
  void tell_when_full();

  Piece beginning_;  ///< what every piece repeats
  Piece piece_;
  std::function<void(Piece)> tell_;
  std::optional<std::size_t> waiting_;  ///< place of the answer in `piece_`
  std::size_t bytes_ = 0;
  bool told_ = false;
};

/// Marks an answer with its usage.
void add_usage(events::ResponseReceived& answer, CallUsage usage);

}  // namespace hansard::importers
