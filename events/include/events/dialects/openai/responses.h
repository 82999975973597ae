#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "events/dialects/openai/messages.h"
#include "events/json.h"
#include "events/session/commands.h"
#include "events/session/facts.h"

/// Items of the OpenAI Responses format <-> the vocabulary (reference: OpenAI API, "Create a model
/// response", `input` and `output`; also what Codex keeps of a conversation). Pure.
///
///   message of a system, developer or user   -> SendMessage
///   message of an assistant, reasoning, *_call   -> parts of one RecordResponse: an answer is a
///       run of such items. A call that names itself (`call_id`) is a CallTool, too; one that the
///       provider carries out itself (web search, ...) is a part as it stands.
///   *_call_output   -> CompleteTool, bound to the latest open call of its `call_id`
///
/// What the canonical form has no place for is kept in `extra` {"dialect":"openai.responses", ...}:
/// of an answer `items`, saying for each item its type, how many parts it gave and its other
/// fields. Where the rebuilt items still differ, `raw` holds the originals.
namespace hansard::events::openai {

enum class ItemKind : std::uint8_t {
  message,  ///< of a system, developer or user
  answer,   ///< what a model said, thought or asked for
  result,   ///< of a tool
  unknown,
};
ItemKind item_kind(const Json& item);

/// Reads the items of one conversation in order; remembers the answer being read and open tool
/// calls. Confined to one thread.
class ItemReader {
 public:
  /// Adds an item to the answer. `ids` counts for the first item of an answer only.
  /// Errors: invalid_argument naming the field; the reader is then unchanged.
  core::Status add(const Json& item, const MessageIds& ids, std::string_view path);
  [[nodiscard]] bool answering() const { return !items_.empty(); }
  /// Ends the answer: a RecordResponse, then one CallTool per call. @pre answering()
  std::vector<SessionStep> end_answer();

  /// @pre item_kind(item) == message. Errors: as `add`.
  static core::Result<SendMessage> read_message(const Json& item, std::string message_id,
                                                std::string_view path);
  /// @pre item_kind(item) == result
  /// @param result_id  of a result whose call is not known. Errors: as `add`.
  core::Result<CompleteTool> read_result(const Json& item, std::string_view result_id,
                                         std::string_view path);

 private:
  struct OpenCall {
    std::string message_id;
    std::uint32_t index = 0;
    std::string tool;
  };
  MessageIds ids_;
  Json::Array items_;    ///< of the answer, as they came
  Json::Array entries_;  ///< `extra.items`
  Parts parts_;
  std::vector<CallTool> calls_;
  std::map<std::string, std::vector<OpenCall>, std::less<>> open_;  ///< by call_id, oldest first
};

/// The original items, equal as JSON trees to what was read; of an event recorded otherwise, the
/// nearest items of the format.
Json write_item(const MessageSent& event);
Json::Array write_items(const ResponseReceived& event, std::span<const ToolCalled> calls);
Json write_item(const ToolCompleted& event);

/// Counters of the format, which overlap: `cached` and `cache_write` are part of `input`,
/// `reasoning` of `output`.
struct TokenCounts {
  std::optional<std::uint64_t> input, cached, cache_write, output, reasoning;
  std::optional<std::uint64_t> total;  ///< tells the hosts that count `reasoning` beside `output`
};
/// The same in disjoint classes. A part larger than its whole makes the rest 0.
Usage disjoint_usage(const TokenCounts& counts);

}  // namespace hansard::events::openai
