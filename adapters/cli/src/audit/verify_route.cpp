#include <algorithm>
#include <thread>
#include <utility>

#include "audit/live_verify.h"
#include "http/problem.h"
#include "text/hex.h"

namespace hansard::cli {

namespace {

using core::Result;
using core::Status;
using events::Json;

/// Of a server's memory.
constexpr std::size_t kViewBytesMax = 64U << 20;

Result<core::TreeHead> read_head(const Json& json, std::string_view path) {
  if (!json.is_object()) return events::bad_field(path, "expected an object");
  core::TreeHead head;
  const Json* size = json.find("size");
  const Json* root = json.find("root");
  if (size == nullptr || root == nullptr) {
    return events::bad_field(path, "expected size and root");
  }
  const auto number = size->as_uint(events::join_path(path, "size"));
  if (!number) return number.error();
  head.size = *number;
  const auto text = root->as_string(events::join_path(path, "root"));
  if (!text) return text.error();
  const auto bytes = parse_hex(*text);
  if (!bytes || bytes->size() != head.root.size()) {
    return events::bad_field(events::join_path(path, "root"), "expected 64 hex digits");
  }
  std::copy(bytes->begin(), bytes->end(), head.root.begin());
  return head;
}

Status read_member(const Json::Member& member, VerifyPlan& plan) {
  if (member.key == "threads") {
    const auto threads = member.value.as_uint("threads");
    if (!threads) return threads.error();
    const unsigned cores = std::max(std::thread::hardware_concurrency(), 1U);
    if (*threads < 1 || *threads > cores) {
      return events::bad_field(
          "threads", "expected 1 to " + std::to_string(cores) + ", the cores of this machine");
    }
    plan.threads = static_cast<unsigned>(*threads);
  } else if (member.key == "views") {
    const auto views = member.value.as_boolean("views");
    if (!views) return views.error();
    plan.views = *views;
  } else if (member.key == "checkpoint") {
    const auto checkpoint = member.value.as_boolean("checkpoint");
    if (!checkpoint) return checkpoint.error();
    plan.checkpoint = *checkpoint;
  } else if (member.key == "from_head") {
    auto head = read_head(member.value, "from_head");
    if (!head) return head.error();
    plan.trusted = *head;
  } else if (member.key == "heads") {
    const Json::Array* list = member.value.if_array();
    if (list == nullptr) return events::bad_field("heads", "expected a list");
    for (std::size_t i = 0; i < list->size(); ++i) {
      auto head = read_head((*list)[i], events::join_path("heads", i));
      if (!head) return head.error();
      plan.heads.push_back(*head);
    }
  } else {
    return events::bad_field(member.key, "unknown field");
  }
  return core::Ok{};
}

Result<VerifyPlan> read_plan(const std::string& body) {
  VerifyPlan plan;
  plan.view_bytes_max = kViewBytesMax;
  const auto json = events::parse_json_object(body);
  if (!json) return json.error();
  for (const Json::Member& member : *json) {
    if (auto read = read_member(member, plan); !read) return read.error();
  }
  return plan;
}

using http::MemberDoc;
using http::SchemaDoc;

constexpr MemberDoc kHead[] = {
    {"size", "count", "Events that the tree is over."},
    {"root", "text", "Its root, in hex."},
};
constexpr MemberDoc kBody[] = {
    {"threads?", "count", "Threads that read, up to the cores of the machine; 1."},
    {"from_head?", "VerifyHead", "Trust this head and read only what came after it."},
    {"heads?", "list of VerifyHead", "Heads kept elsewhere, each of which must be of this log."},
    {"checkpoint?", "flag", "Whether the directory's own checkpoint must hold, too; true."},
    {"views?", "flag", "Whether views are compared with a rebuild; true."},
};
constexpr MemberDoc kLine[] = {
    {"stage?", "text", "What is being read: events, or a view."},
    {"done?", "count", "Positions read."},
    {"total?", "count", "Positions to be read."},
    {"bytes?", "count", "Bytes of events read."},
    {"report?", "object", "In the last line: what was found, as `hansard verify --json` has it."},
    {"error?", "object", "In the last line instead: why it ended; code and detail."},
};
constexpr SchemaDoc kSchemas[] = {
    {"VerifyHead", "Size and root of a tree.", kHead, SchemaDoc::Others::refused},
    {"VerifyBody", "What to verify, and how.", kBody, SchemaDoc::Others::refused},
    {"VerifyLine", "How far verifying is, or what it found.", kLine},
};
constexpr http::RouteDoc::Answer kAnswers[] = {{200, "application/x-ndjson", "VerifyLine"}};

}  // namespace

http::AddedRoute verify_route(LiveVerify& live) {
  http::Route route(http::Method::post, "/v1/admin/verify",
                    http::Rule{http::Scope::admin, http::Access::none});
  route.runs = http::Runs::pool;
  route.takes = http::Takes::json;
  route.about_log = true;
  route.doc = "Re-read everything that was visible when it began, while recording goes on";
  route.handler = [&live](const http::RequestPtr& request, const http::Responder& respond) {
    auto plan = read_plan(request->body);
    if (!plan) return respond(http::problem(std::move(plan).error()));
    auto body = live.start(*std::move(plan));
    if (!body) return respond(http::problem(std::move(body).error()));
    http::Response response;
    response.headers.add("Content-Type", "application/x-ndjson");
    response.stream = *std::move(body);
    respond(std::move(response));
  };
  const http::RouteDoc doc{route.method, "/v1/admin/verify", "", "", kAnswers};
  return {std::move(route), doc, "VerifyBody", kSchemas};
}

}  // namespace hansard::cli
