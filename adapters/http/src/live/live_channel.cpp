#include "live/live_channel.h"

#include <boost/beast/websocket/detail/hybi13.hpp>

#include <algorithm>
#include <utility>

#include "events/json.h"
#include "http/problem.h"
#include "shared/event_query.h"

namespace hansard::http {

namespace {

using core::Result;
using core::Status;
using events::Json;

struct Subscription {
  EventFilter filter;
  core::Position from;
};

template <class Add>
Status read_names(const Json& list, const std::string& path, const Add& add) {
  const Json::Array* names = list.if_array();
  if (names == nullptr) return events::bad_field(path, "expected a list of texts");
  for (const Json& element : *names) {
    const auto name = element.as_string(path);
    if (!name) return name.error();
    if (auto added = add(*name); !added) return added;
  }
  return core::Ok{};
}

Result<core::Position> read_from(const Json& from, core::Position head) {
  const std::string* word = from.if_string();
  if (word != nullptr && *word == "head") return head;
  const auto position =
      from.is_number() ? from.as_uint("subscribe.from") : Result<std::uint64_t>(core::Error{});
  if (!position) return events::bad_field("subscribe.from", "expected a position, or \"head\"");
  return core::Position{*position};
}

Result<Subscription> read_subscribe(const Context& context, const core::ProjectId& project,
                                    std::string_view text) {
  const auto message = events::parse_json_object(text);
  if (!message) return message.error();
  if (message->size() != 1 || message->front().key != "subscribe" ||
      !message->front().value.is_object()) {
    return events::bad_field("subscribe", "expected {\"subscribe\":{...}}");
  }
  Subscription out{{project, {}, {}, {}}, context.log.end()};
  for (const Json::Member& member : *message->front().value.if_object()) {
    const std::string path = "subscribe." + member.key;
    Status status = core::Ok{};
    if (member.key == "from") {
      const auto from = read_from(member.value, out.from);
      if (!from) return from.error();
      out.from = *from;
    } else if (member.key == "types") {
      status = read_names(member.value, path, [&](const std::string& name) {
        return add_type(out.filter, name, path);
      });
    } else if (member.key == "sessions") {
      status = read_names(member.value, path, [&](const std::string& name) {
        return add_session(context, out.filter, name, path);
      });
    } else {
      return events::bad_field(path, "no such member: from, types, sessions");
    }
    if (!status) return status.error();
  }
  return out;
}

/// A token in a comma-separated header.
bool has_token(const Headers& headers, std::string_view field, std::string_view token) {
  for (const auto& [name, value] : headers.all()) {
    if (!same_token(name, field)) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      std::string_view one = rest.substr(0, comma);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
      while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
      if (same_token(one, token)) return true;
    }
  }
  return false;
}

/// 16 bytes in base64.
bool is_websocket_key(std::string_view key) {
  constexpr std::size_t kDigits = 22;
  return key.size() == kDigits + 2 && key.substr(kDigits) == "==" &&
         std::all_of(key.begin(), key.begin() + kDigits, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                  c == '+' || c == '/';
         });
}

Response upgrade_required(const char* why) {
  Response response = problem({core::Errc::unsupported, why, "Upgrade"}, 426);
  response.headers.add("Upgrade", "websocket");
  response.headers.add("Sec-WebSocket-Version", "13");
  return response;
}

/// The 101, or why not (RFC 6455 §4.2).
Response handshake(const Request& request) {
  const Headers& headers = request.headers;
  if (request.method != Method::get || !has_token(headers, "Upgrade", "websocket") ||
      !has_token(headers, "Connection", "upgrade")) {
    return upgrade_required("this is a WebSocket; /v1/events?follow=true gives the same over HTTP");
  }
  if (headers.find("Sec-WebSocket-Version").value_or("") != "13") {
    return upgrade_required("the version spoken here is 13");
  }
  const auto key = headers.find("Sec-WebSocket-Key");
  if (!key || headers.count("Sec-WebSocket-Key") != 1 || !is_websocket_key(*key)) {
    return problem(
        {core::Errc::invalid_argument, "expected 16 bytes in base64", "Sec-WebSocket-Key"});
  }
  namespace beast = boost::beast;
  beast::websocket::detail::sec_ws_accept_type accept;
  beast::websocket::detail::make_sec_ws_accept(accept,
                                               beast::string_view(key->data(), key->size()));
  Response response;
  response.status = 101;
  response.headers.add("Upgrade", "websocket");
  response.headers.add("Connection", "Upgrade");
  response.headers.add("Sec-WebSocket-Accept", std::string(accept.data(), accept.size()));
  return response;
}

}  // namespace

LiveChannel::LiveChannel(std::shared_ptr<LiveHub> hub, core::ProjectId project)
    : hub_(std::move(hub)), project_(std::move(project)) {}

void LiveChannel::subscribe(EventFilter filter, core::Position from) {
  feed_.emplace(hub_, std::move(filter), from);
  if (waiting_) ask(std::exchange(waiting_, nullptr));
}

void LiveChannel::next(std::function<void(Result<Texts>)> done) {
  if (feed_) return ask(std::move(done));
  waiting_ = std::move(done);
}

void LiveChannel::ask(std::function<void(Result<Texts>)> done) {
  feed_->next([done = std::move(done)](const Result<LiveFeed::Frames>& frames) {
    if (!frames) return done(frames.error());
    Texts texts;
    texts.reserve(frames->size());
    for (const LiveFrame& frame : *frames) texts.push_back(frame.text);
    done(std::move(texts));
  });
}

Status LiveChannel::receive(std::string_view text) {
  if (feed_) return events::bad_field("subscribe", "this connection has its subscription");
  auto wanted = read_subscribe(hub_->context, project_, text);
  if (!wanted) return wanted.error();
  subscribe(std::move(wanted->filter), wanted->from);
  return core::Ok{};
}

Result<Response> open_live(const std::shared_ptr<LiveHub>& hub, const Request& request,
                           core::Position end) {
  const auto query =
      Query::of(request, {"from", "last", "limit", "stream", "at_least"}, {"type", "session"});
  if (!query) return query.error();
  const auto from = start_of(request, *query, end, end);
  if (!from) return from.error();
  auto filter = filter_of(hub->context, request.principal.project, *query);
  if (!filter) return filter.error();
  Response response = handshake(request);
  if (response.status != 101) return response;
  auto channel = std::make_unique<LiveChannel>(hub, request.principal.project);
  const bool says_what = std::any_of(request.query.begin(), request.query.end(),
                                     [](const auto& pair) { return pair.first != "at_least"; });
  if (says_what) channel->subscribe(*std::move(filter), *from);
  response.channel = std::move(channel);
  return response;
}

}  // namespace hansard::http
