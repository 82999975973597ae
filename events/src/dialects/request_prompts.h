#pragma once

#include <array>
#include <string_view>

#include "dialects/request_members.h"
#include "dialects/request_nearest.h"

/// Requests that send no conversation but one text or several: prompts, what to embed. Private to
/// src/dialects.
///
/// Each becomes {"role":"user", "content": <as given>}, with `images` where the API has them beside
/// the prompt. A text is a part `text`; a list of numbers is {"type":"tokens","tokens":[...]}, any
/// other value {"type":"input","input":<value>}.
namespace hansard::events {

struct PromptForm {
  std::string_view name;
  CallKind kind = CallKind::completion;
  RequestNames names;
  /// What older versions of the API call the member of the prompt.
  std::string_view other_name;
  bool images = false;
  bool one = false;  ///< it takes one text; several are joined
};

class PromptRequests final : public RequestDialect {
 public:
  explicit PromptRequests(const PromptForm& form);

  [[nodiscard]] std::string_view name() const override { return form_.name; }
  [[nodiscard]] core::Result<CallRequest> split(Json body) const override;
  [[nodiscard]] Json join(CallRequest request) const override;
  [[nodiscard]] core::Result<std::vector<RequestTurn>> read(const Json::Array& messages,
                                                            const RequestIds& ids) const override;
  /// Answers are no part of what is sent next.
  [[nodiscard]] Json::Array write(std::span<const SessionEvent> window) const override;

 private:
  const PromptForm form_;
  const std::array<std::string_view, 1> dialects_;
  RequestForm nearest_;
};

/// In base64: {"type":"image","data":...}; of other forms nothing.
std::optional<Part> image_data(const Media& media);

}  // namespace hansard::events
