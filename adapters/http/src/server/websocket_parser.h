#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hansard::http {

/// Close codes of RFC 6455 §7.4.1 that we send.
namespace close_code {
inline constexpr std::uint16_t kNormal = 1000;
inline constexpr std::uint16_t kGoingAway = 1001;
inline constexpr std::uint16_t kProtocol = 1002;
inline constexpr std::uint16_t kUnsupportedData = 1003;
inline constexpr std::uint16_t kBadPayload = 1007;
inline constexpr std::uint16_t kPolicy = 1008;
inline constexpr std::uint16_t kTooBig = 1009;
inline constexpr std::uint16_t kInternal = 1011;
}  // namespace close_code

/// Why a WebSocket ends: goes into the close frame.
struct WebSocketClose {
  std::uint16_t code = close_code::kNormal;
  std::string reason;  ///< UTF-8; cut to 123 bytes when sent
};

/// Reads the frames of a WebSocket client (RFC 6455 §5) out of bytes, without a socket. Text
/// messages only, no extensions. Fragments are joined; control frames may come between them.
/// Holds at most one message and 139 bytes. One object per connection; caller synchronises.
class WebSocketParser {
 public:
  explicit WebSocketParser(std::size_t message_bytes_max) : message_bytes_max_(message_bytes_max) {}

  enum class Kind : std::uint8_t { text, ping, pong, close };
  struct Item {
    Kind kind = Kind::text;
    std::string payload;   ///< of a close frame: the reason
    std::uint16_t code{};  ///< of a close frame; 0 when it names none
  };
  struct Fed {
    std::size_t used = 0;                   ///< bytes the caller may forget
    std::optional<Item> item;               ///< feed again: more may follow
    std::optional<WebSocketClose> failure;  ///< the client broke the rules; feed no more
  };
  /// Takes from the front of `bytes`, which begin where the last call stopped, up to one item.
  Fed feed(std::string_view bytes);

 private:
  struct Head {
    std::uint8_t opcode = 0;
    bool fin = false;
    std::uint64_t length = 0;
    std::uint8_t mask[4]{};
  };

  /// Bytes of the head that `head_bytes_` starts; 0 while that is not known.
  [[nodiscard]] std::size_t head_size() const;
  std::optional<WebSocketClose> begin_frame();
  std::optional<WebSocketClose> check_place() const;
  void end_frame(Fed& fed);

  const std::size_t message_bytes_max_;
  std::string head_bytes_;  ///< of a head that came in pieces
  std::optional<Head> frame_;
  std::uint64_t seen_ = 0;  ///< payload bytes of `frame_`
  std::string control_;     ///< payload of a control frame
  std::string message_;     ///< of the message so far
  bool fragmented_ = false;
};

/// A frame's head as a server sends it: whole, unmasked.
enum class WebSocketOpcode : std::uint8_t { text = 1, close = 8, ping = 9, pong = 10 };
void append_frame_head(WebSocketOpcode opcode, std::size_t payload_bytes, std::string& out);
/// A whole close frame; the reason is cut at a character's end.
std::string close_frame(const WebSocketClose& why);

}  // namespace hansard::http
