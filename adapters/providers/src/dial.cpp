#include "dial.h"

#include <algorithm>
#include <utility>

namespace hansard::providers {

Dial::Dial(Loop& loop) : loop_(loop), stagger_(loop) {}

void Dial::start(std::vector<std::string> addresses, std::uint16_t port,
                 std::function<void(std::unique_ptr<Socket>, const std::string&)> done) {
  std::reverse(addresses.begin(), addresses.end());
  addresses_ = std::move(addresses);
  port_ = port;
  done_ = std::move(done);
  begin_next();
}

void Dial::begin_next() {
  const std::string address = std::move(addresses_.back());
  addresses_.pop_back();
  Socket* const attempt = attempts_.emplace_back(std::make_unique<Socket>(loop_)).get();
  attempt->connect(address, port_,
                   [this, attempt](const std::string& why) { ended(attempt, why); });
  if (addresses_.empty()) {
    stagger_.cancel();
  } else {
    stagger_.at(Timer::Clock::now() + kStagger, [this] { begin_next(); });
  }
}

void Dial::ended(const Socket* attempt, const std::string& why) {
  const auto found = std::find_if(attempts_.begin(), attempts_.end(),
                                  [&](const auto& one) { return one.get() == attempt; });
  std::unique_ptr<Socket> socket = std::move(*found);
  attempts_.erase(found);
  if (why.empty()) {
    stagger_.cancel();
    attempts_.clear();
    const auto tell = std::exchange(done_, nullptr);
    tell(std::move(socket), why);  // which may be the end of this object
    return;
  }
  if (why_.empty()) why_ = why;
  if (!addresses_.empty()) {
    begin_next();
  } else if (attempts_.empty()) {
    const auto tell = std::exchange(done_, nullptr);
    tell(nullptr, std::string(why_));
  }
}

}  // namespace hansard::providers
