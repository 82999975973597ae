#include "sample.h"

#include <string>
#include <utility>

#include "json_view.h"

namespace hansard::cli {

using core::Error;
using core::Ok;
using core::Result;
using core::Status;
using events::Json;

Status record_sample(Backend& backend) {
  std::string_view rest = sample_requests();
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.empty()) continue;
    const auto request = events::parse_json(line);
    if (!request) return request.error();
    const Json* body = request->find("body");
    if (body == nullptr) return Error{core::Errc::internal, "a sample request without a body"};
    const std::string target = text_at(*request, "post");
    auto answer = call_json(backend, Call{http::Method::post, target, dump(*body)});
    if (!answer) {
      Error error = std::move(answer).error();
      error.message = "sample: " + target + ": " + error.message;
      return error;
    }
  }
  return Ok{};
}

}  // namespace hansard::cli
