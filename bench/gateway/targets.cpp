#include "gateway/targets.h"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "gateway/wire.h"
#include "http_client.h"

namespace hansard::bench {

namespace {

/// Connections that nginx keeps open: as many as any load here has.
constexpr int kConnectionsMax = 1100;

std::uint16_t free_port() {
  std::uint16_t port = 0;
  ::close(listen_on_loopback(port));
  return port;
}

/// Events of `type` on record.
std::uint64_t count(crash::HttpClient& client, const std::string& type) {
  std::uint64_t lines = 0;
  const auto status =
      client.get_lines("/v1/events?from=0&type=" + type + "&limit=10000000",
                       [&](std::string_view line) { lines += line.empty() ? 0 : 1; });
  must(status == 200, "the events cannot be read");
  return lines;
}

}  // namespace

std::vector<std::string> GatewayServer::configured(const std::filesystem::path& directory,
                                                   const std::string& recording,
                                                   std::uint16_t upstream) {
  std::filesystem::create_directories(directory);
  const auto file = directory / "hansard.toml";
  std::ofstream(file) << "[gateway]\nrecording = \"" << recording
                      << "\"\n[providers.openai]\nbase_url = \"http://127.0.0.1:" << upstream
                      << "/v1\"\nmax_connections = " << kConnectionsMax
                      << "\nmax_idle_connections = " << kConnectionsMax
                      << "\n[limits]\nconnections = " << 2 * kConnectionsMax << "\n";
  return {"--config", file.string()};
}

GatewayServer::GatewayServer(const std::filesystem::path& directory, const std::string& recording,
                             std::uint16_t upstream)
    : server_(directory / "data", directory / "errors",
              configured(directory, recording, upstream)) {
  const auto port = server_.listening();
  must(port.has_value(), "the server does not start: see " + (directory / "errors").string());
  port_ = *port;
}

GatewayServer::Recorded GatewayServer::recorded() const {
  crash::HttpClient client(port_);
  return {count(client, "ResponseRequested"), count(client, "ResponseReceived")};
}

std::vector<std::string> Nginx::configured(const std::filesystem::path& directory,
                                           std::uint16_t port, std::uint16_t upstream) {
  std::filesystem::create_directories(directory);
  const auto file = directory / "nginx.conf";
  const std::string place = directory.string();
  // One worker a core, everything that is temporary in our own directory, no access log.
  std::ofstream(file) << "worker_processes auto;\npid " << place << "/pid;\nerror_log " << place
                      << "/error.log;\nevents { worker_connections 4096; }\nhttp {\n"
                      << "  access_log off;\n  client_body_temp_path " << place
                      << "/body;\n  proxy_temp_path " << place << "/proxy;\n  fastcgi_temp_path "
                      << place << "/fastcgi;\n  uwsgi_temp_path " << place
                      << "/uwsgi;\n  scgi_temp_path " << place
                      << "/scgi;\n  client_body_buffer_size 256k;\n  keepalive_requests 1000000;\n"
                      << "  upstream model { server 127.0.0.1:" << upstream << "; keepalive "
                      << kConnectionsMax << "; keepalive_requests 1000000; }\n"
                      << "  server {\n    listen 127.0.0.1:" << port
                      << ";\n    location / {\n      proxy_pass http://model;\n"
                      << "      proxy_http_version 1.1;\n      proxy_set_header Connection \"\";\n"
                      << "      proxy_buffering off;\n    }\n  }\n}\n";
  return {"-p", place, "-c", file.string(), "-g", "daemon off;"};
}

std::unique_ptr<Nginx> Nginx::find(const std::filesystem::path& directory, std::uint16_t upstream) {
  for (const char* program : {"/usr/sbin/nginx", "/usr/bin/nginx"}) {
    if (::access(program, X_OK) == 0) {
      return std::unique_ptr<Nginx>(new Nginx(program, directory, upstream));
    }
  }
  return nullptr;
}

Nginx::Nginx(const std::string& program, const std::filesystem::path& directory,
             std::uint16_t upstream)
    : port_(free_port()),
      process_(program, configured(directory, port_, upstream), directory / "errors") {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (true) {
    try {
      ::close(connect_to_loopback(port_));
      return;
    } catch (const Failed&) {
      must(process_.running() && std::chrono::steady_clock::now() < until,
           "nginx does not start: see " + (directory / "errors").string());
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
}

}  // namespace hansard::bench
