#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gate.h"
#include "pool.h"
#include "response_parser.h"

namespace hansard::providers {

/// One call from request to the last byte of the answer: which connection, which deadline, what is
/// told when. Confined to the loop, except for its gate; held by `shared_ptr`.
class Call : public std::enable_shared_from_this<Call> {
 public:
  using OnHead = std::function<void(core::Result<core::ProviderHead>)>;
  using OnPiece = std::function<void(core::Result<std::string>)>;

  /// A connection that was idle and ends without a byte so soon after the request had been closed
  /// by the other side before it came; later, the request may have been at work.
  static constexpr std::chrono::seconds kStale{1};

  Call(Loop& loop, core::ProviderCall call, OnHead on_head);

  /// `pool`: none when there is no such provider.
  void begin(std::shared_ptr<Pool> pool);
  void next(OnPiece on_piece);
  /// Tells nobody, counts as cancelled when it was still under way.
  void cancel();
  void fail(core::Error error);

  [[nodiscard]] Gate& gate() { return gate_; }

 private:
  using Time = Timer::Clock::time_point;
  void acquire(bool fresh);
  void open();
  void send();
  void received(const Connection::Received& received);
  bool try_again();
  void forget_request();
  void ended_early(const Connection::Received& received);
  void go_on();
  void tell_head();
  void tell_piece(core::Result<std::string> piece);
  void receive();
  void settle();
  void release(bool reusable);
  void limit(std::string_view field, std::chrono::milliseconds time);
  void no_limit();
  void arm();
  void check_time();
  [[nodiscard]] std::string where() const;
  [[nodiscard]] std::string late() const;

  Gate gate_;
  core::ProviderCall call_;
  core::ProviderDeadlines deadlines_;
  OnHead on_head_;
  OnPiece on_piece_;
  std::shared_ptr<Pool> pool_;
  std::shared_ptr<const Upstream> upstream_;
  std::shared_ptr<Connection> connection_;
  std::string head_;  ///< of the request
  ResponseParser parser_;

  bool counted_ = false;    ///< among the active calls
  bool over_ = false;       ///< answered whole, failed or cancelled
  bool sent_ = false;       ///< the request, whole
  bool answering_ = false;  ///< a byte of the answer has come
  bool closing_ = false;    ///< the other side has ended the connection
  bool reused_ = false;
  bool head_told_ = false;
  std::optional<core::Error> error_;
  std::string body_;  ///< of the answer, come and not asked for yet: what one read gave

  std::string_view limit_field_;  ///< which deadline runs; empty: none
  std::chrono::milliseconds limit_time_{0};
  Time limit_at_;
  Time total_at_ = Time::max();
  Time sent_at_;
  Time armed_at_ = Time::max();
  Timer timer_;
};

}  // namespace hansard::providers
