#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/model_provider.h"

namespace hansard::providers {

/// Reads one answer of HTTP/1.x out of bytes, without a socket. The wire grammar is Beast's; what
/// is kept, and the bounds, are ours. Interim answers (1xx) and trailers are passed over.
class ResponseParser {
 public:
  /// Of the head of an answer; and of what stands between two chunks.
  static constexpr std::size_t kHeadBytesMax = 64U << 10;
  static constexpr int kInterimMax = 16;

  /// @param head_request  the answer to HEAD has no body, whatever its fields say
  explicit ResponseParser(bool head_request);
  ~ResponseParser();
  ResponseParser(const ResponseParser&) = delete;
  ResponseParser& operator=(const ResponseParser&) = delete;

  /// Takes all of `bytes`. Returns why they are no HTTP; what came before is kept nevertheless.
  std::optional<std::string> feed(std::string_view bytes);
  /// The connection has ended. @param clean  the other side said so, in a way that cannot be forged
  void end(bool clean);

  [[nodiscard]] bool head_done() const;
  [[nodiscard]] bool done() const;
  [[nodiscard]] bool keep_alive() const;                     ///< @pre done
  [[nodiscard]] bool leftover() const { return leftover_; }  ///< bytes came after the end
  core::ProviderHead take_head();
  /// The body since the last call.
  std::string take_body();

 private:
  class Sink;
  void restart();
  std::optional<std::string> feed_one(std::string_view bytes, std::size_t& used);

  const bool head_request_;
  std::unique_ptr<Sink> sink_;
  std::string carry_;  ///< came, but is not enough to go on with
  std::size_t head_bytes_ = 0;
  int interims_ = 0;
  bool leftover_ = false;
};

}  // namespace hansard::providers
