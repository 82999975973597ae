#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/model_provider.h"
#include "core/time.h"
#include "engine/settings.h"
#include "providers/client.h"
#include "scripted/provider.h"

namespace hansard::cli {

/// Every provider of the configuration behind one port: those that are called over the network, and
/// those that follow a script. Threads: safe to call concurrently; one `reload` at a time.
class Models final : public core::ModelProvider {
 public:
  /// Errors: those of `providers::Client::create` and of loading a script.
  static core::Result<std::unique_ptr<Models>> create(const Settings& settings,
                                                      const core::Clock& clock);

  [[nodiscard]] std::unique_ptr<core::ProviderExchange> start(
      core::ProviderCall call, std::function<void(core::Result<core::ProviderHead>)> head) override;

  [[nodiscard]] std::vector<core::HttpField> added_fields(
      const std::string& provider) const override;

  /// Once it returns calls go by `settings`, all or nothing; calls under way end as they began.
  /// @return which providers are new, changed or gone, by name and nothing else
  /// Errors: as of `create`, and then nothing has changed.
  core::Result<std::string> reload(const Settings& settings);

  /// By name.
  [[nodiscard]] std::vector<providers::ProviderStatus> status() const;

 private:
  Models(std::unique_ptr<providers::Client> client, std::unique_ptr<scripted::Provider> scripted,
         const Settings& settings);

  std::unique_ptr<providers::Client> client_;
  std::unique_ptr<scripted::Provider> scripted_;
  // Of the latest `reload`: to tell what the next one changes.
  providers::Settings called_;
  ScriptSettings scripts_;
};

}  // namespace hansard::cli
