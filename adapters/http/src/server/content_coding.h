#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"
#include "http/message.h"
#include "http/pool.h"

namespace hansard::http {

/// Expands a compressed body piece by piece, in bounded memory whatever it expands to: one piece,
/// and the window of the coding (gzip 32 KiB, zstd at most kWindowMax). Several gzip members or
/// zstd frames in a row are one body. Caller synchronises.
class Expander {
 public:
  static constexpr std::size_t kPieceBytes = 64U << 10;
  static constexpr int kZstdWindowLogMax = 23;  ///< 8 MiB, what RFC 8878 asks decoders to allow

  virtual ~Expander() = default;
  /// Takes bytes off the front of `in` and returns what they expand to, at most kPieceBytes; empty
  /// only when `in` is used up. Errors: invalid_argument (broken, or a larger window).
  virtual core::Result<std::string> expand(std::string_view& in) = 0;
  /// True between two members: the body may end here.
  [[nodiscard]] virtual bool may_end() const = 0;
};

/// True for the value of Content-Encoding that needs no expanding.
bool is_identity(std::string_view coding);

/// For `gzip`, `x-gzip` and `zstd`; null for any other coding.
std::unique_ptr<Expander> make_expander(std::string_view coding);

/// What `body` expands to. Errors: too_large (more than `bytes_max`), invalid_argument (broken, or
/// it ends within).
core::Result<std::string> expand_whole(Expander& expander, std::string_view body,
                                       std::size_t bytes_max);

/// A body as it comes in, expanded on `pool`, a piece at a time. `pool` outlives what it posted.
std::shared_ptr<BodyIntake> expand_intake(std::shared_ptr<BodyIntake> body,
                                          std::unique_ptr<Expander> expander, Pool& pool);

}  // namespace hansard::http
