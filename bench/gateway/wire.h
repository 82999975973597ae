#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hansard::bench {

/// What a call of this benchmark asks for; it travels as the name of the model, so that whoever is
/// between client and upstream need not know it.
struct Asked {
  std::size_t bytes = 1024;    ///< of text, in the question and in the answer
  std::uint32_t delay_ms = 0;  ///< before the first byte of the answer
  bool stream = false;         ///< as server-sent events

  [[nodiscard]] std::string model() const;
  /// What a body asks for, or nothing where it is none of ours.
  static std::optional<Asked> of(std::string_view body);
};

/// One message of HTTP/1.1 in bytes as they come: where its head and its body end. Knows
/// Content-Length and chunks, and takes chunks apart only as far as to find the last.
class MessageEnd {
 public:
  /// Looks at all of `bytes` again, which begin with the message.
  /// @return its length once it is all there
  std::optional<std::size_t> find(std::string_view bytes);
  /// Of the head, once it is there.
  [[nodiscard]] std::size_t head_bytes() const { return head_; }
  void reset() { *this = MessageEnd(); }

 private:
  std::size_t head_ = 0;
  std::size_t at_ = 0;  ///< where the next chunk begins
  std::size_t length_ = 0;
  bool chunked_ = false;
};

/// A listening or connected stream socket of 127.0.0.1, not blocking. Throws `Failed`.
int listen_on_loopback(std::uint16_t& port);
int connect_to_loopback(std::uint16_t port);

}  // namespace hansard::bench
