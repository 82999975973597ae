#pragma once

#include <array>
#include <memory>
#include <string_view>
#include <vector>

#include "events/dialects/answer.h"

/// The two APIs that say something, and their streamed form. Private to src/dialects/ollama.
namespace hansard::events::ollama {

/// Of a body, where lines are kept that are not understood.
inline constexpr std::string_view kFrames = "_frames";

/// /api/chat has its texts in `message`, /api/generate in the body itself.
struct Form {
  std::string_view dialect;
  bool chat = true;

  [[nodiscard]] std::string_view text_key() const { return chat ? "content" : "response"; }
  /// Where the texts are, or nullptr.
  [[nodiscard]] const Json* said(const Json& body) const {
    const Json* said = chat ? body.find("message") : &body;
    return said != nullptr && said->is_object() ? said : nullptr;
  }
};
inline constexpr Form kChat{"ollama.chat", true};
inline constexpr Form kGenerate{"ollama.generate", false};

std::unique_ptr<StreamedAnswer> make_stream(const Form& form);
std::vector<TimedFrame> write_stream(const Form& form, const Json& body, const Json& track);

}  // namespace hansard::events::ollama
