// POST /v1/ingest: recordings in bulk, one request a line.
#include <memory>
#include <utility>

#include "families.h"
#include "http/problem.h"
#include "ingest/ingest_run.h"
#include "shared/query.h"

namespace hansard::http {

namespace {

/// The results as they come, for `results=stream`.
class IngestResults final : public BodySource {
 public:
  explicit IngestResults(std::shared_ptr<IngestRun> run) : run_(std::move(run)) {}
  ~IngestResults() override { run_->abandon_results(); }
  void next(std::function<void(core::Result<std::string>)> done) override {
    run_->next_results(std::move(done));
  }

 private:
  const std::shared_ptr<IngestRun> run_;
};

/// The answer after the body. A body that broke off is an error that says how far it was taken.
Response report_response(const IngestReport& report, std::optional<core::Error> stopped) {
  if (!stopped) return json_response(200, report.json(std::nullopt));
  core::Error error = *std::move(stopped);
  error.message += "; " + std::to_string(report.lines()) + " lines came before, " +
                   std::to_string(report.recorded()) +
                   " of them are recorded: send all again, those answer as duplicates";
  if (error.code == core::Errc::timed_out) return problem(std::move(error), 408);
  if (error.code == core::Errc::overloaded) {
    return problem(std::move(error), row(Limit::bodies_bytes).status);
  }
  return problem(std::move(error));
}

void ingest(const Context& context, const RequestPtr& request, const Responder& respond) {
  const auto query = Query::of(*request, {"as", "results"});
  if (!query) return respond(problem(query.error()));
  const auto results = query->text("results");
  if (results && *results != "stream") {
    return respond(problem(events::bad_field("results", "expected stream, or nothing")));
  }
  const auto as = query->text("as");
  if (as && *as != "recording") {
    return respond(problem(events::bad_field("as", "expected recording, or nothing")));
  }
  auto options = write_options(*request);
  if (!options) return respond(problem(std::move(options.error())));
  if (options->expected_version) {
    return respond(problem({core::Errc::invalid_argument,
                            "a version is expected of one stream, not of a whole upload",
                            "Hansard-Expected-Version"}));
  }
  Author author{request->principal, request->received_at, *std::move(options), as.has_value()};
  if (!results) {
    const auto done = [respond](const IngestReport& report, std::optional<core::Error> stopped) {
      respond(report_response(report, std::move(stopped)));
    };
    return std::make_shared<IngestRun>(context, request, std::move(author), done)->start();
  }
  const auto run = std::make_shared<IngestRun>(context, request, std::move(author), nullptr);
  Response response;
  response.headers.add("Content-Type", "application/x-ndjson");
  response.stream = std::make_unique<IngestResults>(run);
  respond(std::move(response));
  run->start();
}

}  // namespace

Route ingest_route(const Context& context) {
  Route route(Method::post, "/v1/ingest", Rule{Scope::write, Access::none});
  route.runs = Runs::loop;  // lines are cut and read piece by piece, large ones on the pool
  route.takes = Takes::lines;
  route.doc = "Record in bulk: each line is a request of its own (as=recording, results=stream)";
  route.handler = [&context](const RequestPtr& request, const Responder& respond) {
    ingest(context, request, respond);
  };
  return route;
}

}  // namespace hansard::http
