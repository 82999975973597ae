#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hansard::gateway {

/// Undoes a content coding while an answer passes, to read what it says. Memory: the window of the
/// coding (zstd at most 8 MiB), and what one piece expands to. Confined to one thread.
class ContentDecoder {
 public:
  virtual ~ContentDecoder() = default;
  /// What the next bytes expand to, as far as it can be told yet.
  /// @param most  expands no further
  /// @return nothing when the bytes are broken, or there would be more than `most`
  virtual std::optional<std::string> decode(std::string_view bytes, std::size_t most) = 0;
};

/// For a value of Content-Encoding: gzip, deflate (with zlib's header or, as some send it, without)
/// and zstd, one coding alone. Null for any other.
std::unique_ptr<ContentDecoder> make_decoder(std::string_view coding);

/// Nothing is to be undone.
bool is_identity(std::string_view coding);

/// What a client accepts (Accept-Encoding), without what cannot be read here; `identity` where
/// nothing is left.
std::string readable_codings(std::string_view accepted);

}  // namespace hansard::gateway
