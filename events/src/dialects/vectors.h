#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "events/dialects/answer.h"
#include "events/dialects/vector_hash.h"

/// What is kept of the vectors of an answer, and the stream of answers that are not streamed.
/// Private to src/dialects.
namespace hansard::events {

/// Gathers the vectors of one answer. Each counts as the little-endian float32 values that it says,
/// so that a list of numbers and base64 of the same vector are one; a form that is neither counts
/// as its compact JSON.
class VectorNotes {
 public:
  /// Errors: invalid_argument naming `path` or an element: a number that no float32 holds.
  core::Status add(const Json& vector, std::string_view path);
  /// Adds to `to`: `dimensions` (of every vector, if they agree and it is known), `vectors` (how
  /// many) and `sha`: hex SHA-256 of all their bytes in order.
  void describe(const VectorHash& hash, Json& to) const;

 private:
  void count(std::size_t dimensions);

  std::string bytes_;
  std::size_t vectors_ = 0;
  std::size_t dimensions_ = 0;
  bool known_ = true;  ///< all so far have `dimensions_`
};

/// For an API that does not stream: an answer that comes in one frame all the same is the body, and
/// other frames are kept under `_frames`.
std::unique_ptr<StreamedAnswer> make_whole_stream(bool (*is_body)(const Json& data));
std::vector<TimedFrame> write_whole_stream(const Json& body);

}  // namespace hansard::events
