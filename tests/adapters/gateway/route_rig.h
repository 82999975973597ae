#pragma once

#include <string>
#include <utility>
#include <vector>

#include "rig.h"

namespace hansard::gateway::testing {

/// A gateway whose provider has a route.
class RouteTest : public GatewayTest {
 protected:
  void use() {
    GatewayOptions options;
    options.routes["stub"] = route_;
    restart(options);
  }
  std::size_t attempts() const { return provider_.calls.size(); }
  /// The attempt under way is answered.
  void answer(int status, const std::string& body, std::vector<core::HttpField> fields = {}) {
    upstream().head(status, std::move(fields));
    upstream().piece(body);
    upstream().end();
  }
  /// Another question each time.
  Client& ask(std::vector<core::HttpField> fields = {}) {
    return send(kChat,
                "{\"model\":\"gpt-x\",\"messages\":[{\"role\":\"user\",\"content\":\"" +
                    std::to_string(++asked_) + "\"}]}",
                std::move(fields));
  }

  RouteOptions route_;
  int asked_ = 0;
};

}  // namespace hansard::gateway::testing
