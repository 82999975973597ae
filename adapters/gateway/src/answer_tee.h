#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "events/dialects/apis.h"
#include "events/dialects/framing.h"

namespace hansard::gateway {

/// The most of one answer that is kept to be recorded; a longer one passes, and is recorded as cut.
inline constexpr std::size_t kAnswerBytesMax = 64U << 20;

/// Watches the bytes of an answer pass. Says which may go on to the client at once and which must
/// wait until the answer is on record: of a stream the frame that ends it, or says that it failed,
/// and what follows, else the last byte. Confined to one thread; memory: the answer.
class AnswerTee {
 public:
  /// @param api         null where nobody knows what the bytes mean
  /// @param streams     the answer is a stream of that API
  /// @param drop_usage  frames with usage alone are taken out: we asked for them, not the client
  AnswerTee(const events::Api* api, bool streams, bool drop_usage);

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
  [[nodiscard]] bool cut() const { return cut_; }  ///< over kAnswerBytesMax
  /// What came of a stream. To be called once.
  events::StreamEnd take_stream() { return stream_->end(); }

 private:
  std::string take_frames(std::string_view bytes, std::uint64_t at_us);
  void read_frames(std::uint64_t at_us, std::string& out);
  /// Moves held bytes below `offset` to `out`.
  void pass(std::uint64_t offset, std::string& out);
  [[nodiscard]] bool may_be_last(std::string_view unfinished) const;

  const events::Api* api_;
  const bool drop_usage_;
  std::unique_ptr<events::Splitter> splitter_;
  std::unique_ptr<events::StreamedAnswer> stream_;
  std::string held_;
  std::uint64_t held_at_ = 0;  ///< offset of held_[0] in the answer
  bool complete_ = false;
  bool cut_ = false;
  std::optional<std::uint64_t> first_us_;
  std::string body_;
};

}  // namespace hansard::gateway
