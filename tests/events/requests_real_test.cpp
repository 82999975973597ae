// Every request among the recordings: body -> pieces -> body, messages -> events -> messages; and
// answers that clients send back are known again.
#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <set>

#include "answer_checks.h"
#include "events/dialects/anthropic/answers.h"
#include "events/dialects/anthropic/requests.h"
#include "events/dialects/ollama/answers.h"
#include "events/dialects/ollama/requests.h"
#include "events/dialects/openai/chat_answers.h"
#include "events/dialects/openai/requests.h"
#include "events/dialects/openai/response_answers.h"
#include "events/json_patch.h"
#include "real_data.h"
#include "request_checks.h"
#include "request_validity.h"

namespace hansard::events {
namespace {

using checks::text_at;

struct Way {
  const RequestDialect* requests = nullptr;
  const AnswerDialect* answers = nullptr;
  bool lines = false;
};

Way way_of(const Json& line) {
  const std::string api = text_at(line, "api");
  const std::string target = text_at(line, "target");
  if (api == "openai_chat" || api == "azure_openai_chat") {
    return {&openai::chat_requests(), &openai::chat_answers()};
  }
  if (api == "openai_responses") return {&openai::response_requests(), &openai::response_answers()};
  if (api == "openai_completions") return {&openai::completion_requests()};
  if (api == "embeddings") {
    const bool ollama = target.starts_with("/api/");
    return {ollama ? &ollama::embed_requests() : &openai::embedding_requests()};
  }
  if (api == "anthropic_messages" || api == "count_tokens") {
    return {&anthropic::requests(), &anthropic::answers()};
  }
  if (api == "ollama_chat") return {&ollama::chat_requests(), &ollama::chat_answers(), true};
  if (api == "ollama_generate") return {&ollama::generate_requests()};
  return {};
}

class RealRequests : public testing::Test {
 protected:
  void SetUp() override {
    if (real::folder().empty()) GTEST_SKIP() << "HANSARD_SHARED_DATA is not set";
  }
};

struct Counts {
  std::size_t bodies = 0, messages = 0, raw = 0;
};

bool kept_whole(const SessionEvent& event) {
  const std::string text = std::visit(
      [](const auto& each) -> std::string {
        if constexpr (requires { each.extra; }) return each.extra ? dump(*each.extra) : "";
        return "";
      },
      event);
  return text.find("\"raw\"") != std::string::npos ||
         text.find("\"raw_message\"") != std::string::npos;
}

void check(const Way& way, const Json& line, Counts& counts) {
  const Json body = checks::parsed(text_at(line, "request_body"));
  checks::rebuilds_request(*way.requests, body);
  const auto request = way.requests->split(body);
  if (!request) return;
  ++counts.bodies;
  counts.messages += request->messages.size();
  for (const SessionEvent& event : checks::read_events(*way.requests, request->messages)) {
    if (kept_whole(event)) ++counts.raw;
  }
}

TEST_F(RealRequests, AreRebuiltFromPiecesAndFromEvents) {
  std::map<std::string, Counts> covered;
  std::map<std::string, std::size_t> uncovered;
  const auto take = [&](const Json& line) {
    const Way way = way_of(line);
    if (way.requests == nullptr) {
      ++uncovered["no dialect of ours: " + text_at(line, "api")];
      return;
    }
    SCOPED_TRACE(text_at(line, "path") + " " + text_at(line, "target"));
    check(way, line, covered[std::string(way.requests->name())]);
  };
  real::each_line("http_exchanges.jsonl.zst", take);
  const std::string index = real::read_file(real::folder() + "/streams/index.jsonl");
  for (std::size_t from = 0; from < index.size();) {
    const std::size_t end = std::min(index.find('\n', from), index.size());
    take(checks::parsed(std::string_view(index).substr(from, end - from)));
    from = end + 1;
  }
  for (const auto& [name, counts] : covered) {
    std::cout << name << ": " << counts.bodies << " bodies, " << counts.messages << " messages, "
              << counts.raw << " kept whole\n";
    EXPECT_LE(counts.raw * 50, counts.messages) << name;
  }
  for (const auto& [reason, count] : uncovered) {
    std::cout << "not covered, " << reason << ": " << count << "\n";
  }
  EXPECT_GE(covered.size(), 8U);
}

/// What an answer says, with the calls of tools it makes.
std::vector<std::string> answers_in(const std::vector<SessionEvent>& events) {
  std::vector<std::string> said;
  for (const SessionEvent& event : events) {
    if (const auto* answer = std::get_if<ResponseReceived>(&event)) {
      said.push_back(canonical(*answer));
    } else if (const auto* call = std::get_if<ToolCalled>(&event); call && !said.empty()) {
      said.back() += canonical(*call);
    }
  }
  return said;
}

/// The text of what `answers_in` gives, or, where there is none, all of it.
std::string text_of(const std::string& said) {
  const auto end = said.find(R"(","others":)");
  const std::string text = said.substr(0, end);
  return text.ends_with(R"("text":")") ? said : text;
}
/// The calls of tools, or, where there are none, all of it.
std::string calls_of(const std::string& said) {
  const auto start = said.find("}{\"tool\":");
  return start == std::string::npos ? said : said.substr(start);
}

Json answer_body(const Way& way, const Json& line) {
  const std::string text = text_at(line, "response_body");
  Json body;
  if (!*line.find("stream")->if_boolean()) {
    auto parsed = parse_json(text);  // one is the answer of a test server, no JSON
    if (parsed) body = *std::move(parsed);
  } else if (way.lines) {
    std::vector<TimedFrame> frames;
    for (std::size_t from = 0; from < text.size();) {
      const std::size_t end = std::min(text.find('\n', from), text.size());
      frames.push_back({0, "", text.substr(from, end - from)});
      from = end + 1;
    }
    body = checks::assemble(*way.answers, frames).body;
  } else {
    body = checks::assemble(*way.answers, real::sse_frames(text, 1000)).body;
  }
  return body;
}

/// The events of an answer, as the exchange has them.
std::vector<SessionEvent> answer_of(const Way& way, const Json& line) {
  const AnswerIds ids{"c", [&](std::uint32_t choice) {
                        return "answer." + dump(*line.find("n")) + "." + std::to_string(choice);
                      }};
  const auto steps = way.answers->read(answer_body(way, line), ids);
  return steps ? checks::events_of(*steps) : std::vector<SessionEvent>{};
}

/// Every utterance of a request but asides.
std::vector<std::string> history_of(const std::vector<SessionEvent>& events) {
  std::vector<std::string> said;
  for (const SessionEvent& event : events) {
    if (const auto* call = std::get_if<ToolCalled>(&event)) {
      said.back() += canonical(*call);
    } else if (const auto* sent = std::get_if<MessageSent>(&event)) {
      const bool aside = sent->role == Role::system || sent->role == Role::developer;
      if (!aside) said.push_back(canonical(*sent));
    } else if (const auto* answer = std::get_if<ResponseReceived>(&event)) {
      said.push_back(canonical(*answer));
    } else if (const auto* done = std::get_if<ToolCompleted>(&event)) {
      said.push_back(canonical(*done));
    } else if (const auto* failed = std::get_if<ToolFailed>(&event)) {
      said.push_back(canonical(*failed));
    }
  }
  return said;
}

/// The calls of one recorded test, in order; other conversations may stand between.
struct Cassette {
  std::vector<std::string> answers;
  std::vector<std::vector<std::string>> histories;
};

struct Echoes {
  std::size_t same = 0;
  std::size_t other = 0;    ///< like an answer in text or calls, and yet not the same
  std::size_t unknown = 0;  ///< made up by the test, or the exchange was not recorded
  std::size_t goes_on = 0;  ///< histories that begin with that of an earlier call
  std::size_t differs = 0;  ///< those that begin alike, and then differ
};

void compare_answers(const Cassette& cassette, const std::vector<SessionEvent>& events,
                     Echoes& echoes) {
  for (const std::string& each : answers_in(events)) {
    const auto& known = cassette.answers;
    const auto same = [&](const std::string& answer) { return answer == each; };
    const auto like = [&](const std::string& answer) {
      return text_of(answer) == text_of(each) || calls_of(answer) == calls_of(each);
    };
    if (std::any_of(known.begin(), known.end(), same)) {
      ++echoes.same;
    } else if (const auto near = std::find_if(known.begin(), known.end(), like);
               near != known.end()) {
      ++echoes.other;
      std::cout << "sent back otherwise: " << each << "\n  answered: " << *near << "\n";
    } else {
      ++echoes.unknown;
    }
  }
}

void compare_history(Cassette& cassette, const std::vector<SessionEvent>& events, Echoes& echoes) {
  std::vector<std::string> said = history_of(events);
  for (auto before = cassette.histories.rbegin(); before != cassette.histories.rend(); ++before) {
    if (said.empty() || before->size() >= said.size() || before->front() != said.front()) continue;
    const auto [one, other] = std::mismatch(before->begin(), before->end(), said.begin());
    ++(one == before->end() ? echoes.goes_on : echoes.differs);
    if (one != before->end()) {
      std::cout << "differs: " << one->substr(0, 400) << "\n  " << other->substr(0, 400) << "\n";
    }
    break;
  }
  cassette.histories.push_back(std::move(said));
}

TEST_F(RealRequests, SayAgainWhatWasAnswered) {
  std::map<std::string, Cassette> cassettes;
  std::map<std::string, Echoes> echoes;
  real::each_line("http_exchanges.jsonl.zst", [&](const Json& line) {
    const Way way = way_of(line);
    const std::string target = text_at(line, "target");
    const bool counts = target.ends_with("/count_tokens") || target.ends_with("/input_tokens") ||
                        target.ends_with("/compact");
    if (way.requests == nullptr || way.answers == nullptr || counts) return;
    const std::string name(way.requests->name());
    Cassette& cassette = cassettes[text_at(line, "path") + " " + name];
    auto request = way.requests->split(checks::parsed(text_at(line, "request_body")));
    ASSERT_TRUE(request);
    SCOPED_TRACE(text_at(line, "path"));
    const auto events = checks::read_events(*way.requests, request->messages);
    if (!cassette.histories.empty()) compare_answers(cassette, events, echoes[name]);
    compare_history(cassette, events, echoes[name]);
    for (std::string& each : answers_in(answer_of(way, line))) {
      cassette.answers.push_back(std::move(each));
    }
  });
  Echoes all;
  for (const auto& [name, each] : echoes) {
    std::cout << name << ": of answers sent back " << each.same << " are known, " << each.other
              << " were changed, " << each.unknown << " were never recorded; " << each.goes_on
              << " histories go on, " << each.differs << " differ\n";
    all.same += each.same;
    all.other += each.other;
    all.differs += each.differs;
  }
  EXPECT_GE(all.same, 119U);
  EXPECT_LE(all.other, 1U);  // a recording with other quotation marks
}

/// What comes behind the first `count` utterances that are no asides.
std::vector<SessionEvent> behind(const std::vector<SessionEvent>& events, std::size_t count) {
  std::vector<SessionEvent> left;
  std::size_t said = 0;
  for (const SessionEvent& event : events) {
    const auto* sent = std::get_if<MessageSent>(&event);
    const bool aside =
        sent != nullptr && (sent->role == Role::system || sent->role == Role::developer);
    const bool utterance = !aside && !std::holds_alternative<ToolCalled>(event);
    if (utterance) ++said;
    if (said > count && !aside) left.push_back(event);
  }
  return left;
}

// A request that goes on from a recorded answer is written from that answer, not from its echo: how
// far is that from what the client sent?
TEST_F(RealRequests, AreNearlyWrittenFromTheAnswersThemselves) {
  struct Call {
    std::vector<SessionEvent> asked;
    std::vector<SessionEvent> answer;
  };
  struct Near {
    std::size_t calls = 0, equal = 0, aligned = 0, bytes = 0, patches = 0;
  };
  std::map<std::string, std::vector<Call>> cassettes;
  std::map<std::string, Near> counts;
  real::each_line("http_exchanges.jsonl.zst", [&](const Json& line) {
    const Way way = way_of(line);
    if (way.answers == nullptr) return;
    const std::string name(way.requests->name());
    auto& calls = cassettes[text_at(line, "path") + " " + name];
    const auto request = way.requests->split(checks::parsed(text_at(line, "request_body")));
    ASSERT_TRUE(request);
    const auto events = checks::read_events(*way.requests, request->messages);
    const auto said = history_of(events);
    for (auto before = calls.rbegin(); before != calls.rend(); ++before) {
      auto known = history_of(before->asked);
      const auto answered = history_of(before->answer);
      known.insert(known.end(), answered.begin(), answered.end());
      if (answered.empty() || known.size() > said.size() ||
          !std::equal(known.begin(), known.end(), said.begin())) {
        continue;
      }
      std::vector<SessionEvent> window = before->asked;
      window.insert(window.end(), before->answer.begin(), before->answer.end());
      for (SessionEvent& event : behind(events, known.size())) window.push_back(std::move(event));
      const Json::Array written = way.requests->write(window);
      Near& count = counts[name];
      ++count.calls;
      count.bytes += dump(Json(request->messages)).size();
      if (same_tree(Json(written), Json(request->messages))) ++count.equal;
      if (written.size() != request->messages.size()) {
        count.patches += dump(Json(request->messages)).size();
        break;
      }
      ++count.aligned;
      for (std::size_t i = 0; i < written.size(); ++i) {
        const auto patch = diff_tree(written[i], request->messages[i]);
        if (patch) count.patches += dump(*patch).size();
      }
      break;
    }
    calls.push_back({events, answer_of(way, line)});
  });
  for (const auto& [name, each] : counts) {
    std::cout << name << ": of " << each.calls << " calls that go on from an answer " << each.equal
              << " are equal, " << each.aligned << " have as many messages; what differs is "
              << each.patches << " of " << each.bytes << " bytes\n";
  }
}

/// Nothing but texts and calls, every result bound to one: what any API can be told without loss.
bool common_to_all(const std::vector<SessionEvent>& events) {
  const auto texts = [](const Parts& parts) {
    return std::all_of(parts.begin(), parts.end(), [](const Part& part) {
      return part.kind() == "text" || part.kind() == "tool_call" || part.kind() == "tool_result" ||
             part.kind() == "thinking";
    });
  };
  return std::all_of(events.begin(), events.end(), [&](const SessionEvent& event) {
    if (const auto* sent = std::get_if<MessageSent>(&event)) return texts(sent->parts);
    if (const auto* answer = std::get_if<ResponseReceived>(&event)) return texts(answer->parts);
    if (const auto* done = std::get_if<ToolCompleted>(&event)) {
      return done->message_id.has_value() && done->output.is_string();
    }
    const auto* failed = std::get_if<ToolFailed>(&event);
    return failed == nullptr || failed->message_id.has_value();
  });
}

/// What is said, without white space, empty utterances and arguments that are no object.
std::vector<std::string> bare_history(const std::vector<SessionEvent>& events) {
  std::vector<std::string> said;
  for (std::string each : history_of(events)) {
    for (std::size_t at = 0; (at = each.find("\\n", at)) != std::string::npos;) each.erase(at, 2);
    std::erase(each, ' ');
    const bool nothing = each.ends_with(R"("text":"","others":[]})");
    if (!nothing || each.starts_with(R"({"role":"tool")")) said.push_back(std::move(each));
  }
  return said;
}

TEST_F(RealRequests, CanBeToldToEveryOtherApi) {
  struct Target {
    const RequestDialect& dialect;
    void (*valid)(const Json::Array&);
  };
  const std::vector<Target> targets{{openai::chat_requests(), checks::valid_chat},
                                    {openai::response_requests(), checks::valid_items},
                                    {anthropic::requests(), checks::valid_anthropic},
                                    {ollama::chat_requests(), checks::valid_ollama}};
  std::map<std::string, std::pair<std::size_t, std::size_t>> told;
  real::each_line("http_exchanges.jsonl.zst", [&](const Json& line) {
    const Way way = way_of(line);
    if (way.answers == nullptr) return;
    const auto request = way.requests->split(checks::parsed(text_at(line, "request_body")));
    ASSERT_TRUE(request);
    const auto events = checks::read_events(*way.requests, request->messages);
    const bool whole = common_to_all(events);
    for (const Target& target : targets) {
      if (&target.dialect == way.requests) continue;
      SCOPED_TRACE(text_at(line, "path") + " to " + std::string(target.dialect.name()));
      const Json::Array messages = target.dialect.write(events);
      auto& counts =
          told[std::string(way.requests->name()) + " to " + std::string(target.dialect.name())];
      ++counts.first;
      const auto again = checks::read_events(target.dialect, messages);
      if (!whole) continue;
      ++counts.second;
      target.valid(messages);
      EXPECT_EQ(bare_history(again), bare_history(events)) << dump(Json(messages));
    }
  });
  for (const auto& [way, counts] : told) {
    std::cout << way << ": " << counts.first << " told, " << counts.second << " without loss\n";
  }
}

}  // namespace
}  // namespace hansard::events
