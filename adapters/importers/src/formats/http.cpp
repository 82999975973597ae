#include "formats/http.h"

#include <utility>

#include "events/dialects/apis.h"
#include "formats/http_calls.h"
#include "formats/http_exchange.h"
#include "formats/json_reader.h"
#include "formats/steps.h"

namespace hansard::importers {

namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Status;
using events::Json;

const Json::Array* har_entries(const Json& record) {
  const Json* log = record.find("log");
  const Json* entries = log == nullptr ? nullptr : log->find("entries");
  return entries == nullptr ? nullptr : entries->if_array();
}

class HttpReader final : public JsonReader {
 public:
  explicit HttpReader(ReaderEvents events)
      : JsonReader(std::move(events)), calls_([this](Piece piece) { tell(std::move(piece)); }) {}

 private:
  Status read(const JsonRecord& record) override {
    const Json::Array* entries = har_entries(record.json);
    if (entries == nullptr) return exchange(record.line, record.json);
    for (std::size_t i = 0; i < entries->size(); ++i) {
      const auto status = exchange(record.line, (*entries)[i]);
      if (status) continue;
      Error why = status.error();
      why.message = events::join_path("log.entries", i) + ": " + why.message;
      fail(record.line, std::move(why));
    }
    return Ok{};
  }

  Status exchange(std::uint64_t line, const Json& record) {
    const auto read = read_http_exchange(record);
    if (!read) return read.error();
    if (read->method != "POST") {
      return Error{Errc::unsupported,
                   read->method + " " + read->path + " is no call of a model; it was not recorded"};
    }
    const events::Api* api = events::api_at(read->path);
    if (api == nullptr) {
      calls_.attach(line, *read, "a call of an API that is not known");
      return Ok{};
    }
    const auto status = calls_.take(line, *read, *api);
    if (!status) {
      calls_.attach(line, *read,
                    "the request is not what its API takes: " + status.error().message);
    }
    return Ok{};
  }

  HttpCalls calls_;
};

}  // namespace

std::unique_ptr<Reader> http_reader(ReaderEvents events) {
  return std::make_unique<HttpReader>(std::move(events));
}

bool is_http(const Json& record) {
  const Json::Array* entries = har_entries(record);
  return entries == nullptr ? is_http_exchange(record)
                            : !entries->empty() && is_http_exchange(entries->front());
}

}  // namespace hansard::importers
