#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "socket.h"

namespace hansard::providers {

/// Connects to whichever address of a host answers first, as RFC 8305 has it: in their order, the
/// next one begun when the one before has failed or let `kStagger` pass, none given up meanwhile.
/// So an address that swallows everything costs a quarter of a second, not the time to connect.
/// Confined to the loop; destroying it ends the attempts, and nobody is told.
class Dial {
 public:
  static constexpr std::chrono::milliseconds kStagger{250};

  explicit Dial(Loop& loop);

  /// `done` gets the connected socket, or none and why the first address failed; never before
  /// `start` returns. Without a deadline: the owner has one. @pre at least one address
  void start(std::vector<std::string> addresses, std::uint16_t port,
             std::function<void(std::unique_ptr<Socket>, const std::string& why)> done);

 private:
  void begin_next();
  void ended(const Socket* attempt, const std::string& why);

  Loop& loop_;
  Timer stagger_;
  std::vector<std::string> addresses_;  ///< not tried yet, the next one last
  std::uint16_t port_ = 0;
  std::vector<std::unique_ptr<Socket>> attempts_;
  std::string why_;
  std::function<void(std::unique_ptr<Socket>, const std::string&)> done_;
};

}  // namespace hansard::providers
