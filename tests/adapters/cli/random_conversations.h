#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

#include "own_engine.h"

namespace hansard::cli::testing {

/// Conversations nobody would make up: forks of forks, scripts that run the wrong way, numbers that
/// no double holds, results without calls. Written through the routes; what those refuse is left
/// out. The same seed says the same in any store.
class RandomConversations {
 public:
  /// @param prefix  of the ids of sessions.
  RandomConversations(OwnEngine& engine, std::uint64_t seed, std::string prefix)
      : engine_(engine), random_(seed), prefix_(std::move(prefix)) {}

  void grow(int steps) {
    for (int i = 0; i < steps; ++i) step();
  }
  /// Every session, also those that forks made.
  [[nodiscard]] const std::vector<std::string>& sessions() const { return sessions_; }
  /// Requests that were recorded.
  [[nodiscard]] std::uint64_t recorded() const { return recorded_; }
  /// Kinds of requests that were recorded, each once.
  [[nodiscard]] const std::vector<std::string>& kinds() const { return kinds_; }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  bool one_in(std::uint64_t count) { return below(count) == 0; }
  const char* one_of(std::initializer_list<const char*> all) {
    return *(all.begin() + below(all.size()));
  }

  /// A JSON string.
  std::string text() {
    std::string out;
    for (std::uint64_t words = 1 + below(6); words > 0; --words) {
      out += one_of({"grüße", "日本語", "👩‍👩‍👧", "עברית", "e\u0301", "\"quoted\"",
                     "line\nbreak", "back\\slash", "\u2028", "</script>", "tab\t", "plain",
                     "\x01\x1f", "ﬃ", "𝔘𝔫𝔦"});
      out += ' ';
    }
    if (one_in(20)) out += std::string(3000 + below(40'000), 'x');
    return dump(events::Json(out));
  }
  std::string number() {
    return one_of({"0", "-0", "1.50", "123456789012345678901234567890", "1e400", "-1E-7", "0.1000",
                   "18446744073709551615", "18446744073709551616", "4.9e-324"});
  }
  std::string value(int depth = 0) {
    switch (below(depth > 3 ? 4 : 6)) {
      case 0:
        return number();
      case 1:
        return text();
      case 2:
        return one_of({"true", "false", "null", "{}", "[]", "\"\""});
      case 3:
        return "{\"n\":" + number() + "}";
      case 4:
        return "[" + value(depth + 1) + "," + value(depth + 1) + "]";
      default:
        return "{" + text() + ":" + value(depth + 1) + ",\"b\":" + value(depth + 1) + "}";
    }
  }
  std::string object() { return "{\"v\":" + value() + "}"; }
  /// A member more, now and then.
  std::string maybe(const std::string& name, std::string json) {
    return one_in(2) ? "" : ",\"" + name + "\":" + std::move(json);
  }
  std::string when() {
    if (one_in(2)) return "";
    return ",\"occurred_at\":\"2025-" + std::string(one_of({"01", "06", "12"})) + "-" +
           std::to_string(10 + below(18)) + "T0" + std::to_string(below(10)) + ":00:00." +
           std::to_string(100'000 + below(900'000)) + "Z\"";
  }
  std::string id(const char* kind, std::uint64_t bound) {
    return "\"" + std::string(kind) + std::to_string(below(bound)) + "\"";
  }
  std::string text_part() { return R"({"type":"text","text":)" + text() + "}"; }

  void step() {
    if (sessions_.empty() || one_in(12)) return create();
    const std::string& session = sessions_[below(sessions_.size())];
    const std::string fresh = std::to_string(next_++);
    switch (below(16)) {
      case 0:
      case 1:
      case 2:
        return post(session, "messages",
                    R"("message_id":"m)" + fresh + R"(","role":")" +
                        one_of({"user", "system", "developer", "agent"}) + R"(","parts":[)" +
                        text_part() + R"(,{"type":"hologram","of":)" + value() + "}]" +
                        maybe("metadata", object()) + maybe("name", text()) + when());
      case 3:
      case 4:
        return answer(session, fresh);
      case 5:
        return post(session, "responses",
                    R"("call_id":)" + id("c", 9) + R"(,"attempt":)" + std::to_string(1 + below(3)) +
                        R"(,"reason":"timeout","error":)" + value() + when());
      case 6:
        return post(session, "requests",
                    R"("call_id":)" + id("c", 9) + R"(,"attempt":)" + std::to_string(1 + below(3)) +
                        maybe("tools", "[" + object() + "]") + maybe("parameters", object()) +
                        R"(,"model":"m-1")" + when());
      case 7:
      case 8:
        return post(session, "tool-calls",
                    R"("tool_call_id":)" + id("t", 5) + R"(,"tool":"find","arguments":)" + value() +
                        maybe("metadata", object()) + when());
      case 9:
        return post(session, "tool-results",
                    R"("tool_call_id":)" + id("t", 5) +
                        (one_in(3) ? R"(,"error":)" : R"(,"output":)") + value() +
                        maybe("duration_us", "77") + when());
      case 10:
        return orphan(session, fresh);
      case 11:
        return post(session, "context",
                    R"("strategy":"drop","removed":["m)" + std::to_string(below(next_)) +
                        R"("],"summarised":[])" + maybe("summary", "[" + text_part() + "]") +
                        when());
      case 12:
        return post(session, "scores",
                    R"("score_id":"r)" + fresh + R"(","name":"helpful","value":)" +
                        (one_in(2) ? number() : std::string(R"("größer")")) +
                        maybe("comment", text()) + when());
      case 13:
        return post(
            session, "attachments",
            R"("attachment_id":"x)" + fresh + R"(","kind":"odd.one","record":)" + value() + when());
      case 14:
        return fork(session, fresh);
      default:
        if (one_in(3)) return post(session, "config", R"("settings":)" + object() + when());
        return post(session, one_in(2) ? "end" : "reopen", maybe("reason", "\"done\""));
    }
  }

  void answer(const std::string& session, const std::string& fresh) {
    const bool first = one_in(2);  // choices after it have no usage of their own
    post(session, "responses",
         R"("call_id":)" + id("c", 9) + R"(,"choice":)" + (first ? "0" : "1") +
             R"(,"message_id":"a)" + fresh + R"(","model":"m-1","parts":[)" + text_part() +
             R"(,{"type":"tool_call","tool_call_id":)" + id("t", 5) + R"(,"index":0}])" +
             (first ? maybe("raw_usage", object()) : "") +
             (first ? maybe("usage", R"({"input_text":7,"output_reasoning":)" +
                                         std::to_string(below(1'000'000'000'000)) + "}")
                    : "") +
             maybe("latency_us", std::to_string(below(1'000'000))) + when());
  }
  void create() {
    // An id that is no name of a stream is kept as content, and a hash names the stream.
    const bool odd = one_in(6);
    const std::string session =
        prefix_ + (odd ? "über/ \"alles\" 😀 " : "-") + std::to_string(sessions_.size());
    const std::string quoted = dump(events::Json(session));
    if (send("/v1/sessions", "create",
             "{\"session_id\":" + quoted + maybe("user", text()) + maybe("title", text()) +
                 maybe("tags", "{\"team\":" + text() + "}") + maybe("metadata", object()) + when() +
                 "}")) {
      sessions_.push_back(session);
      if (odd) odd_.push_back(session);
    }
  }
  [[nodiscard]] bool is_odd(const std::string& session) const {
    return std::find(odd_.begin(), odd_.end(), session) != odd_.end();
  }
  /// Names of other sessions are told as those of their streams, which only plain ids keep.
  void fork(const std::string& session, const std::string& fresh) {
    if (is_odd(session)) return;
    const std::string child = prefix_ + "-f" + fresh;
    const std::string body = R"({"child":")" + child + R"(","at_version":)" +
                             std::to_string(below(8)) + R"(,"reason":")" +
                             one_of({"edit", "retry", "parallel", "rerun"}) + "\"" +
                             maybe("title", text()) + "}";
    if (send(path(session, "fork"), "fork", body)) sessions_.push_back(child);
  }
  /// Only recordings of what happened elsewhere have results without calls.
  void orphan(const std::string& session, const std::string& fresh) {
    send("/v1/import", "orphan",
         R"({"items":[{"session":{"id":)" + dump(events::Json(session)) +
             R"(},"continues":true,"create":{},"steps":[{"post":"tool-results","body":)"
             R"({"tool_call_id":"lost","result_id":"o)" +
             fresh + R"(","output":)" + value() + "}}]}]}");
  }
  void post(const std::string& session, const std::string& kind, std::string members) {
    if (members.starts_with(',')) members.erase(0, 1);
    send(path(session, kind), kind, "{" + members + "}");
  }
  static std::string path(const std::string& session, const std::string& kind) {
    return TargetBuilder().segment("v1").segment("sessions").segment(session).segment(kind).text();
  }
  bool send(const std::string& target, const std::string& kind, const std::string& body) {
    const Answer answer = engine_.post(target, body);
    if (answer.status / 100 == 2) {
      ++recorded_;
      if (std::find(kinds_.begin(), kinds_.end(), kind) == kinds_.end()) kinds_.push_back(kind);
      return true;
    }
    // A tool that no answer asks for has to say of which message it is.
    const bool unasked = kind == "tool-calls" && answer.status == 400;
    if (unasked) return false;
    EXPECT_EQ(answer.status / 100, 4) << target << " " << body << "\n" << answer.body;
    EXPECT_NE(answer.status, 400) << target << " " << body << "\n" << answer.body;
    return false;
  }

  OwnEngine& engine_;
  std::mt19937_64 random_;
  const std::string prefix_;
  std::vector<std::string> sessions_;
  std::vector<std::string> odd_;
  std::vector<std::string> kinds_;
  std::uint64_t recorded_ = 0;
  std::uint64_t next_ = 0;
};

}  // namespace hansard::cli::testing
