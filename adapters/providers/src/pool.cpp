#include "pool.h"

#include <algorithm>
#include <utility>

namespace hansard::providers {

Pool::Pool(Loop& loop, Lookups& lookups, std::shared_ptr<const Upstream> upstream,
           std::shared_ptr<Scoreboard> scoreboard)
    : loop_(loop),
      lookups_(lookups),
      upstream_(std::move(upstream)),
      scoreboard_(std::move(scoreboard)),
      sweeper_(loop) {}

bool Pool::admit() {
  if (open_ >= upstream_->settings.connections_max && !idle_.empty()) {
    // Whoever insists on a fresh connection goes before one that only might be used.
    drop(std::exchange(idle_.front().connection, nullptr));
    idle_.pop_front();
    told();
  }
  if (open_ >= upstream_->settings.connections_max) return false;
  ++open_;
  return true;
}

std::shared_ptr<Connection> Pool::make() {
  return std::make_shared<Connection>(loop_, lookups_, upstream_, scoreboard_);
}

std::shared_ptr<Connection> Pool::take() {
  if (idle_.empty()) return nullptr;
  auto connection = std::move(idle_.back().connection);
  idle_.pop_back();
  told();
  return connection;
}

void Pool::give(std::shared_ptr<Connection> connection) {
  const ProviderSettings& settings = upstream_->settings;
  if (retired_ || settings.idle_connections_max == 0 || settings.idle_time.count() == 0) {
    drop(connection);
    return;
  }
  // An idle connection that ends, or says something unasked, is of no use to the next call.
  connection->receive([weak = weak_from_this(), gone = connection.get()](const auto& /*received*/) {
    if (const auto self = weak.lock()) self->forget(gone);
  });
  idle_.push_back({std::move(connection), Timer::Clock::now() + settings.idle_time});
  shrink();
}

void Pool::drop(const std::shared_ptr<Connection>& connection) {
  connection->close();
  --open_;
}

void Pool::forget(const Connection* gone) {
  const auto found = std::find_if(idle_.begin(), idle_.end(),
                                  [&](const Idle& idle) { return idle.connection.get() == gone; });
  if (found == idle_.end()) return;
  drop(found->connection);
  idle_.erase(found);
  told();
}

void Pool::change(std::shared_ptr<const Upstream> upstream) {
  upstream_ = std::move(upstream);
  shrink();
}

void Pool::retire() {
  retired_ = true;
  for (const Idle& idle : idle_) drop(idle.connection);
  idle_.clear();
  told();
  sweeper_.cancel();
}

void Pool::shrink() {
  while (idle_.size() > upstream_->settings.idle_connections_max) {
    drop(idle_.front().connection);
    idle_.pop_front();
  }
  told();
  sweep();
}

/// Closes what has been idle too long, and comes back when the next one has been.
void Pool::sweep() {
  const auto now = Timer::Clock::now();
  while (!idle_.empty() && idle_.front().until <= now) {
    drop(idle_.front().connection);
    idle_.pop_front();
  }
  told();
  if (idle_.empty()) {
    sweeper_.cancel();
    return;
  }
  sweeper_.at(idle_.front().until, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->sweep();
  });
}

void Pool::told() {
  scoreboard_->update([&](ProviderStatus& status) { status.connections_idle = idle_.size(); });
}

}  // namespace hansard::providers
