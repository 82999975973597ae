#include "events/dialects/anthropic/requests.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "dialects/original.h"
#include "dialects/request_members.h"
#include "dialects/request_nearest.h"
#include "events/dialects/anthropic/messages.h"

namespace hansard::events::anthropic {
namespace {

constexpr RequestNames kNames{"messages", "system", "tools"};
constexpr std::string_view kDialect = "anthropic";
constexpr std::array<std::string_view, 1> kDialects{kDialect};
/// In `extra` of a result: the message before it, which was nothing but results, ends with the one
/// before. Otherwise results that follow each other stand in one message.
constexpr std::string_view kStarts = "starts";

std::optional<Json> block_of(const Media& media) {
  const bool data = !media.data.empty();
  Json source;
  source.add("type", data ? "base64" : "url");
  if (data) {
    const std::string_view unknown =
        media.kind == Media::Kind::image ? "image/png" : "application/pdf";
    source.add("media_type", media.media_type.empty() ? unknown : media.media_type);
    source.add("data", media.data);
  } else {
    source.add("url", media.url);
  }
  Json block;
  if (media.kind == Media::Kind::image) {
    block.add("type", "image").add("source", std::move(source));
    return block;
  }
  const bool document = media.kind == Media::Kind::file && (!data || media.media_type.empty() ||
                                                            media.media_type == "application/pdf");
  if (!document) return {};  // neither sounds nor files of other types
  block.add("type", "document").add("source", std::move(source));
  if (!media.name.empty()) block.add("title", media.name);
  return block;
}

std::optional<Part> part_of(const Media& media) {
  auto block = block_of(media);
  return block ? std::optional(Part{*std::move(block)}) : std::nullopt;
}

RequestForm request_form() {
  RequestForm form;
  form.dialects = kDialects;
  form.call_characters = "_-";
  form.unique_calls = true;
  form.results_in_messages = true;
  form.object_arguments = true;
  form.media = part_of;
  form.result_media = block_of;
  form.result_text = "text";
  return form;
}

const std::optional<Json>* extra_of(const SessionEvent& event) {
  if (const auto* done = std::get_if<ToolCompleted>(&event)) return &done->extra;
  if (const auto* failed = std::get_if<ToolFailed>(&event)) return &failed->extra;
  return nullptr;
}

std::size_t results_in(const MessageSent& message) {
  return static_cast<std::size_t>(
      std::count_if(message.parts.begin(), message.parts.end(),
                    [](const Part& part) { return part.kind() == "tool_result"; }));
}

/// What an answer was sends no id, model or counters again.
Json write_said(const ResponseReceived& answer, std::span<const ToolCalled> calls) {
  Json message = write_message(answer, calls);
  const Json* type = message.find("type");
  if (type == nullptr || text_of(type, "") != "message") return message;
  const Json* extra = extra_for(kDialect, answer.extra);
  if (member(extra, "request") != nullptr) return message;
  Json said;
  for (const std::string_view key : {"role", "content"}) {
    if (Json* value = message.find(key)) said.add(std::string(key), std::move(*value));
  }
  return said;
}

/// Writes messages; results wait for what the same message says besides.
class Writing {
 public:
  explicit Writing(std::span<const SessionEvent> window) {
    for (const SessionEvent& event : window) {
      if (const auto* call = std::get_if<ToolCalled>(&event)) {
        calls_[call->message_id].push_back(*call);
      }
    }
  }

  void take(const SessionEvent& event) {
    if (const auto* extra = extra_of(event)) {
      const bool starts = member(extra_for(kDialect, *extra), kStarts) != nullptr;
      if (starts) flush(0);
      results_.push_back(event);
    } else if (const auto* sent = std::get_if<MessageSent>(&event)) {
      const std::size_t own = std::min(results_in(*sent), results_.size());
      flush(own);
      messages_.push_back(write_message(*sent, results_));
      results_.clear();
    } else if (const auto* answer = std::get_if<ResponseReceived>(&event)) {
      flush(0);
      messages_.push_back(write_said(*answer, calls_[answer->message_id]));
    }
  }
  Json::Array end() {
    flush(0);
    return std::move(messages_);
  }

 private:
  /// All results but the last `kept` are a message of their own.
  void flush(std::size_t kept) {
    const auto end = results_.end() - static_cast<std::ptrdiff_t>(kept);
    if (end == results_.begin()) return;
    messages_.push_back(write_results({results_.begin(), end}));
    results_.erase(results_.begin(), end);
  }

