#include "engine/models.h"

#include <algorithm>
#include <utility>

namespace hansard::cli {

namespace {

using core::Error;
using core::Result;
using providers::ProviderSettings;
using Scripts = std::map<std::string, scripted::Scripted, std::less<>>;

/// Whoever reads it knows which setting is meant.
Error placed(Error error) {
  if (!error.field.empty() && !error.message.starts_with(error.field)) {
    error.message = error.field + ": " + error.message;
  }
  return error;
}

Result<Scripts> load(const ScriptSettings& settings) {
  Scripts scripts;
  for (const auto& [name, setting] : settings) {
    Result<scripted::Script> script = setting.script == kBuiltinScript
                                          ? scripted::Script::builtin()
                                          : scripted::Script::load(setting.script);
    if (!script) {
      const std::string field = "providers." + name + ".script";
      return Error{script.error().code, field + ": " + script.error().message, field};
    }
    scripts.emplace(name, scripted::Scripted{setting.dialect, *std::move(script)});
  }
  return scripts;
}

bool same(const std::vector<core::HttpField>& a, const std::vector<core::HttpField>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const core::HttpField& x, const core::HttpField& y) {
                      return x.name == y.name && x.value == y.value;
                    });
}

bool same(const core::ProviderDeadlines& a, const core::ProviderDeadlines& b) {
  return a.connect == b.connect && a.first_byte == b.first_byte && a.idle == b.idle &&
         a.total == b.total;
}

bool same(const ProviderSettings& a, const ProviderSettings& b) {
  return a.base_url == b.base_url && a.dialect == b.dialect && a.key == b.key &&
         a.key_env == b.key_env && a.key_style == b.key_style && same(a.fields, b.fields) &&
         same(a.deadlines, b.deadlines) && a.connections_max == b.connections_max &&
         a.idle_connections_max == b.idle_connections_max && a.idle_time == b.idle_time &&
         a.ca_file == b.ca_file && a.insecure_skip_verify == b.insecure_skip_verify;
}

bool same(const ScriptSetting& a, const ScriptSetting& b) {
  return a.dialect == b.dialect && a.script == b.script;
}

/// Adds "acme changed" and the like.
template <class Map>
void tell(const Map& before, const Map& after, std::string& out) {
  const auto add = [&out](const std::string& name, const char* what) {
    out += (out.empty() ? "" : ", ") + name + " " + what;
  };
  for (const auto& [name, setting] : after) {
    const auto old = before.find(name);
    if (old == before.end()) {
      add(name, "added");
    } else if (!same(old->second, setting)) {
      add(name, "changed");
    }
  }
  for (const auto& [name, setting] : before) {
    if (!after.contains(name)) add(name, "removed");
  }
}

}  // namespace

Models::Models(std::unique_ptr<providers::Client> client,
               std::unique_ptr<scripted::Provider> scripted, const Settings& settings)
    : client_(std::move(client)),
      scripted_(std::move(scripted)),
      called_(settings.providers),
      scripts_(settings.scripts) {}

Result<std::unique_ptr<Models>> Models::create(const Settings& settings, const core::Clock& clock) {
  auto scripts = load(settings.scripts);
  if (!scripts) return scripts.error();
  auto client = providers::Client::create(settings.providers, clock);
  if (!client) return placed(client.error());
  return std::unique_ptr<Models>(
      new Models(*std::move(client),
                 std::make_unique<scripted::Provider>(*std::move(scripts), clock), settings));
}

std::unique_ptr<core::ProviderExchange> Models::start(
    core::ProviderCall call, std::function<void(Result<core::ProviderHead>)> head) {
  if (scripted_->has(call.provider)) return scripted_->start(std::move(call), std::move(head));
  return client_->start(std::move(call), std::move(head));
}

std::vector<core::HttpField> Models::added_fields(const std::string& provider) const {
  return client_->added_fields(provider);
}

Result<std::string> Models::reload(const Settings& settings) {
  auto scripts = load(settings.scripts);
  if (!scripts) return scripts.error();
  if (auto status = client_->reload(settings.providers); !status) {
    return placed(status.error());
  }
  scripted_->reload(*std::move(scripts));
  std::string changes;
  tell(called_.providers, settings.providers.providers, changes);
  tell(scripts_, settings.scripts, changes);
  called_ = settings.providers;
  scripts_ = settings.scripts;
  return changes;
}

std::vector<providers::ProviderStatus> Models::status() const {
  std::vector<providers::ProviderStatus> all = client_->status();
  for (const scripted::Status& each : scripted_->status()) {
    providers::ProviderStatus& row = all.emplace_back();
    row.name = each.name;
    row.dialect = each.dialect;
    row.base_url = "script:";
    row.calls = each.calls;
    row.calls_active = each.calls - each.succeeded - each.cancelled;
    row.succeeded = each.succeeded;
    row.cancelled = each.cancelled;
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return all;
}

}  // namespace hansard::cli
