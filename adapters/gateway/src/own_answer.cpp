#include "own_answer.h"

#include <utility>

#include "events/json.h"

namespace hansard::gateway {

using events::Json;

namespace {

class AtHand final : public core::ProviderExchange {
 public:
  explicit AtHand(std::string body) : body_(std::move(body)) {}
  void next(std::function<void(core::Result<std::string>)> done) override {
    done(std::exchange(body_, {}));  // then the end
  }

 private:
  std::string body_;
};

}  // namespace

std::string error_body(const events::Api* api, std::string_view type, std::string_view message) {
  const std::string text(message);
  const std::string kind(type);
  const std::string_view name = api == nullptr ? std::string_view() : api->name;
  if (name.starts_with("ollama")) return dump(Json(Json::Object{{"error", text}}));
  if (name.starts_with("anthropic")) {
    Json error = Json::Object{{"type", kind}, {"message", text}};
    return dump(Json(Json::Object{{"type", "error"}, {"error", std::move(error)}}));
  }
  Json error = Json::Object{{"message", text}, {"type", kind}, {"param", Json()}, {"code", kind}};
  return dump(Json(Json::Object{{"error", std::move(error)}}));
}

core::ProviderHead own_head(int status, std::size_t body_bytes,
                            std::optional<std::chrono::milliseconds> retry_after) {
  core::ProviderHead head;
  head.status = status;
  head.fields.push_back({"Content-Type", "application/json"});
  head.fields.push_back({"Content-Length", std::to_string(body_bytes)});
  if (retry_after) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*retry_after);
    head.fields.push_back({"Retry-After", std::to_string(seconds.count())});
    head.fields.push_back({"retry-after-ms", std::to_string(retry_after->count())});
  }
  return head;
}

std::unique_ptr<core::ProviderExchange> body_at_hand(std::string body) {
  return std::make_unique<AtHand>(std::move(body));
}

}  // namespace hansard::gateway
