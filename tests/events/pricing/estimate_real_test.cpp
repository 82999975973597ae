// How far estimates of tokens are off, by recorded answers that tell theirs.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "events/pricing/estimate_tokens.h"
#include "pricing_checks.h"
#include "recorded_answers.h"

namespace hansard::events::pricing {
namespace {

/// Measured and estimated tokens of calls of one kind.
struct Compared {
  std::uint64_t told = 0;
  std::uint64_t estimated = 0;
  std::vector<double> off;  ///< estimate over truth, less one

  void add(std::uint64_t truth, std::uint64_t estimate) {
    told += truth;
    estimated += estimate;
    off.push_back(static_cast<double>(estimate) / static_cast<double>(truth) - 1.0);
  }
  [[nodiscard]] double sum_off() const {
    return static_cast<double>(estimated) / static_cast<double>(told) - 1.0;
  }
  /// The error that `share` of the calls stay within.
  [[nodiscard]] double within(double share) const {
    std::vector<double> sizes;
    for (const double each : off) sizes.push_back(std::abs(each));
    std::sort(sizes.begin(), sizes.end());
    return sizes[static_cast<std::size_t>(share * static_cast<double>(sizes.size() - 1))];
  }
};

/// The words of an answer, where it is nothing but words.
std::optional<std::string> words_of(const RecordResponse& answer) {
  std::string text;
  for (const Part& part : answer.parts) {
    if (part.kind() != "text") return std::nullopt;
    text += part.text().value_or("");
  }
  return text;
}

/// Media cost by other rules; what a provider finds or adds by itself is not in the request.
bool holds_more(const std::string& body) {
  for (const char* sign : {"image",
                           "audio",
                           "base64",
                           "file_id",
                           "input_file",
                           "document",
                           "web_search",
                           "web_fetch",
                           "code_execution",
                           "code_interpreter",
                           "file_search",
                           "computer",
                           "mcp",
                           "compound",
                           "previous_response_id",
                           "item_reference",
                           "encrypted_content",
                           "\"container\"",
                           "memory",
                           "browser",
                           "shell",
                           "cache_control"}) {
    if (body.find(sign) != std::string::npos) return true;
  }
  return false;
}

TEST(RecordedCalls, TellMoreOrLessTheTokensThatAreEstimated) {
  if (real::folder().empty()) GTEST_SKIP() << "HANSARD_SHARED_DATA names no recordings";
  constexpr std::uint64_t kFewest = 20;  // below, a token or two is all the error there is
  std::map<std::string, Compared> kinds;
  real::each_line("http_exchanges.jsonl.zst", [&](const Json& line) {
    const auto answer = answer_of(line);
    if (!answer || !answer->usage) return;
    const Usage& usage = *answer->usage;
    const std::string provider = text_in(line, "provider");
    const auto words = words_of(*answer);
    const auto output = usage.output_text.value_or(0);
    if (words && !words->empty() && output >= kFewest && usage.output_reasoning.value_or(0) == 0 &&
        answer->finish_reason == FinishReason::stop) {
      kinds["answers, " + provider].add(output, estimate_tokens(*words));
      kinds["answers"].add(output, estimate_tokens(*words));
    }
    const std::string asked = text_in(line, "request_body");
    const auto body = parse_json(asked);
    const TokenCounts counts = counts_of(usage);
    const std::uint64_t input = input_tokens(counts);
    if (!body || input < kFewest || holds_more(asked)) return;
    const Json* messages = body->find("messages");
    if (messages == nullptr) messages = body->find("input");
    if (messages == nullptr) return;
    std::uint64_t estimate = estimate_message_tokens(*messages);
    bool tools = false;
    for (const char* more : {"system", "instructions", "tools"}) {
      const Json* said = body->find(more);
      if (said == nullptr) continue;
      tools = tools || std::string_view(more) == "tools";
      estimate += estimate_message_tokens(*said);
    }
    kinds[std::string("requests") + (tools ? " with tools" : "")].add(input, estimate);
    kinds[std::string("requests") + (tools ? " with tools, " : ", ") + provider].add(input,
                                                                                     estimate);
  });
  for (const auto& [kind, compared] : kinds) {
    std::printf(
        "%-40s %4zu calls, %8llu tokens: sum %+5.1f %%, half within %4.1f %%, nine of ten "
        "within %5.1f %%\n",
        kind.c_str(), compared.off.size(), static_cast<unsigned long long>(compared.told),
        compared.sum_off() * 100, compared.within(0.5) * 100, compared.within(0.9) * 100);
  }
  EXPECT_LT(std::abs(kinds["answers"].sum_off()), 0.15);
  EXPECT_LT(kinds["answers"].within(0.5), 0.2);
  EXPECT_LT(kinds["requests"].within(0.5), 0.35);
}

}  // namespace
}  // namespace hansard::events::pricing
