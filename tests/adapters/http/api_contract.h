#pragma once

#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/json_schema.h"

namespace hansard::http::testing {

/// Answers against what `GET /openapi.json` promises: the status, the media type, and every JSON
/// document, line or server-sent event in the body.
class ApiContract {
 public:
  explicit ApiContract(events::Json document) : document_(std::move(document)) {}

  /// What is wrong with an answer of a path that the document has; nothing when it keeps the
  /// contract. A path that no route has may only answer problems.
  /// @param media  the Content-Type; empty when there is none.
  [[nodiscard]] std::optional<std::string> broken(const std::string& method,
                                                  std::string_view target, int status,
                                                  const std::string& media,
                                                  const std::string& body) const {
    const events::Json* operation = find(method, target.substr(0, target.find('?')));
    const events::Json* responses = operation == nullptr ? nullptr : operation->find("responses");
    const events::Json* response =
        responses == nullptr ? nullptr : responses->find(std::to_string(status));
    const bool problem = media == "application/problem+json";
    const std::string what = method + " " + std::string(target) + " " + std::to_string(status);
    if (problem) {
      if (status < 400) return what + ": a problem that succeeded";
      return said(what, *document_.find("components")->find("schemas")->find("Problem"), body);
    }
    if (response == nullptr) return what + ": the status is not described";
    const events::Json* content = response->find("content");
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

  [[nodiscard]] const events::Json& document() const { return document_; }

 private:
  [[nodiscard]] std::optional<std::string> said(const std::string& what, const events::Json& schema,
                                                const std::string& text) const {
    const auto json = events::parse_json(text);
    if (!json) return what + ": no JSON: " + text;
    auto wrong = support::JsonSchema(document_).violation(schema, *json);
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

  [[nodiscard]] const events::Json* find(const std::string& method, std::string_view path) const {
    const auto wanted = segments(path);
    for (const auto& member : *document_.find("paths")->if_object()) {
      const auto pattern = segments(member.key);
      bool same = pattern.size() == wanted.size();
      for (std::size_t i = 0; same && i < pattern.size(); ++i) {
        same = pattern[i] == wanted[i] || pattern[i].starts_with('{');
      }
      if (same && member.value.find(method) != nullptr) return member.value.find(method);
    }
    return nullptr;
  }

  events::Json document_;
};

}  // namespace hansard::http::testing
