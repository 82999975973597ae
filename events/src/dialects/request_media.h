#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "events/session/parts.h"

/// Pictures, sounds and files in messages, whatever API they came in. Private to src/dialects.
namespace hansard::events {

struct Media {
  enum class Kind : std::uint8_t { image, audio, file };
  Kind kind = Kind::image;
  std::string media_type;  ///< empty: not told
  std::string data;        ///< in base64; empty: at `url`, or `text`
  std::string url;
  std::string text;  ///< of a file that is plain text
  std::string name;

  /// `data:<type>;base64,<data>`, or `url`.
  [[nodiscard]] std::string as_url() const;
};

/// What a part holds or points to; nothing where it is no such part, or one that only the provider
/// knows (an id of a file).
std::optional<Media> media_of(const Part& part);

}  // namespace hansard::events
