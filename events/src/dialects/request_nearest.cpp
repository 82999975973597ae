#include "dialects/request_nearest.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "dialects/original.h"

namespace hansard::events {
namespace {

using Call = std::pair<std::string_view, std::uint32_t>;  ///< message_id, index

enum class Origin : std::uint8_t { own, unmarked, foreign };

Origin origin_of(const RequestForm& form, const std::optional<Json>& extra) {
  if (!extra) return Origin::unmarked;
  const auto dialect = text_of(extra->find("dialect"), "");
  if (dialect.empty()) return Origin::unmarked;
  const auto& ours = form.dialects;
  return std::find(ours.begin(), ours.end(), dialect) == ours.end() ? Origin::foreign : Origin::own;
}

/// Nothing but what every API has.
bool is_plain(const Part& part) {
  const auto* members = part.json.if_object();
  if (members == nullptr) return false;
  if (part.kind() == "text") return members->size() == 2;
  return part.kind() == "tool_call" && members->size() == 3 && part.call_index();
}

bool is_plain_text(const Json& json) {
  return is_plain(Part{json}) && json.find("text") != nullptr;
}

bool is_plain(const RequestForm& form, const MessageSent& sent) {
  if (sent.role == Role::developer && !form.developers) return false;
  return std::all_of(sent.parts.begin(), sent.parts.end(), [&](const Part& part) {
    const bool result = form.results_in_messages && part.kind() == "tool_result";
    return result || (part.kind() == "text" && is_plain(part));
  });
}

bool is_plain(const Parts& parts) {
  return std::all_of(parts.begin(), parts.end(), [](const Part& part) { return is_plain(part); });
}

/// An output that every API has: a text, or, where they may be lists, one of plain texts.
bool is_plain_output(const RequestForm& form, const Json& output) {
  if (output.is_string()) return true;
  const auto* list = output.if_array();
  return form.result_text == "text" && list != nullptr &&
         std::all_of(list->begin(), list->end(), is_plain_text);
}

std::string fitted(const RequestForm& form, std::string_view name) {
  std::string made(name);
  if (!form.call_characters.empty()) {
    std::replace_if(
        made.begin(), made.end(),
        [&](char c) {
          const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
          return !plain && form.call_characters.find(c) == std::string_view::npos;
        },
        '_');
  }
  // The end of a name tells it from others.
  if (form.call_bytes_max != 0 && made.size() > form.call_bytes_max) {
    made.erase(0, made.size() - form.call_bytes_max);
  }
  return made.empty() ? "call" : made;
}

class Nearest {
 public:
  Nearest(std::span<const SessionEvent> window, const RequestForm& form)
      : window_(window), form_(form) {
    for (const SessionEvent& event : window) {
      if (const auto* answer = std::get_if<ResponseReceived>(&event)) {
        answers_[answer->message_id] = answer;
      } else if (const auto* call = std::get_if<ToolCalled>(&event)) {
        calls_[call->message_id].push_back(call);
      }
    }
    name_calls();
  }

  std::optional<std::vector<SessionEvent>> made() {
    const bool all = std::all_of(window_.begin(), window_.end(),
                                 [&](const SessionEvent& event) { return is_near(event); });
    if (all) return {};
    for (const SessionEvent& event : window_) {
      if (is_near(event)) {
        out_.push_back(event);
      } else {
        std::visit([&](const auto& each) { add(each); }, event);
      }
    }
    return std::move(out_);
  }

