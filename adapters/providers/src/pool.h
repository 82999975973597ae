#pragma once

#include <deque>
#include <memory>

#include "connection.h"

namespace hansard::providers {

/// The connections of one provider. Confined to the loop; calls hold it by `shared_ptr`.
class Pool : public std::enable_shared_from_this<Pool> {
 public:
  Pool(Loop& loop, Lookups& lookups, std::shared_ptr<const Upstream> upstream,
       std::shared_ptr<Scoreboard> scoreboard);

  /// Room for one more connection, counted until it is given back or dropped.
  bool admit();
  /// A new connection, not open yet. @pre admitted
  std::shared_ptr<Connection> make();
  /// The connection used last, open and still counted; none when none is idle.
  std::shared_ptr<Connection> take();
  /// After a whole answer: keeps it for a later call, or closes it.
  void give(std::shared_ptr<Connection> connection);
  void drop(const std::shared_ptr<Connection>& connection);

  /// Goes on with other settings. @pre the connections fit them
  void change(std::shared_ptr<const Upstream> upstream);
  /// No connection is kept any more.
  void retire();

  [[nodiscard]] const std::shared_ptr<const Upstream>& upstream() const { return upstream_; }
  [[nodiscard]] Scoreboard& scoreboard() { return *scoreboard_; }
  [[nodiscard]] const std::shared_ptr<Scoreboard>& shared_scoreboard() const { return scoreboard_; }

 private:
  struct Idle {
    std::shared_ptr<Connection> connection;
    Timer::Clock::time_point until;
  };
  void forget(const Connection* gone);
  void shrink();
  void sweep();
  void told();

  Loop& loop_;
  Lookups& lookups_;
  std::shared_ptr<const Upstream> upstream_;
  const std::shared_ptr<Scoreboard> scoreboard_;
  std::deque<Idle> idle_;  ///< the one idle longest first
  std::size_t open_ = 0;
  bool retired_ = false;
  Timer sweeper_;
};

}  // namespace hansard::providers
