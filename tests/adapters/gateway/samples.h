#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "events/json.h"

/// Requests and answers of each API, small and with everything that makes passing them on hard.
namespace hansard::gateway::testing {

/// A chat completion that is not streamed.
inline std::string plain_request() {
  return R"({"model":"gpt-x","messages":[{"role":"user","content":"Hi"}]})";
}
inline std::string plain_answer() {
  return R"({"id":"c1","object":"chat.completion","created":1,"model":"gpt-x","choices":[)"
         R"({"index":0,"message":{"role":"assistant","content":"Ho"},"finish_reason":"stop"}]})";
}

/// A streamed answer, frame by frame.
struct SampleStream {
  std::string target;
  std::string request;
  std::vector<std::string> frames;  ///< the last ends it
  [[nodiscard]] std::string bytes() const {
    std::string all;
    for (const std::string& frame : frames) all += frame;
    return all;
  }
};

inline std::string sse(std::string_view data) { return "data: " + std::string(data) + "\n\n"; }
inline std::string sse(std::string_view event, std::string_view data) {
  return "event: " + std::string(event) + "\n" + sse(data);
}

/// A chunk of a streamed chat completion.
inline std::string chat_chunk(std::string_view choices, std::string_view more = "") {
  return sse(
      R"({"id":"c1","object":"chat.completion.chunk","created":1,"model":"gpt-x","choices":)" +
      std::string(choices) + std::string(more) + "}");
}
inline std::string chat_delta(std::string_view text) {
  std::string quoted;
  events::dump_string_to(text, quoted);
  return chat_chunk(R"([{"index":0,"delta":{"content":)" + quoted + R"(},"finish_reason":null}])");
}
inline std::string chat_finish() {
  return chat_chunk(R"([{"index":0,"delta":{},"finish_reason":"stop"}])");
}
/// What only who asks for it gets.
inline std::string chat_usage() {
  return chat_chunk("[]", R"(,"usage":{"prompt_tokens":3,"completion_tokens":5,"total_tokens":8})");
}

inline SampleStream chat_stream() {
  return {"/v1/chat/completions",
          R"({"model":"gpt-x","stream":true,"stream_options":{"include_usage":true},)"
          R"("messages":[{"role":"user","content":"Weather?"}]})",
          {": a comment before anything\n\n",
           chat_chunk(R"([{"index":0,"delta":{"role":"assistant","content":""},)"
                      R"("finish_reason":null}])"),
           chat_delta("Gr\xc3\xbc"
                      "ezi \xe2\x98\x80"),
           ": ping\n\n", chat_delta("data: [DONE]\n\n is no end within a text"),
           "data: {\"id\":\"c1\",\"model\":\"gpt-x\",\r\ndata: \"choices\":[]}\r\n\r\n",
           chat_finish(), chat_usage(), sse("[DONE]")}};
}

inline SampleStream message_stream() {
  return {
      "/v1/messages",
      R"({"model":"claude-x","max_tokens":64,"stream":true,)"
      R"("messages":[{"role":"user","content":"Weather?"}]})",
      {sse("message_start",
           R"({"type":"message_start","message":{"id":"msg_1","type":"message",)"
           R"("role":"assistant","model":"claude-x","content":[],"stop_reason":null,)"
           R"("stop_sequence":null,"usage":{"input_tokens":10,"output_tokens":1}}})"),
       sse("content_block_start",
           R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"),
       sse("ping", R"({"type": "ping"})"),
       sse("content_block_delta",
           R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta",)"
           "\"text\":\"Gr\xc3\xbc"
           "ezi event: message_stop\"}}"),
       sse("content_block_stop", R"({"type":"content_block_stop","index":0})"),
       sse("content_block_start",
           R"({"type":"content_block_start","index":1,"content_block":)"
           R"({"type":"tool_use","id":"toolu_1","name":"weather","input":{}}})"),
       sse("content_block_delta",
           R"({"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta",)"
           R"("partial_json":"{\"city\": \"Bern\"}"}})"),
       sse("content_block_stop", R"({"type":"content_block_stop","index":1})"),
       sse("message_delta",
           R"({"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},)"
           R"("usage":{"output_tokens":20}})"),
       sse("message_stop", R"({"type":"message_stop"})")}};
}

inline SampleStream response_stream() {
  const std::string begun =
      R"("response":{"id":"resp_1","object":"response","created_at":1,"status":"in_progress",)"
      R"("model":"gpt-x","output":[],"usage":null}})";
  return {"/v1/responses",
          R"({"model":"gpt-x","stream":true,"input":"Weather?"})",
          {sse("response.created", R"({"type":"response.created","sequence_number":0,)" + begun),
           sse("response.in_progress",
               R"({"type":"response.in_progress","sequence_number":1,)" + begun),
           sse("response.output_item.added",
               R"({"type":"response.output_item.added","sequence_number":2,"output_index":0,)"
               R"("item":{"id":"msg_1","type":"message","status":"in_progress",)"
               R"("role":"assistant","content":[]}})"),
           sse("response.output_text.delta",
               R"({"type":"response.output_text.delta","sequence_number":3,"item_id":"msg_1",)"
               "\"output_index\":0,\"content_index\":0,\"delta\":\"Gr\xc3\xbc"
               "ezi \xe2\x98\x80\"}"),
           sse("response.completed",
               R"({"type":"response.completed","sequence_number":4,"response":)"
               R"({"id":"resp_1","object":"response","created_at":1,"status":"completed",)"
               R"("model":"gpt-x","output":[{"id":"msg_1","type":"message",)"
               R"("status":"completed","role":"assistant","content":[{"type":"output_text",)"
               "\"text\":\"Gr\xc3\xbc"
               "ezi \xe2\x98\x80\","
               R"("annotations":[]}]}],)"
               R"("usage":{"input_tokens":9,"output_tokens":4,"total_tokens":13}}})")}};
}

inline SampleStream ollama_stream() {
  const std::string head = R"({"model":"llama","created_at":"2024-01-01T00:00:00Z",)";
  return {"/api/chat",
          R"({"model":"llama","messages":[{"role":"user","content":"Weather?"}]})",
          {head + R"("message":{"role":"assistant","content":"Gr)" +
               "\xc3\xbc"
               R"(ezi"},"done":false})" +
               "\n",
           "\n",
           head + R"("message":{"role":"assistant","content":" \"done\":true "},)" +
               R"("done":false})" + "\r\n",
           head + R"("message":{"role":"assistant","content":""},"done":true,)" +
               R"("done_reason":"stop","prompt_eval_count":3,"eval_count":5})" + "\n"}};
}

inline std::vector<SampleStream> sample_streams() {
  return {chat_stream(), message_stream(), response_stream(), ollama_stream()};
}

}  // namespace hansard::gateway::testing
