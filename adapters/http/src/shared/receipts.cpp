#include "shared/receipts.h"

#include "http/json_out.h"
#include "http/problem.h"
#include "shared/query.h"

namespace hansard::http {

core::Result<WriteOptions> write_options(const Request& request) {
  const auto bad = [](const char* header, const std::string& why) {
    return core::Error{core::Errc::invalid_argument, std::string(header) + ": " + why, header};
  };
  WriteOptions options;
  if (const auto durability = request.headers.find("Hansard-Durability")) {
    if (*durability == "relaxed") {
      options.durability = core::Durability::relaxed;
    } else if (*durability != "strict") {
      return bad("Hansard-Durability", "expected strict or relaxed");
    }
  }
  if (const auto version = request.headers.find("Hansard-Expected-Version")) {
    const auto number = parse_digits(*version);
    if (!number) {
      return bad("Hansard-Expected-Version", "expected the version of the stream's last event");
    }
    options.expected_version = core::Version{*number};
  }
  if (const auto key = request.headers.find("Idempotency-Key")) {
    if (key->empty() || key->size() > kMaxIdempotencyKeyBytes) {
      return bad("Idempotency-Key",
                 "expected 1.." + std::to_string(kMaxIdempotencyKeyBytes) + " bytes");
    }
    options.idempotency_key = std::string(*key);
  }
  return options;
}

core::Result<events::Json> read_json_body(const Context& context, const Request& request) {
  if (request.body.empty()) return events::Json(events::Json::Object{});
  auto body = events::parse_json(request.body,
                                 {static_cast<std::size_t>(context.limits[Limit::json_depth])});
  if (body) return body;
  if (body.error().code == core::Errc::too_large) context.metrics.limit_hit(Limit::json_depth);
  if (body.error().field.empty()) body.error().field = "body";
  return body;
}

Response receipt_response(const core::Receipt& receipt) {
  const bool duplicate = receipt.duplicate();
  JsonOut json;
  json.object().key("events").array();
  for (const core::RecordReceipt& record : receipt.records) {
    json.object().member("position", record.position.value).member("version", record.version.value);
    if (record.duplicate) json.member("duplicate", true);
    if (record.erased) json.member("erased", true);
    json.end_object();
  }
  json.end_array();
  if (!receipt.records.empty()) {
    json.member("position", receipt.records.back().position.value);
    json.member("version", receipt.records.back().version.value);
  }
  json.member("at_least", receipt.end().value)
      .member("durability", receipt.durability == core::Durability::strict ? "strict" : "relaxed")
      .member("duplicate", duplicate)
      .end_object();
  Response response = json_response(duplicate ? 200 : 201, json.take());
  response.headers.add("Hansard-Position", std::to_string(receipt.end().value));
  return response;
}

core::AppendDone answer_receipt(Responder respond) {
  return [respond = std::move(respond)](core::Result<core::Receipt> receipt) {
    respond(receipt ? receipt_response(*receipt) : problem(std::move(receipt.error())));
  };
}

}  // namespace hansard::http