 private:
  // Whether an event has the form already.
  [[nodiscard]] bool is_near(const SessionEvent& event) const {
    return std::visit([&](const auto& each) { return near(each); }, event);
  }
  template <class E>
  [[nodiscard]] bool near(const E&) const {
    return true;  // says nothing that is sent
  }
  [[nodiscard]] bool near(const MessageSent& sent) const {
    const Origin origin = origin_of(form_, sent.extra);
    return origin == Origin::own || (origin == Origin::unmarked && is_plain(form_, sent));
  }
  [[nodiscard]] bool near(const ResponseReceived& answer) const {
    const Origin origin = origin_of(form_, answer.extra);
    if (origin != Origin::unmarked) return origin == Origin::own;
    const auto calls = calls_.find(answer.message_id);
    const bool called = calls != calls_.end();
    return is_plain(answer.parts) &&
           (!called || std::all_of(calls->second.begin(), calls->second.end(),
                                   [&](const ToolCalled* call) { return near_call(*call); }));
  }
  [[nodiscard]] bool near(const ToolCalled& call) const {
    const auto answer = answers_.find(call.message_id);
    return answer == answers_.end() || near(*answer->second);
  }
  [[nodiscard]] bool near_call(const ToolCalled& call) const {
    return !names_.contains({call.message_id, call.index}) &&
           (!form_.object_arguments || call.arguments.is_object());
  }
  template <class R>
  [[nodiscard]] bool near_result(const R& result, const Json& output) const {
    const Origin origin = origin_of(form_, result.extra);
    if (origin == Origin::foreign || name_of(result) != result.tool_call_id) return false;
    return origin == Origin::own || is_plain_output(form_, output);
  }
  [[nodiscard]] bool near(const ToolCompleted& result) const {
    return near_result(result, result.output);
  }
  [[nodiscard]] bool near(const ToolFailed& result) const {
    return near_result(result, result.error);
  }

  /// The calls that need other names.
  void name_calls() {
    std::set<std::string, std::less<>> used;
    for (const SessionEvent& event : window_) {
      const auto* call = std::get_if<ToolCalled>(&event);
      if (call == nullptr) continue;
      std::string name = call->tool_call_id;
      if (!own_call(*call)) {  // what is theirs stays as it is
        name = fitted(form_, name);
        const std::string first = name;
        for (int n = 2; form_.unique_calls && used.contains(name); ++n) {
          name = first + "_" + std::to_string(n);
        }
        if (name != call->tool_call_id) names_[{call->message_id, call->index}] = name;
      }
      used.insert(std::move(name));
    }
  }
  [[nodiscard]] bool own_call(const ToolCalled& call) const {
    const auto answer = answers_.find(call.message_id);
    return answer != answers_.end() && origin_of(form_, answer->second->extra) == Origin::own;
  }
  [[nodiscard]] const std::string& name_of(const ToolCalled& call) const {
    const auto named = names_.find({call.message_id, call.index});
    return named == names_.end() ? call.tool_call_id : named->second;
  }
  template <class R>
  [[nodiscard]] std::string name_of(const R& result) const {
    if (result.message_id) {
      const auto named = names_.find({*result.message_id, result.index.value_or(0)});
      return named == names_.end() ? result.tool_call_id : named->second;
    }
    const bool own = origin_of(form_, result.extra) == Origin::own;
    return own ? result.tool_call_id : fitted(form_, result.tool_call_id);
  }

  template <class E>
  void add(const E& event) {
    out_.emplace_back(event);
  }
  void add(const MessageSent& from) {
    MessageSent sent = from;
    if (sent.role == Role::developer && !form_.developers) sent.role = Role::system;
    sent.parts.clear();
    sent.extra.reset();
    for (const Part& part : from.parts) {
      const auto kind = part.kind();
      if (kind == "text" || kind == "refusal") {
        if (!part.text().value_or("").empty()) {
          sent.parts.push_back(Part::make_text(std::string(*part.text())));
        }
      } else if (const auto media = media_of(part)) {
        if (!media->text.empty()) {
          sent.parts.push_back(Part::make_text(media->text));
        } else if (auto made = form_.media(*media)) {
          sent.parts.push_back(*std::move(made));
        }
      }
    }
    if (sent.parts.empty()) return;
    mark(sent);
    out_.emplace_back(std::move(sent));
  }
  void add(const ResponseReceived& from) {
    ResponseReceived answer = from;
    answer.parts.clear();
    answer.extra.reset();
    std::string text;
    for (const Part& part : from.parts) {
      const auto kind = part.kind();
      if (kind == "text" || kind == "refusal") text += part.text().value_or("");
      if (kind == "audio") text += text_of(member(part.json.find("audio"), "transcript"), "");
    }
    if (!text.empty()) answer.parts.push_back(Part::make_text(std::move(text)));
    if (const auto calls = calls_.find(from.message_id); calls != calls_.end()) {
      for (const ToolCalled* call : calls->second) {
        answer.parts.push_back(Part::make_tool_call(name_of(*call), call->index));
      }
    }
    if (!answer.parts.empty()) out_.emplace_back(std::move(answer));
  }
  void add(const ToolCalled& from) {
    ToolCalled call = from;
    call.tool_call_id = name_of(from);
    if (form_.object_arguments) call.arguments = as_object(from.arguments);
    out_.emplace_back(std::move(call));
  }
  void add(const ToolCompleted& from) { add_result(from, &ToolCompleted::output); }
  void add(const ToolFailed& from) { add_result(from, &ToolFailed::error); }
  template <class R>
  void add_result(const R& from, Json R::*output) {
    R result = from;
    result.tool_call_id = name_of(from);
    if (origin_of(form_, from.extra) != Origin::own) {
      result.extra.reset();
      result.*output = as_output(from.*output);
      if (!(result.*output).is_string()) mark(result);
    }
    out_.emplace_back(std::move(result));
  }

