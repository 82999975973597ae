#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <string_view>

#include "events/json.h"

/// What an API would refuse, as far as it concerns messages that came from another one.
namespace hansard::events::checks {

inline std::string text_at(const Json& object, std::string_view key) {
  const Json* value = object.find(key);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? "" : *text;
}

inline const Json::Array& list_at(const Json& object, std::string_view key) {
  static const Json::Array kNone;
  const Json* value = object.find(key);
  const auto* list = value == nullptr ? nullptr : value->if_array();
  return list == nullptr ? kNone : *list;
}

inline void expect_type(const Json& part, const std::set<std::string>& types) {
  EXPECT_TRUE(types.contains(text_at(part, "type"))) << dump(part).substr(0, 300);
}

inline void valid_chat(const Json::Array& messages) {
  std::multiset<std::string> open;
  for (const Json& message : messages) {
    const std::string role = text_at(message, "role");
    EXPECT_TRUE(
        (std::set<std::string>{"system", "developer", "user", "assistant", "tool"}).contains(role))
        << role;
    for (const Json& part : list_at(message, "content")) {
      expect_type(part, {"text", "image_url", "input_audio", "file"});
    }
    for (const Json& call : list_at(message, "tool_calls")) {
      EXPECT_FALSE(text_at(call, "id").empty());
      EXPECT_LE(text_at(call, "id").size(), 64U);
      EXPECT_TRUE(call.find("function")->find("arguments")->is_string()) << dump(call);
      open.insert(text_at(call, "id"));
    }
    if (role != "tool") continue;
    const auto call = open.find(text_at(message, "tool_call_id"));
    EXPECT_NE(call, open.end()) << dump(message);
    if (call != open.end()) open.erase(call);
    EXPECT_TRUE(message.find("content")->is_string()) << dump(message);
  }
}

inline void valid_items(const Json::Array& items) {
  std::multiset<std::string> open;
  for (const Json& item : items) {
    const std::string type = text_at(item, "type");
    const bool answers = text_at(item, "role") == "assistant";
    expect_type(item, {"message", "function_call", "function_call_output"});
    for (const Json& part : list_at(item, "content")) {
      expect_type(part, answers ? std::set<std::string>{"output_text"}
                                : std::set<std::string>{"input_text", "input_image", "input_file",
                                                        "input_audio"});
    }
    if (type == "function_call") {
      EXPECT_TRUE(item.find("arguments")->is_string()) << dump(item);
      EXPECT_FALSE(text_at(item, "name").empty());
      open.insert(text_at(item, "call_id"));
    } else if (type == "function_call_output") {
      EXPECT_TRUE(open.contains(text_at(item, "call_id"))) << dump(item);
      EXPECT_NE(item.find("output"), nullptr);
    }
  }
}

inline void valid_anthropic(const Json::Array& messages) {
  std::set<std::string> calls;
  std::set<std::string> open;
  for (const Json& message : messages) {
    const std::string role = text_at(message, "role");
    EXPECT_TRUE(role == "user" || role == "assistant" || role == "system") << role;
    EXPECT_EQ(message.if_object()->size(), 2U) << dump(message);
    if (const Json* content = message.find("content"); content->is_string()) {
      EXPECT_FALSE(content->if_string()->empty());
    } else {
      EXPECT_FALSE(list_at(message, "content").empty());
    }
    for (const Json& block : list_at(message, "content")) {
      expect_type(block, role == "user"
                             ? std::set<std::string>{"text", "image", "document", "tool_result"}
                             : std::set<std::string>{"text", "tool_use"});
      const std::string type = text_at(block, "type");
      if (type == "text") {
        EXPECT_FALSE(text_at(block, "text").empty());
      }
      if (type == "tool_use") {
        const std::string id = text_at(block, "id");
        EXPECT_TRUE(std::all_of(id.begin(), id.end(), [](char c) {
          return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
        })) << id;
        EXPECT_TRUE(calls.insert(id).second) << "twice: " << id;
        EXPECT_TRUE(block.find("input")->is_object()) << dump(block);
        open.insert(id);
      }
      if (type == "tool_result") {
        EXPECT_EQ(open.erase(text_at(block, "tool_use_id")), 1U) << dump(block);
        for (const Json& each : list_at(block, "content")) expect_type(each, {"text", "image"});
      }
    }
  }
}

inline void valid_ollama(const Json::Array& messages) {
  for (const Json& message : messages) {
    const std::string role = text_at(message, "role");
    EXPECT_TRUE((std::set<std::string>{"system", "user", "assistant", "tool"}).contains(role))
        << role;
    EXPECT_TRUE(message.find("content")->is_string()) << dump(message);
    for (const Json& image : list_at(message, "images")) EXPECT_TRUE(image.is_string());
    for (const Json& call : list_at(message, "tool_calls")) {
      EXPECT_TRUE(call.find("function")->find("arguments")->is_object()) << dump(call);
    }
  }
}

}  // namespace hansard::events::checks
