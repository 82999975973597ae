#pragma once

#include <memory>
#include <vector>

#include "core/model_provider.h"
#include "core/time.h"
#include "providers/settings.h"
#include "providers/status.h"

namespace hansard::providers {

/// HTTP/1.1 client for the APIs of models: `core::ModelProvider` on one thread of its own
/// (`providers`), whatever the number of calls. Callbacks run on that thread and must not block.
/// Threads: safe to call concurrently. Cost: about 1 KiB per call besides its request, 30 KiB more
/// on TLS; a connection costs a file descriptor.
class Client final : public core::ModelProvider {
 public:
  /// Calls under way at one time, over all providers; then `overloaded`.
  static constexpr std::size_t kCallsMax = 16384;

  /// Reads keys and certificates that `settings` name. `clock` outlives the client.
  /// Errors: as of `reload`.
  static core::Result<std::unique_ptr<Client>> create(const Settings& settings,
                                                      const core::Clock& clock);
  /// Every call under way fails with `cancelled` before this returns; exchanges may still be
  /// destroyed later. May wait for a name lookup that is under way. @pre not on its own thread.
  ~Client() override;

  [[nodiscard]] std::unique_ptr<core::ProviderExchange> start(
      core::ProviderCall call, std::function<void(core::Result<core::ProviderHead>)> head) override;

  [[nodiscard]] std::vector<core::HttpField> added_fields(
      const std::string& provider) const override;

  /// Once it returns calls go by `settings`, all or nothing. Calls under way end as they began;
  /// idle connections of a provider stay unless its address or its TLS settings have changed.
  /// Errors: invalid_argument with the path of the setting (`providers.acme.base_url`), and then
  /// nothing has changed. Reads certificates, and waits for what the thread is at. @pre not on it.
  core::Status reload(const Settings& settings);

  /// Each configured provider by name. Cost: a short lock each.
  [[nodiscard]] std::vector<ProviderStatus> status() const;

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace hansard::providers
