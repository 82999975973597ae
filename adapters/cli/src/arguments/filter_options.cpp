#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "arguments/options.h"

namespace hansard::cli {

CLI::Option* add_filter(CLI::App& app, Filters& filters, const std::string& name,
                        const std::string& doc) {
  return app.add_option_function<std::string>(
      "--" + name,
      [&filters, name](const std::string& value) { filters.emplace_back(name, value); }, doc);
}

CLI::Option* add_repeated(CLI::App& app, Filters& filters, const std::string& name,
                          const std::string& doc) {
  return app.add_option_function<std::vector<std::string>>(
      "--" + name,
      [&filters, name](const std::vector<std::string>& values) {
        for (const std::string& value : values) filters.emplace_back(name, value);
      },
      doc + "; may be repeated");
}

std::vector<CLI::Option*> add_session_filters(CLI::App& app, Filters& filters) {
  return {add_filter(app, filters, "user", "Of this user"),
          add_filter(app, filters, "agent", "Of this agent"),
          add_filter(app, filters, "app", "Of this app"),
          add_filter(app, filters, "model", "That asked this model"),
          add_repeated(app, filters, "tag", "With this tag, as key:value"),
          add_filter(app, filters, "status", "active, open or ended"),
          add_filter(app, filters, "from", "Active at or after this time (RFC 3339)"),
          add_filter(app, filters, "to", "Active before this time")};
}

}  // namespace hansard::cli
