#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/gateway.h"

namespace hansard::gateway::testing {

/// Who calls through the gateway: takes an answer as fast as it comes, and keeps how it came.
/// Stays where it is: callbacks point to it.
class Client {
 public:
  Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  GatewayDone taker() {
    return [this](core::Result<GatewayAnswer> answer) {
      ++told;
      if (!answer) {
        error = answer.error();
        return;
      }
      status = answer->status;
      fields = std::move(answer->fields);
      body_ = std::move(answer->body);
      if (!waits) pull();
    };
  }
  /// Asks for bytes until there are none at hand.
  void pull() {
    if (pulling_) {
      again_ = true;
      return;
    }
    pulling_ = true;
    do {
      again_ = false;
      if (body_ && !over && !error) body_->next([this](auto bytes) { take(std::move(bytes)); });
    } while (again_);
    pulling_ = false;
  }
  /// Goes away.
  void leave() {
    if (cancel) cancel();
    body_ = nullptr;
  }
  [[nodiscard]] bool has_answer() const { return status != 0; }

  bool waits = false;            ///< does not ask for bytes by itself
  std::function<void()> cancel;  ///< what the gateway gave
  int told = 0;
  int status = 0;
  std::vector<core::HttpField> fields;
  std::string received;
  std::vector<std::string> pieces;
  bool over = false;  ///< the answer is complete
  std::optional<core::Error> error;

 private:
  void take(core::Result<std::string> bytes) {
    if (!bytes) {
      error = bytes.error();
    } else if (bytes->empty()) {
      over = true;
    } else {
      received += *bytes;
      pieces.push_back(*std::move(bytes));
      if (!waits) pull();
    }
  }

  std::unique_ptr<AnswerBody> body_;
  bool pulling_ = false;
  bool again_ = false;
};

}  // namespace hansard::gateway::testing
