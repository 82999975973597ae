#include "ingest/ingest_report.h"

#include <algorithm>

#include "http/json_out.h"

namespace hansard::http {

namespace {

/// The members that say what is wrong, as in a problem document.
void add_error(const core::Error& error, JsonOut& json) {
  json.member("code", core::traits(error.code).name).member("detail", error.message);
  if (!error.field.empty()) json.member("field", error.field);
  if (error.violations.empty()) return;
  json.key("violations").array();
  for (const core::Violation& violation : error.violations) {
    json.object()
        .member("stream", violation.stream)
        .member("expected", violation.expected)
        .member("actual", violation.actual)
        .end_object();
  }
  json.end_array();
}

}  // namespace

void IngestReport::add(std::uint64_t line, const core::Result<core::Receipt>& outcome) {
  if (!outcome) {
    ++failed_;
    if (errors_.size() < kErrorsListed) errors_.push_back({line, outcome.error()});
    return;
  }
  ++(outcome->duplicate() ? duplicates_ : accepted_);
  end_ = std::max(end_, outcome->end());
}

std::string IngestReport::json(const std::optional<core::Error>& stopped) const {
  JsonOut json;
  json.object()
      .member("lines", lines())
      .member("accepted", accepted_)
      .member("duplicates", duplicates_)
      .member("failed", failed_)
      .key("errors")
      .array();
  for (const Failure& failure : errors_) {
    json.object().member("line", failure.line);
    add_error(failure.error, json);
    json.end_object();
  }
  json.end_array();
  if (failed_ > errors_.size()) json.member("errors_left_out", failed_ - errors_.size());
  if (end_.value > 0) json.member("position", end_.value - 1).member("at_least", end_.value);
  if (stopped) {
    json.key("stopped").object();
    add_error(*stopped, json);
    json.end_object();
  }
  json.end_object();
  return json.take();
}

std::string ingest_result_json(std::uint64_t line, const core::Result<core::Receipt>& outcome) {
  JsonOut json;
  json.object().member("line", line);
  if (!outcome) {
    json.key("error").object();
    add_error(outcome.error(), json);
    json.end_object();
  } else if (!outcome->records.empty()) {
    const core::RecordReceipt& last = outcome->records.back();
    json.member("position", last.position.value)
        .member("version", last.version.value)
        .member("duplicate", outcome->duplicate());
  }
  json.end_object();
  return json.take();
}

}  // namespace hansard::http
