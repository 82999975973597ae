#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/projection_runner.h"
#include "events/json.h"
#include "http/context.h"
#include "shared/query.h"
#include "shared/waits.h"

namespace hansard::http {

/// What every reading route shares: waiting for `at_least`, and telling the position an answer
/// reflects (header `Hansard-Position`, member `checkpoint`: one past the last position it holds,
/// so it may be given to another query as `at_least`). Thread-safe.
class Reads {
 public:
  explicit Reads(const Context& of)
      : context(of),
        prices(of.prices ? of.prices : std::make_shared<projections::PriceReader>(of.log)),
        waits_(of.blocking) {}

  /// Answers from a view that has absorbed everything below the request's `at_least`.
  /// `answer` runs on the pool; an error it returns becomes a problem document. It may run when
  /// this is gone, so it refers to the context only.
  using FromView = std::function<core::Result<Response>(const core::ReadModel& view)>;
  void from_view(const std::string& name, const RequestPtr& request, const Responder& respond,
                 FromView answer);
  /// The same with `at_least` from elsewhere than the target.
  void from_view(const std::string& name, core::Position at_least, const RequestPtr& request,
                 const Responder& respond, FromView answer);
  /// The same for who answers later, by themselves.
  using WithView = std::function<void(const core::ReadModel& view)>;
  void with_view(const std::string& name, core::Position at_least, const RequestPtr& request,
                 const Responder& respond, WithView then);
  /// Answers from the log once it has reached `at_least`; `end` is what was visible then.
  using FromLog = std::function<core::Result<Response>(core::Position end)>;
  void from_log(const RequestPtr& request, const Responder& respond, FromLog answer);

  const Context& context;
  const std::shared_ptr<projections::PriceReader> prices;  ///< may outlive this

 private:
  [[nodiscard]] std::chrono::steady_clock::time_point patience(const Request& request) const;

  Waits waits_;
};

/// 200 with `json`, its position, and no more than `answer_bytes`. Errors: too_large.
core::Result<Response> answer_with(const Context& context, events::Json json,
                                   core::Position position);

/// The stream of the route's `{id}`. Errors: invalid_argument.
core::Result<core::StreamId> session_of(const Context& context, const Request& request);

/// `unsupported` when the request asks for `as_of`, which this view, holding only the latest,
/// cannot answer.
core::Status refuse_as_of(const Request& request, std::string_view view);

}  // namespace hansard::http
