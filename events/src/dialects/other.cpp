#include "events/dialects/other.h"

#include <utility>

namespace hansard::events::other {

namespace {

constexpr std::string_view kDialect = "other";

class Requests final : public RequestDialect {
 public:
  [[nodiscard]] std::string_view name() const override { return kDialect; }
  [[nodiscard]] core::Result<CallRequest> split(Json body) const override {
    CallRequest request;
    request.kind = CallKind::other;
    request.parameters = std::move(body);
    return request;
  }
  [[nodiscard]] Json join(CallRequest request) const override {
    return std::move(request.parameters);
  }
  [[nodiscard]] core::Result<std::vector<RequestTurn>> read(const Json::Array&,
                                                            const RequestIds&) const override {
    return std::vector<RequestTurn>{};
  }
  [[nodiscard]] Json::Array write(std::span<const SessionEvent>) const override { return {}; }
};

class Answers final : public AnswerDialect {
 public:
  [[nodiscard]] core::Result<std::vector<SessionStep>> read(const Json& body,
                                                            const AnswerIds& ids) const override {
    RecordResponse answer;
    answer.call_id = ids.call_id;
    answer.message_id = ids.message_id(0);
    answer.extra = Json(Json::Object{{"dialect", kDialect}, {"body", body}});
    return std::vector<SessionStep>{std::move(answer)};
  }
  [[nodiscard]] Json write(std::span<const SessionEvent> answer) const override {
    for (const SessionEvent& each : answer) {
      const auto* response = std::get_if<ResponseReceived>(&each);
      const Json* body =
          response == nullptr || !response->extra ? nullptr : response->extra->find("body");
      if (body != nullptr) return *body;
    }
    return {};
  }
  [[nodiscard]] std::unique_ptr<StreamedAnswer> stream() const override { return nullptr; }
  [[nodiscard]] std::vector<TimedFrame> write_stream(const Json& body, const Json&) const override {
    return {{0, "", dump(body)}};
  }
};

}  // namespace

const RequestDialect& requests() {
  static const Requests dialect;
  return dialect;
}

const AnswerDialect& answers() {
  static const Answers dialect;
  return dialect;
}

ProviderError read_error(int status, const Json& body) {
  ProviderError error;
  error.error = body;
  error.retryable = retryable_status(status);
  return error;
}

}  // namespace hansard::events::other
