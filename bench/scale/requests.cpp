#include "scale/requests.h"

#include "http_load.h"

namespace hansard::bench {
namespace {

/// Of the text of a message whose facts and content are 1 KB together.
constexpr std::size_t kTextBytes = 900;

std::string parts(std::size_t bytes, TextSource& text) {
  std::string out = R"("parts":[{"type":"text","text":")";
  text.words(bytes, out);
  return out + R"("}])";
}

std::string target(const std::string& session, const char* what) {
  return "/v1/sessions/" + session + what;
}

}  // namespace

std::string create_session(const std::string& name) {
  return http_request("POST", "/v1/sessions",
                      R"({"session_id":")" + name + R"(","user":"ada","agent":"helpdesk"})");
}

std::string send_message(const std::string& session, std::size_t number, TextSource& text) {
  return http_request("POST", target(session, "/messages"),
                      R"({"message_id":"m)" + std::to_string(number) + R"(","role":"user",)" +
                          parts(kTextBytes, text) + "}");
}

Writing make_writing(const std::string& prefix, std::size_t connections, std::size_t messages_each,
                     std::uint64_t seed) {
  TextSource text(seed);
  Writing writing;
  writing.sessions.resize(connections);
  writing.messages.resize(connections);
  for (std::size_t connection = 0; connection < connections; ++connection) {
    std::string session;
    for (std::size_t i = 0; i < messages_each; ++i) {
      if (i % kSessionMessages == 0) {
        session =
            prefix + "-" + std::to_string(connection) + "-" + std::to_string(i / kSessionMessages);
        writing.sessions[connection].push_back(create_session(session));
      }
      writing.messages[connection].push_back(send_message(session, i % kSessionMessages, text));
    }
  }
  return writing;
}

Requests fill_session(const std::string& name, TextSource& text) {
  Requests requests{create_session(name)};
  for (std::size_t turn = 0; turn < kSessionMessages / 2; ++turn) {
    const std::string number = std::to_string(turn);
    requests.push_back(send_message(name, turn, text));
    requests.push_back(http_request(
        "POST", target(name, "/responses"),
        R"({"call_id":"c)" + number + R"(","message_id":"a)" + number +
            R"(","model":"gpt-4o-2024-08-06","provider":"openai",)" + parts(kTextBytes, text) +
            R"(,"usage":{"input_text":900,"output_text":210},"usage_source":"provider","latency_us":900000})"));
  }
  return requests;
}

}  // namespace hansard::bench