  std::map<std::string_view, std::vector<ToolCalled>> calls_;
  std::vector<SessionEvent> results_;
  Json::Array messages_;
};

template <class R>
void mark_start(R& result) {
  if (!result.extra) result.extra = Json(Json::Object{{"dialect", kDialect}});
  result.extra->add(std::string(kStarts), true);
}

bool is_result(const SessionStep& step) {
  return std::holds_alternative<CompleteTool>(step) || std::holds_alternative<FailTool>(step);
}

class Requests final : public RequestDialect {
 public:
  [[nodiscard]] std::string_view name() const override { return "anthropic"; }

  [[nodiscard]] core::Result<CallRequest> split(Json body) const override {
    auto request = split_members(std::move(body), kNames);
    if (request) read_metadata(*request);
    return request;
  }
  [[nodiscard]] Json join(CallRequest request) const override {
    const Json form = take_form(request);
    return join_members(std::move(request), kNames, form);
  }

  [[nodiscard]] core::Result<std::vector<RequestTurn>> read(const Json::Array& messages,
                                                            const RequestIds& ids) const override {
    OpenCalls open;
    OwnMarks marks(form_);
    std::vector<RequestTurn> turns;
    turns.reserve(messages.size());
    bool after_results = false;  // and nothing else
    for (std::size_t i = 0; i < messages.size(); ++i) {
      auto steps =
          read_message(messages[i], {ids.message_id(i), ids.call_id(i)}, join_path("messages", i));
      if (!steps) return std::move(steps.error());
      for (SessionStep& step : *steps) open.bind(step);
      open.note(*steps);
      marks.mark(*steps);
      mark_whole(messages[i], *steps);
      const bool results = !steps->empty() && is_result(steps->front());
      if (results && after_results) {
        if (auto* done = std::get_if<CompleteTool>(&steps->front())) mark_start(*done);
        if (auto* failed = std::get_if<FailTool>(&steps->front())) mark_start(*failed);
      }
      after_results = results && is_result(steps->back());
      turns.push_back({i, *std::move(steps)});
    }
    return turns;
  }
  [[nodiscard]] Json::Array write(std::span<const SessionEvent> window) const override {
    const auto made = nearest(window, form_);
    const auto all = made ? std::span<const SessionEvent>(*made) : window;
    Writing writing(all);
    for (const SessionEvent& event : all) writing.take(event);
    return writing.end();
  }

 private:
  /// `metadata.user_id`, which Claude Code makes of several names.
  static void read_metadata(CallRequest& request) {
    const Json* metadata = request.parameters.find("metadata");
    if (metadata == nullptr) return;
    request.tags = text_members(metadata);
    std::erase_if(request.tags, [](const auto& tag) { return tag.first == "user_id"; });
    request.user = text_member(*metadata, "user_id");
    if (!request.user) return;
    constexpr std::string_view kSession = "_session_";
    const auto session = request.user->rfind(kSession);
    if (request.user->starts_with("user_") && session != std::string::npos) {
      std::string name = request.user->substr(session + kSession.size());
      request.user->erase(session);
      if (!name.empty()) request.conversation = std::move(name);
      return;
    }
    if (!request.user->starts_with('{')) return;
    const auto names = parse_json(*request.user);
    if (!names || !names->is_object()) return;
    auto name = text_member(*names, "session_id");
    if (!name) return;
    request.conversation = std::move(name);
    auto user = text_member(*names, "account_uuid");
    if (!user) user = text_member(*names, "device_id");
    if (user) request.user = std::move(user);
  }

  /// A client that sends answers back with all their members gets them written with all.
  static void mark_whole(const Json& message, std::vector<SessionStep>& steps) {
    if (steps.empty() || text_of(message.find("type"), "") != "message") return;
    auto* answer = std::get_if<RecordResponse>(&steps.front());
    if (answer == nullptr) return;
    if (!answer->extra) answer->extra = Json(Json::Object{{"dialect", kDialect}});
    answer->extra->add("request", true);
  }

  const RequestForm form_ = request_form();
};

}  // namespace

const RequestDialect& requests() {
  static const Requests dialect;
  return dialect;
}

}  // namespace hansard::events::anthropic
