#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "../real_data.h"
#include "events/dialects/apis.h"

/// Answers of recorded exchanges, read by the dialect of their route.
namespace hansard::events::pricing {

inline std::string text_in(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? "" : *text;
}

inline Json streamed_body(const Api& api, const std::string& text) {
  auto stream = api.answers.stream();
  if (api.stream == Api::Stream::sse) {
    for (const auto& frame : real::sse_frames(text, 1000)) {
      stream->add({frame.event, frame.data}, frame.at_us);
    }
  } else {
    std::string_view rest = text;
    while (!rest.empty()) {
      const auto end = rest.find('\n');
      if (end != 0) stream->add({"", rest.substr(0, end)}, 0);
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
  }
  return std::move(stream->end().body);
}

/// What the answer of an exchange says; nothing where it is no answer of an API that we know.
inline std::optional<RecordResponse> answer_of(const Json& line) {
  if (line.find("status")->as_uint("").value() >= 300) return std::nullopt;
  const std::string target = text_in(line, "target");
  const Api* api = api_at(std::string_view(target).substr(0, target.find('?')));
  if (api == nullptr) return std::nullopt;
  const std::string text = text_in(line, "response_body");
  Json body;
  if (*line.find("stream")->if_boolean()) {
    body = streamed_body(*api, text);
  } else if (auto parsed = parse_json(text)) {
    body = *std::move(parsed);
  }
  if (!body.is_object()) return std::nullopt;
  auto steps = api->answers.read(body, {"call", [](std::uint32_t) { return std::string("m"); }});
  if (!steps || steps->empty()) return std::nullopt;
  auto* answer = std::get_if<RecordResponse>(&steps->front());
  if (answer == nullptr) return std::nullopt;
  return std::move(*answer);
}

}  // namespace hansard::events::pricing
