#include "transcripts.h"

#include <utility>
#include <variant>

namespace hansard::gateway {

namespace {

using core::Ok;
using core::Result;
using core::Status;
using events::SessionCreated;
using events::Transcript;

/// Reads sessions from the oldest ancestor down to the one asked for.
class Loader {
 public:
  Loader(const core::EventLog& log, const events::SessionCodec& codec,
         const core::ProjectId& project, Transcript& into)
      : log_(log), codec_(codec), project_(project), into_(into) {}

  /// @param below  version of the first event not wanted; nothing: all of them
  /// @return whether anything is there
  Result<bool> load(const std::string& session, std::optional<core::Version> below,
                    std::size_t depth) {
    auto stream = core::StreamId::make("session", session);
    if (!stream || depth > kForkDepthMax) return false;
    Status status = Ok{};
    bool found = false;
    const auto read =
        log_.read_stream(project_, *stream, {}, [&](const core::RecordedEvent& event) {
          if (below && event.version >= *below) return false;
          const bool first = !std::exchange(found, true);
          status = take(event, session, first, depth);
          return static_cast<bool>(status);
        });
    if (!status) return status.error();
    if (!read) return read.error();
    return found;
  }

 private:
  Status take(const core::RecordedEvent& event, const std::string& session, bool first,
              std::size_t depth) {
    auto decoded = codec_.decode(event);
    if (!decoded) return decoded.error();
    if (const auto* created = std::get_if<SessionCreated>(&decoded->event);
        created != nullptr && first && created->parent) {
      const auto inherited =
          load(created->parent->session, core::Version{created->parent->at_version + 1}, depth + 1);
      if (!inherited) return inherited.error();
    }
    into_.apply(decoded->event, event.version, session);
    return Ok{};
  }

  const core::EventLog& log_;
  const events::SessionCodec& codec_;
  const core::ProjectId& project_;
  Transcript& into_;
};

}  // namespace

Result<std::optional<Transcript>> load_transcript(const core::EventLog& log,
                                                  const events::SessionCodec& codec,
                                                  const events::Digester& digester,
                                                  const core::ProjectId& project,
                                                  const std::string& session) {
  Transcript transcript(digester);
  const auto found = Loader(log, codec, project, transcript).load(session, {}, 0);
  if (!found) return found.error();
  if (!*found) return std::optional<Transcript>{};
  return std::optional(std::move(transcript));
}

}  // namespace hansard::gateway
