#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "content_decoder.h"
#include "events/dialects/apis.h"
#include "events/dialects/framing.h"

namespace hansard::gateway {

/// The most of one answer that is kept to be recorded; a longer one passes, and is recorded as cut.
inline constexpr std::size_t kAnswerBytesMax = 64U << 20;

/// Watches the bytes of an answer pass. Says which may go on to the client at once and which must
/// wait until the answer is on record: of a stream the frame that ends it, or says that it failed,
/// and what follows, else the last byte. Of what is compressed, which passes as it came, the pieces
/// wait in which such a frame ends or begins. Confined to one thread; memory: the answer.
class AnswerTee {
 public:
  struct Options {
    bool streams = false;     ///< the answer is a stream of that API
    bool drop_usage = false;  ///< frames with usage alone are taken out: we asked for them, not the
                              ///< client. Not of what is compressed
    /// Of an answer that is no stream of that API the last byte waits. Otherwise only its end does:
    /// for who reads bytes as they come, of an API that nobody knows.
    bool hold_last = true;
    std::string coding;                       ///< Content-Encoding
    std::size_t bytes_max = kAnswerBytesMax;  ///< to be kept, decoded
  };

  /// @param api  null where nobody knows what the bytes mean
  AnswerTee(const events::Api* api, Options options);

  /// Takes bytes as they came, microseconds after the request was sent.
  /// @return those that may go on
  std::string take(std::string_view bytes, std::uint64_t at_us);
  /// Nothing follows: reads a last frame that has no end. It is held back, like what was before.
  void end(std::uint64_t at_us);
  /// What has been held back. To be called when the answer is on record.
  std::string release();

  /// The answer has said that it is over.
  [[nodiscard]] bool complete() const { return complete_; }
  [[nodiscard]] bool streams() const { return stream_ != nullptr; }
  [[nodiscard]] std::optional<std::uint64_t> first_content_us() const { return first_us_; }
  /// The bytes of an answer that is no stream.
  [[nodiscard]] const std::string& bytes() const { return body_; }
  /// More came than is kept, or its coding was broken or is not known.
  [[nodiscard]] bool cut() const { return cut_; }
  [[nodiscard]] std::uint64_t decoded_bytes() const { return decoded_; }
  /// What came of a stream. To be called once.
  events::StreamEnd take_stream() { return stream_->end(); }

 private:
  std::string take_frames(std::string_view bytes, std::uint64_t at_us);
  std::string take_coded(std::string_view bytes, std::uint64_t at_us);
  void keep(std::string_view decoded);
  [[nodiscard]] std::uint64_t keep_unfinished(std::uint64_t came);
  void read_frames(std::uint64_t at_us, std::string& out);
  /// Moves held bytes below `offset` to `out`.
  void pass(std::uint64_t offset, std::string& out);
  [[nodiscard]] bool may_be_last(std::string_view unfinished) const;

  const events::Api* api_;
  const Options options_;
  std::unique_ptr<ContentDecoder> decoder_;
  const bool coded_;
  std::unique_ptr<events::Splitter> splitter_;
  std::unique_ptr<events::StreamedAnswer> stream_;
  std::string held_;
  std::uint64_t held_at_ = 0;  ///< offset of held_[0] in the answer
  std::string unfinished_;     ///< of a stream: what has come of a frame, decoded
  std::uint64_t decoded_ = 0;
  bool complete_ = false;
  bool cut_ = false;
  std::optional<std::uint64_t> first_us_;
  std::string body_;
};

}  // namespace hansard::gateway
