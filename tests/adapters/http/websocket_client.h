#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hansard::http::testing {

/// A WebSocket client by Beast, so that our framing is judged by somebody else's. Every wait ends
/// after kPatience.
class WebSocketClient {
 public:
  static constexpr std::chrono::seconds kPatience{10};

  explicit WebSocketClient(std::uint16_t port, const std::string& target = "/v1/live",
                           const std::string& host = "localhost", const std::string& origin = "");
  ~WebSocketClient();
  WebSocketClient(WebSocketClient&&) noexcept;

  [[nodiscard]] bool open() const;
  /// Of the answer to the handshake.
  [[nodiscard]] int status() const;

  bool send(std::string_view text);
  bool send_binary(std::string_view bytes);
  bool ping(std::string_view payload);
  /// The next message, held against what `GET /openapi.json` promises; nothing when the connection
  /// ended or nothing came in time.
  std::optional<std::string> read(std::chrono::milliseconds patience = kPatience);
  /// Payload of the last pong.
  [[nodiscard]] std::string pong() const;
  /// True when the server closed, or nothing else came before it did.
  bool closed();
  [[nodiscard]] std::uint16_t close_code() const;
  [[nodiscard]] std::string close_reason() const;
  void close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hansard::http::testing
