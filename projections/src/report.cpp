#include "projections/report.h"

#include <algorithm>
#include <array>

namespace hansard::projections {

namespace {

constexpr std::array kCosts{
    ReportSection{.title = "By model",
                  .measures = "cost, calls, tokens",
                  .by = "provider, model",
                  .order = "cost desc",
                  .top = 20,
                  .picture = Picture::bars,
                  .pictured = "sum(cost)"},
    ReportSection{.title = "By day",
                  .measures = "cost, calls",
                  .by = "model, day",
                  .order = "model, day",
                  .picture = Picture::lines,
                  .pictured = "sum(cost)"},
    ReportSection{.title = "Where providers say what they charge, beside it",
                  .measures = "calls, cost, reported_cost",
                  .by = "provider, model",
                  .where = "reported_cost >= $0",
                  .order = "reported_cost desc",
                  .top = 20},
};

constexpr std::array kSessions{
    ReportSection{.title = "Most expensive first",
                  .measures = "cost, calls, tokens, max(latency_us)",
                  .by = "session, user, agent",
                  .order = "cost desc",
                  .top = 10,
                  .picture = Picture::bars,
                  .pictured = "sum(cost)"},
};

constexpr std::array kUsers{
    ReportSection{.title = "By user",
                  .measures = "cost, tokens, calls, count_distinct(session)",
                  .by = "user",
                  .order = "cost desc",
                  .top = 20,
                  .picture = Picture::bars,
                  .pictured = "sum(cost)"},
};

constexpr std::array kPrompts{
    ReportSection{.title = "By version",
                  .measures = "calls, cost, avg(output), errors, p50(latency_us), p95(latency_us)",
                  .by = "prompt, prompt_version",
                  .order = "prompt, prompt_version",
                  .picture = Picture::bars,
                  .pictured = "sum(cost)"},
};

constexpr std::array kLatency{
    ReportSection{.title = "By model",
                  .measures = "calls, p50(latency_us), p95(latency_us), p99(latency_us), "
                              "p50(ttft_us), p95(ttft_us), p50(tokens_per_second)",
                  .by = "model",
                  .where = "served_from != cache and served_from != playback",
                  .order = "calls desc",
                  .top = 20},
    ReportSection{.title = "p95 by day",
                  .measures = "p95(latency_us), p95(ttft_us)",
                  .by = "model, day",
                  .where = "served_from != cache and served_from != playback",
                  .order = "model, day",
                  .picture = Picture::lines,
                  .pictured = "p95(latency_us)"},
};

constexpr std::array kErrors{
    ReportSection{.title = "By type",
                  .measures = "errors, count_distinct(session), p50(latency_us)",
                  .by = "failure, error_type, status, model",
                  .where = "errors = 1",
                  .order = "errors desc",
                  .top = 20,
                  .picture = Picture::bars,
                  .pictured = "sum(errors)"},
    ReportSection{.title = "Of all calls, by day",
                  .measures = "errors, calls",
                  .by = "day",
                  .picture = Picture::bars,
                  .pictured = "sum(errors)"},
};

constexpr std::array kTools{
    ReportSection{.title = "Slow or failing",
                  .measures = "calls, errors, p50(duration_us), p95(duration_us), max(duration_us)",
                  .table = "tool_calls",
                  .by = "tool",
                  .order = "p95(duration_us) desc",
                  .top = 20,
                  .picture = Picture::bars,
                  .pictured = "p95(duration_us)"},
    ReportSection{.title = "Why they failed",
                  .measures = "errors",
                  .table = "tool_calls",
                  .by = "tool, error_type",
                  .where = "errors = 1",
                  .order = "errors desc",
                  .top = 20,
                  .picture = Picture::bars,
                  .pictured = "sum(errors)"},
};

constexpr std::array kCache{
    ReportSection{.title = "Answers that cost nothing",
                  .measures = "calls, saved_cost, saved_tokens",
                  .by = "served_from, model",
                  .where = "served_from in (cache, playback)",
                  .order = "saved_cost desc",
                  .top = 20,
                  .picture = Picture::bars,
                  .pictured = "sum(saved_cost)"},
    ReportSection{.title = "Input that providers had cached",
                  .measures = "calls, input, input_cache_read, cost",
                  .by = "model",
                  .where = "served_from != cache and served_from != playback",
                  .order = "input_cache_read desc",
                  .top = 20,
                  .picture = Picture::bars,
                  .pictured = "sum(input_cache_read)"},
};

constexpr std::array kContext{
    ReportSection{.title = "What was sent, beside what fits",
                  .measures = "calls, avg(input), p95(input), max(input)",
                  .by = "provider, model",
                  .order = "max(input) desc",
                  .top = 20,
                  .windows = true},
    ReportSection{.title = "What optimisation left out",
                  .measures = "optimisations, tokens_before, tokens_after, tokens_saved",
                  .table = "optimisations",
                  .by = "strategy",
                  .order = "tokens_saved desc",
                  .top = 20,
                  .picture = Picture::bars,
                  .pictured = "sum(tokens_saved)"},
};

constexpr std::array kTrend{
    ReportSection{.title = "Now and before",
                  .measures = "cost, calls, tokens, errors, p95(latency_us)",
                  .compared = true},
    ReportSection{.title = "By model",
                  .measures = "cost, calls",
                  .by = "model",
                  .order = "cost desc",
                  .top = 20,
                  .compared = true,
                  .picture = Picture::bars,
                  .pictured = "sum(cost)"},
};

constexpr std::array<Report, 10> kReports{{
    {"costs", "What did it cost, by model?", kCosts},
    {"sessions", "Which conversations cost most?", kSessions},
    {"users", "What did each user cost?", kUsers},
    {"prompts", "Which version of a prompt costs, takes and fails how much?", kPrompts},
    {"latency", "How long do models take, to the first token and to the last?", kLatency},
    {"errors", "What went wrong, and how often?", kErrors},
    {"tools", "Which tools are slow or fail?", kTools},
    {"cache", "What did caches save?", kCache},
    {"context", "How full are context windows, and what did optimising them save?", kContext},
    {"trend", "What has changed since the period before?", kTrend},
}};

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace

std::string_view to_word(Picture picture) {
  switch (picture) {
    case Picture::none:
      return "none";
    case Picture::bars:
      return "bars";
    case Picture::lines:
      return "lines";
  }
  return "none";
}

std::span<const Report> reports() { return kReports; }

const Report* find_report(std::string_view name) {
  const auto found = std::find_if(kReports.begin(), kReports.end(),
                                  [&](const Report& report) { return report.name == name; });
  return found == kReports.end() ? nullptr : &*found;
}

std::string text_of(const ReportSection& section, const ReportOptions& options) {
  std::string text(section.measures);
  const auto clause = [&](std::string_view word, std::string_view rest) {
    if (rest.empty()) return;
    text += ' ';
    text += word;
    if (!word.empty()) text += ' ';
    text += rest;
  };
  clause("from", section.table);
  clause("by", section.by);
  clause("where", section.where);
  if (options.where) clause(section.where.empty() ? "where" : "and", *options.where);
  clause("", options.period);
  clause("order by", section.order);
  if (section.top > 0) clause("top", std::to_string(section.top));
  if (section.compared) text += " compare previous";
  if (options.zone) clause("in", quoted(*options.zone));
  if (options.as_of) clause("as of", std::to_string(*options.as_of));
  return text;
}

}  // namespace hansard::projections
