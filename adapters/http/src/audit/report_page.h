#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "access/audit_log.h"
#include "audit/report_found.h"
#include "events/pricing/book.h"
#include "http/context.h"
#include "http/message.h"
#include "queries/report_text.h"

namespace hansard::http {

/// Writes an audit report, part by part: what it is about, the verdict, who, erasures and holds,
/// costs, what was said and done, who read it, how to check it. For one report, on one thread; what
/// it is made with outlives it.
class Report {
 public:
  Report(const Context& context, const Request& request, const Found& found, std::string session,
         ReportText& out)
      : context_(context),
        request_(request),
        found_(found),
        session_(std::move(session)),
        names_(key_names(context.keys, request.principal.project)),
        out_(out) {}

  /// Errors: too_large (the limit of answers).
  core::Status write(const events::pricing::PriceBook& book);

 private:
  struct Teller;

  [[nodiscard]] std::string key_text(const core::KeyId& actor) const;
  /// Whose order destroyed what stood at that place.
  [[nodiscard]] std::string order_of(const projections::EntryInfo& info,
                                     std::string_view message_id) const;
  void about();
  void verdict();
  void who();
  void orders();
  void costs(const events::pricing::PriceBook& book);
  core::Status told();
  void accesses();
  void how_to_check();

  void entry_head(const projections::Entry& entry, const std::string& what);
  void parts(const projections::EntryInfo& info, const events::Parts& parts,
             std::string_view message_id);
  void outcome(const projections::ToolOutcome& outcome);
  void tool(const projections::EntryInfo& info, const events::ToolCalled& call,
            const std::optional<projections::ToolOutcome>& result);

  const Context& context_;
  const Request& request_;
  const Found& found_;
  const std::string session_;
  const KeyNames names_;
  ReportText& out_;
};

}  // namespace hansard::http
