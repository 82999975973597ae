#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "process_watch.h"
#include "scale/must.h"
#include "server_process.h"

namespace hansard::bench {

/// `hansard serve` as a gateway in front of `upstream`. Ends with this.
class GatewayServer {
 public:
  /// @param recording  strict, relaxed or off
  GatewayServer(const std::filesystem::path& directory, const std::string& recording,
                std::uint16_t upstream);
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] ProcessWatch watch() { return ProcessWatch(server_.process().pid()); }
  /// Calls and answers on record.
  struct Recorded {
    std::uint64_t calls = 0;
    std::uint64_t answers = 0;
  };
  [[nodiscard]] Recorded recorded() const;

 private:
  static std::vector<std::string> configured(const std::filesystem::path& directory,
                                             const std::string& recording, std::uint16_t upstream);
  crash::Server server_;
  std::uint16_t port_ = 0;
};

/// nginx in front of `upstream`, with connections kept open, as a proxy that only passes on.
class Nginx {
 public:
  /// Nothing where it is not installed.
  static std::unique_ptr<Nginx> find(const std::filesystem::path& directory,
                                     std::uint16_t upstream);
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  Nginx(const std::string& program, const std::filesystem::path& directory, std::uint16_t upstream);
  static std::vector<std::string> configured(const std::filesystem::path& directory,
                                             std::uint16_t port, std::uint16_t upstream);
  const std::uint16_t port_;
  crash::Process process_;
};

}  // namespace hansard::bench
