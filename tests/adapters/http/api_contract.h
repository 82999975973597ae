#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "raw_client.h"
#include "support/json_schema.h"

namespace hansard::http::testing {

/// Answers against what `GET /openapi.json` promises: the status, the media type, and every JSON
/// document, line or server-sent event in the body. Strictly: a member that is not described breaks
/// it. Threads: safe to call concurrently.
class ApiContract {
 public:
  /// Of the document that a server of the whole surface gives; asked once, since all give the same.
  static const ApiContract& served_by(std::uint16_t port) {
    static const ApiContract contract = [port] {
      RawClient client(port);
      client.send("GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n");
      return ApiContract(events::parse_json(client.read_answer().body).value());
    }();
    return contract;
  }

  explicit ApiContract(events::Json document) : document_(std::move(document)) {}

  /// What is wrong with an answer of a path that the document has; nothing when it keeps the
  /// contract. A path that no route has may only answer problems.
  /// @param media  the Content-Type; empty when there is none.
  [[nodiscard]] std::optional<std::string> broken(const std::string& method,
                                                  std::string_view target, int status,
                                                  const std::string& media,
                                                  const std::string& body) const {
    std::string route;
    const events::Json* operation = find(method, target.substr(0, target.find('?')), &route);
    const events::Json* responses = operation == nullptr ? nullptr : operation->find("responses");
    const events::Json* response =
        responses == nullptr ? nullptr : responses->find(std::to_string(status));
    const bool problem = media == "application/problem+json";
    const std::string what = method + " " + std::string(target) + " " + std::to_string(status);
    if (problem) {
      if (status < 400) return what + ": a problem that succeeded";
      saw(method + " " + route + " default " + media);
      return said(what, *document_.find("components")->find("schemas")->find("Problem"), body);
    }
    if (response == nullptr) return what + ": the status is not described";
    const events::Json* content = response->find("content");
    saw(method + " " + route + " " + std::to_string(status) + (media.empty() ? "" : " " + media));
    if (content == nullptr) {
      if (body.empty()) return std::nullopt;
      return what + ": a body that is not described";
    }
    const events::Json* kind = content->find(media);
    if (kind == nullptr) return what + ": " + media + " is not described";
    const events::Json* schema = kind->find("schema");
    if (schema == nullptr) return std::nullopt;
    for (const std::string& text : documents(media, body)) {
      if (auto wrong = said(what, *schema, text)) return wrong;
    }
    return std::nullopt;
  }

  /// The same for one message of a WebSocket that a GET of `path` became.
  [[nodiscard]] std::optional<std::string> broken_message(std::string_view path,
                                                          const std::string& message) const {
    const events::Json* operation = find("get", path.substr(0, path.find('?')), nullptr);
    const events::Json* responses = operation == nullptr ? nullptr : operation->find("responses");
    const events::Json* opened = responses == nullptr ? nullptr : responses->find("101");
    const events::Json* schema = opened == nullptr ? nullptr : opened->find("x-websocket-message");
    const std::string what = "message of " + std::string(path);
    if (schema == nullptr) return what + " is not described";
    return said(what, *schema, message);
  }

  /// What is described and no answer so far has been: `get /healthz 200 application/json`;
  /// `default` for problems.
  [[nodiscard]] std::set<std::string> unseen() const {
    std::set<std::string> out;
    const std::lock_guard lock(*mutex_);
    for (const auto& path : *document_.find("paths")->if_object()) {
      for (const auto& operation : *path.value.if_object()) {
        for (const auto& response : *operation.value.find("responses")->if_object()) {
          const std::string at = operation.key + " " + path.key + " " + response.key;
          const events::Json* content = response.value.find("content");
          if (content == nullptr) out.insert(at);
          if (content == nullptr) continue;
          for (const auto& media : *content->if_object()) out.insert(at + " " + media.key);
        }
      }
    }
    for (const std::string& each : seen_) out.erase(each);
    return out;
  }

  [[nodiscard]] const events::Json& document() const { return document_; }

 private:
  [[nodiscard]] std::optional<std::string> said(const std::string& what, const events::Json& schema,
                                                const std::string& text) const {
    const auto json = events::parse_json(text);
    if (!json) return what + ": no JSON: " + text;
    auto wrong = support::JsonSchema(document_, support::JsonSchema::Members::described)
                     .violation(schema, *json);
    if (wrong) *wrong = what + ": " + *wrong;
    return wrong;
  }

  static std::vector<std::string> documents(const std::string& media, const std::string& body) {
    if (media == "application/json") return {body};
    constexpr std::string_view kData = "data: ";
    std::vector<std::string> found;
    std::istringstream lines(body);
    for (std::string line; std::getline(lines, line);) {
      if (media == "application/x-ndjson" && !line.empty()) found.push_back(line);
      if (media == "text/event-stream" && line.starts_with(kData)) {
        found.push_back(line.substr(kData.size()));
      }
    }
    return found;
  }

  static std::vector<std::string> segments(std::string_view path) {
    std::vector<std::string> out;
    std::istringstream text{std::string(path)};
    for (std::string part; std::getline(text, part, '/');) out.push_back(part);
    return out;
  }

  void saw(std::string what) const {
    const std::lock_guard lock(*mutex_);
    seen_.insert(std::move(what));
  }

  /// @param route  gets the pattern; may be null.
  [[nodiscard]] const events::Json* find(const std::string& method, std::string_view path,
                                         std::string* route) const {
    const auto wanted = segments(path);
    for (const auto& member : *document_.find("paths")->if_object()) {
      const auto pattern = segments(member.key);
      // `{path}` and `{rest}` at the end stand for one segment or more.
      const bool open = pattern.back() == "{path}" || pattern.back() == "{rest}";
      bool same = open ? wanted.size() >= pattern.size() : pattern.size() == wanted.size();
      for (std::size_t i = 0; same && i < pattern.size(); ++i) {
        same = pattern[i] == wanted[i] || pattern[i].starts_with('{');
      }
      if (!same || member.value.find(method) == nullptr) continue;
      if (route != nullptr) *route = member.key;
      return member.value.find(method);
    }
    return nullptr;
  }

  events::Json document_;
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();
  mutable std::set<std::string> seen_;
};

}  // namespace hansard::http::testing
