#include "dialects/request_prompts.h"

#include <algorithm>
#include <utility>

#include "dialects/frames.h"
#include "dialects/original.h"

namespace hansard::events {
namespace {

Json prompt_of(Json content) {
  return Json::Object{{"role", "user"}, {"content", std::move(content)}};
}

bool numbers(const Json& value) {
  const auto* list = value.if_array();
  return list != nullptr && !list->empty() &&
         std::all_of(list->begin(), list->end(), [](const Json& each) { return each.is_number(); });
}

Json::Array texts(const Json* value) {
  const Json::Array* list = value == nullptr ? nullptr : value->if_array();
  return list == nullptr ? Json::Array{} : *list;
}

Part part_of(const Json& content) {
  if (const auto* text = content.if_string()) return Part::make_text(*text);
  Part part;
  if (numbers(content)) {
    part.json.add("type", "tokens").add("tokens", content);
  } else {
    part.json.add("type", "input").add("input", content);
  }
  return part;
}

}  // namespace

std::optional<Part> image_data(const Media& media) {
  if (media.kind != Media::Kind::image || media.data.empty()) return {};
  return Part{Json(Json::Object{{"type", "image"}, {"data", media.data}})};
}

PromptRequests::PromptRequests(const PromptForm& form) : form_(form), dialects_{form.name} {
  nearest_.dialects = dialects_;
  nearest_.media = image_data;
}

core::Result<CallRequest> PromptRequests::split(Json body) const {
  RequestNames names = form_.names;
  if (body.find(names.messages) == nullptr && body.find(form_.other_name) != nullptr) {
    names.messages = form_.other_name;
  }
  Json* given = body.find(names.messages);
  bool list = false;
  if (given != nullptr && !given->is_null()) {
    Json::Array prompts;
    list = given->is_array() && !numbers(*given);
    if (list) {
      for (Json& each : *given->if_array()) prompts.push_back(prompt_of(std::move(each)));
    } else if (given->is_string() || given->is_array()) {
      prompts.push_back(prompt_of(std::move(*given)));
    } else {
      return bad_field(names.messages,
                       "expected a text or a list, found " + std::string(describe(given->kind())));
    }
    *given = std::move(prompts);
  }
  auto request = split_members(std::move(body), names);
  if (!request) return request;
  request->kind = form_.kind;
  read_identity(*request);
  const Json* images = request->parameters.find("images");
  const auto& rest = *request->parameters.if_object();
  const bool once = std::count_if(rest.begin(), rest.end(), [](const Json::Member& each) {
                      return each.key == "images";
                    }) == 1;
  if (form_.images && request->messages.size() == 1 && once && images->is_array()) {
    request->messages.front().add("images", *images);
    drop_member(request->parameters, "images");
  }
  Json form;
  if (list) form.add("list", true);
  if (names.messages != form_.names.messages) form.add("named", names.messages);
  put_form(*request, std::move(form));
  return request;
}

Json PromptRequests::join(CallRequest request) const {
  const Json form = take_form(request);
  RequestNames names = form_.names;
  if (form.find("named") != nullptr) names.messages = form_.other_name;
  Json::Array contents;
  Json::Array images;
  std::string all;
  for (Json& each : request.messages) {
    Json* content = each.find("content");
    if (content == nullptr) continue;
    if (const Json* more = each.find("images"); more != nullptr && more->is_array()) {
      for (const Json& image : *more->if_array()) images.push_back(image);
    }
    all += (all.empty() ? "" : "\n\n") + std::string(text_of(content, ""));
    contents.push_back(std::move(*content));
  }
  const bool had_images =
      !request.messages.empty() && request.messages.front().find("images") != nullptr;
  const bool list = form.find("list") != nullptr;
  if (form_.one && !list && contents.size() > 1) contents = Json::Array{Json(std::move(all))};
  const bool single = contents.size() == 1 && !list;
  request.messages.clear();
  const bool lacks = contents.empty() && !list;
  Json body = join_members(std::move(request), names, form);
  Json* place = body.find(names.messages);
  if (place != nullptr && place->is_array()) {
    *place = single ? std::move(contents.front()) : Json(std::move(contents));
  } else if (place == nullptr && !lacks) {
    body.add(std::string(names.messages),
             single ? std::move(contents.front()) : Json(std::move(contents)));
  }
  if (had_images) body.add("images", std::move(images));
  return body;
}

core::Result<std::vector<RequestTurn>> PromptRequests::read(const Json::Array& messages,
                                                            const RequestIds& ids) const {
  std::vector<RequestTurn> turns;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const std::string path = join_path(form_.names.messages, i);
    const Json* content = messages[i].find("content");
    if (content == nullptr) return bad_field(path, "expected a prompt");
    SendMessage sent;
    sent.message_id = ids.message_id(i);
    sent.role = Role::user;
    sent.parts.push_back(part_of(*content));
    bool plain = content->is_string();
    if (const Json* images = messages[i].find("images")) {
      plain = false;
      for (const Json& image : texts(images)) {
        Part part;
        part.json.add("type", "image").add("data", image);
        sent.parts.push_back(std::move(part));
      }
    }
    if (!plain) sent.extra = Json(Json::Object{{"dialect", form_.name}});
    if (messages[i].find("images") != nullptr) sent.extra->add("images", true);
    turns.push_back({i, {}});
    turns.back().steps.emplace_back(std::move(sent));
  }
  return turns;
}

Json::Array PromptRequests::write(std::span<const SessionEvent> window) const {
  const auto made = nearest(window, nearest_);
  Json::Array messages;
  for (const SessionEvent& event : made ? std::span<const SessionEvent>(*made) : window) {
    const auto* sent = std::get_if<MessageSent>(&event);
    if (sent == nullptr || sent->role == Role::system || sent->role == Role::developer) continue;
    Json content;
    std::string text;
    Json::Array images;
    for (const Part& part : sent->parts) {
      if (part.kind() == "text") {
        text += (text.empty() ? "" : "\n") + std::string(part.text().value_or(""));
      } else if (part.kind() == "tokens" || part.kind() == "input") {
        const Json* given = part.json.find(part.kind());
        if (given != nullptr) content = *given;
      } else if (const Json* data = part.json.find("data"); part.kind() == "image" && data) {
        images.push_back(*data);
      }
    }
    const bool other = std::any_of(sent->parts.begin(), sent->parts.end(), [](const Part& part) {
      return part.kind() == "tokens" || part.kind() == "input";
    });
    Json message = prompt_of(other ? std::move(content) : Json(std::move(text)));
    const bool had_list = member(extra_for(form_.name, sent->extra), "images") != nullptr;
    const bool had_images = form_.images && (!images.empty() || had_list);
    if (had_images) message.add("images", std::move(images));
    messages.push_back(std::move(message));
  }
  return messages;
}

}  // namespace hansard::events
