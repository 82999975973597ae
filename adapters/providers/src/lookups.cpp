#include "lookups.h"

#include <boost/asio/ip/tcp.hpp>

#include <map>
#include <utility>

#include "base_url.h"
#include "loop_impl.h"

namespace hansard::providers {

namespace asio = boost::asio;
using asio::ip::tcp;

struct Lookups::Impl {
  explicit Impl(Loop& on) : loop(on), resolver(on.impl().io) {}

  struct Name {
    std::vector<std::function<void(const Found&)>> waiting;
    Found found;
    std::chrono::steady_clock::time_point at;
  };

  void answered(const std::string& host, Found found) {
    Name& name = names[host];
    name.found = std::move(found);
    name.at = std::chrono::steady_clock::now();
    const auto waiting = std::exchange(name.waiting, {});
    const Found answer = name.found;  // whoever is told may ask again
    for (const auto& done : waiting) done(answer);
  }

  Loop& loop;
  tcp::resolver resolver;
  std::map<std::string, Name> names;
};

Lookups::Lookups(Loop& loop) : impl_(std::make_shared<Impl>(loop)) {}

Lookups::~Lookups() = default;

void Lookups::find(const std::string& host, std::function<void(const Found&)> done) {
  if (is_address(host)) {
    impl_->loop.post([done = std::move(done), host] { done({{host}, {}}); });
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  std::erase_if(impl_->names, [&](const auto& entry) {
    return entry.second.waiting.empty() && now - entry.second.at > kFresh;
  });
  Impl::Name& name = impl_->names[host];
  if (!name.found.addresses.empty() && now - name.at <= kFresh) {
    impl_->loop.post([done = std::move(done), found = name.found] { done(found); });
    return;
  }
  name.waiting.push_back(std::move(done));
  if (name.waiting.size() > 1) return;
  impl_->resolver.async_resolve(
      host, "", asio::ip::resolver_base::address_configured,
      [weak = std::weak_ptr(impl_), host](const boost::system::error_code& failed,
                                          const tcp::resolver::results_type& results) {
        const auto impl = weak.lock();
        if (!impl) return;
        Found found;
        if (failed) found.why = failed.message();
        for (const auto& entry : results) {
          found.addresses.push_back(entry.endpoint().address().to_string());
        }
        impl->answered(host, std::move(found));
      });
}

}  // namespace hansard::providers
