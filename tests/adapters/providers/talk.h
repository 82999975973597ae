#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "core/time.h"
#include "mailbox.h"
#include "providers/client.h"

namespace hansard::providers::testing {

class FixedClock final : public core::Clock {
 public:
  [[nodiscard]] core::Timestamp now() const override {
    return core::Timestamp(std::chrono::seconds(1'000'000));
  }
};

inline ProviderSettings provider_at(std::string base_url) {
  ProviderSettings settings;
  settings.base_url = std::move(base_url);
  settings.dialect = "openai";
  settings.deadlines = {kPatience, kPatience, kPatience, std::chrono::milliseconds(0)};
  return settings;
}

inline Settings settings_with(ProviderSettings provider) {
  Settings settings;
  settings.providers.emplace("test", std::move(provider));
  return settings;
}

inline std::unique_ptr<Client> client_with(const Settings& settings) {
  static const FixedClock clock;
  auto client = Client::create(settings, clock);
  EXPECT_TRUE(client) << (client ? "" : client.error().message);
  return client ? *std::move(client) : nullptr;
}

inline std::unique_ptr<Client> client_at(const std::string& base_url) {
  return client_with(settings_with(provider_at(base_url)));
}

inline core::ProviderCall post(std::string body, std::string target = "/v1/chat/completions") {
  core::ProviderCall call;
  call.provider = "test";
  call.method = "POST";
  call.target = std::move(target);
  call.body = std::move(body);
  return call;
}

inline core::ProviderCall get(std::string target) {
  core::ProviderCall call = post("", std::move(target));
  call.method = "GET";
  return call;
}

inline core::Error nothing_came() { return {core::Errc::internal, "nothing came", "test"}; }

/// One call, step by step from a test's thread.
class Talk {
 public:
  Talk(core::ModelProvider& provider, core::ProviderCall call)
      : exchange_(provider.start(std::move(call),
                                 [told = heads_](auto head) { told->put(std::move(head)); })) {}

  core::Result<core::ProviderHead> head() {
    auto head = heads_->take();
    return head ? *std::move(head) : core::Result<core::ProviderHead>(nothing_came());
  }
  void ask() {
    exchange_->next([told = pieces_](auto piece) { told->put(std::move(piece)); });
  }
  core::Result<std::string> answer() {
    auto piece = pieces_->take();
    return piece ? *std::move(piece) : core::Result<std::string>(nothing_came());
  }
  core::Result<std::string> next() {
    ask();
    return answer();
  }
  /// The body from here on.
  core::Result<std::string> rest() {
    std::string all;
    for (;;) {
      auto piece = next();
      if (!piece) return piece;
      if (piece->empty()) return all;
      all += *piece;
    }
  }
  void cancel() { exchange_.reset(); }
  [[nodiscard]] std::size_t told() const { return heads_->size() + pieces_->size(); }

 private:
  std::shared_ptr<Mailbox<core::Result<core::ProviderHead>>> heads_ =
      std::make_shared<Mailbox<core::Result<core::ProviderHead>>>();
  std::shared_ptr<Mailbox<core::Result<std::string>>> pieces_ =
      std::make_shared<Mailbox<core::Result<std::string>>>();
  std::unique_ptr<core::ProviderExchange> exchange_;
};

/// The field of the error with which a call ends, at its head or in its body.
inline std::string failure(Talk& talk) {
  auto head = talk.head();
  if (!head) return head.error().field;
  auto body = talk.rest();
  return body ? "none" : body.error().field;
}

inline ProviderStatus status_of(const Client& client) {
  for (ProviderStatus& status : client.status()) {
    if (status.name == "test") return status;
  }
  return {};
}

inline std::string value_of(const core::ProviderHead& head, std::string_view name) {
  for (const core::HttpField& field : head.fields) {
    if (field.name == name) return field.value;
  }
  return {};
}

/// An answer with its length.
inline std::string ok(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

inline std::string chunk(const std::string& bytes) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx", bytes.size());
  return size + ("\r\n" + bytes) + "\r\n";
}

}  // namespace hansard::providers::testing
