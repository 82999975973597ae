#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"
#include "tls/context.h"

namespace hansard::tls {

/// One side of one TLS connection, without a socket: bytes in, bytes out. It moves what it is given
/// and never waits. Confined to one thread.
class Session {
 public:
  /// The client's side. @param host  a name (sent as SNI) or an address; the certificate must be
  /// for it. Errors: internal.
  static core::Result<std::unique_ptr<Session>> connect(std::shared_ptr<const Context> context,
                                                        const std::string& host);
  /// The server's side.
  static std::unique_ptr<Session> accept(std::shared_ptr<const Context> context);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  enum class State : std::uint8_t {
    ok,      ///< done; of reading: there is something
    more,    ///< bytes of the other side are needed first
    closed,  ///< the other side has said that nothing follows
    failed   ///< for good, see `why`; what there is to say about it is in `take_output`
  };
  /// Goes on with the handshake.
  State handshake();
  /// Takes bytes of the network.
  void feed(std::string_view bytes);
  /// Up to `room` bytes of what the other side says, `got` of them.
  State read(char* into, std::size_t room, std::size_t& got);
  /// Appends all that can be read: `more`, `closed` or `failed`.
  State read_all(std::string& plain);
  /// `ok` when there is something to `read`; takes nothing.
  State look();
  /// @return false when it failed. @pre the handshake is done.
  bool write(std::string_view plain);
  /// Says good-bye, into the output.
  void say_goodbye();
  /// What must go to the network now; after each of the calls above there may be something.
  std::string take_output();
  /// Bytes that were fed and not looked at yet.
  [[nodiscard]] bool has_input() const;
  /// Of the last failure: a sentence without secrets.
  [[nodiscard]] const std::string& why() const { return why_; }

 private:
  struct Impl;
  explicit Session(std::shared_ptr<const Context> context);
  State judge(int outcome);

  std::unique_ptr<Impl> impl_;
  std::string why_;
};

}  // namespace hansard::tls