  template <class E>
  void mark(E& event) const {
    event.extra = Json(Json::Object{{"dialect", form_.dialects.front()}});
  }

  static Json as_object(const Json& arguments) {
    if (arguments.is_object()) return arguments;
    const auto* text = arguments.if_string();
    if (arguments.is_null() || (text != nullptr && text->empty())) return Json::Object{};
    if (text != nullptr) {
      auto parsed = parse_json(*text);
      if (parsed && parsed->is_object()) return *std::move(parsed);
    }
    return Json::Object{{"arguments", arguments}};
  }

  /// A list where the API takes one and there is more than text, otherwise the texts.
  [[nodiscard]] Json as_output(const Json& output) const {
    if (output.is_null()) return "";
    const auto* list = output.if_array();
    if (list == nullptr) return output.is_string() ? output : Json(dump(output));
    Json::Array made;
    std::string all;
    bool other = false;  // something that is neither text nor picture
    bool media = false;
    for (const Json& each : *list) {
      const Json* said = each.find("text");
      if (said != nullptr && said->is_string()) {
        all += (all.empty() ? "" : "\n") + *said->if_string();
        made.push_back(Json::Object{{"type", form_.result_text}, {"text", *said}});
        continue;
      }
      const auto found = media_of(Part{each});
      auto block = found && form_.result_media != nullptr ? form_.result_media(*found)
                                                          : std::optional<Json>();
      if (block) {
        made.push_back(*std::move(block));
        media = true;
      } else if (!found) {
        other = true;
      }
    }
    if (media) return made;
    return other && all.empty() ? Json(dump(output)) : Json(std::move(all));
  }

  std::span<const SessionEvent> window_;
  const RequestForm& form_;
  std::map<std::string_view, const ResponseReceived*> answers_;
  std::map<std::string_view, std::vector<const ToolCalled*>> calls_;
  std::map<Call, std::string> names_;  ///< of calls that cannot keep theirs
  std::vector<SessionEvent> out_;
};

}  // namespace

void OwnMarks::mark(std::vector<SessionStep>& steps) {
  const auto fits = [&](const std::string& name) { return fitted(form_, name) == name; };
  const auto mark = [&](auto& each, bool plain) {
    if (!plain && !each.extra) {
      each.extra = Json(Json::Object{{"dialect", form_.dialects.front()}});
    }
  };
  RecordResponse* answer = nullptr;
  for (SessionStep& step : steps) {
    if (auto* sent = std::get_if<SendMessage>(&step)) {
      mark(*sent, is_plain(form_, *sent));
    } else if (auto* said = std::get_if<RecordResponse>(&step)) {
      answer = said;
      mark(*said, is_plain(said->parts));
    } else if (const auto* call = std::get_if<CallTool>(&step); call != nullptr && answer) {
      const bool known = form_.unique_calls && !calls_.insert(call->tool_call_id).second;
      const bool usual = !form_.object_arguments || call->arguments.is_object();
      mark(*answer, fits(call->tool_call_id) && !known && usual);
    } else if (auto* done = std::get_if<CompleteTool>(&step)) {
      mark(*done, is_plain_output(form_, done->output) && fits(done->tool_call_id));
    } else if (auto* failed = std::get_if<FailTool>(&step)) {
      mark(*failed, is_plain_output(form_, failed->error) && fits(failed->tool_call_id));
    }
  }
}

std::optional<std::vector<SessionEvent>> nearest(std::span<const SessionEvent> window,
                                                 const RequestForm& form) {
  return Nearest(window, form).made();
}

}  // namespace hansard::events
