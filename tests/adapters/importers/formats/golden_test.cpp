#include <fstream>
#include <set>
#include <sstream>

#include "collect.h"
#include "importers/byte_source.h"
#include "importers/formats.h"

namespace {

using namespace hansard;
using importers::test::read;
using importers::test::Told;

/// A file of tests/golden/import and what its format makes of it.
struct Golden {
  const char* file;
  const char* format;
  std::size_t pieces, messages, attached, failed;
};

constexpr Golden kGolden[] = {
    {"chatgpt.json", "chatgpt", 4, 13, 2, 0},
    {"claude_code.jsonl", "claude-code", 7, 13, 7, 0},
    {"codex.jsonl", "codex", 1, 7, 4, 0},
    {"codex_exec.jsonl", "codex-exec", 1, 11, 3, 0},
    {"sharegpt.json", "sharegpt", 2, 6, 1, 0},
    {"mt_bench_questions.jsonl", "mt-bench", 2, 3, 0, 0},
    {"mt_bench_answers.jsonl", "mt-bench", 3, 6, 0, 0},
    {"swe_agent.traj", "swe-agent", 1, 5, 2, 0},
    {"inspect.json", "inspect", 3, 6, 2, 0},
    {"inspect.eval", "inspect", 5, 12, 3, 0},
    {"langfuse.jsonl", "langfuse", 1, 4, 1, 0},
    {"display_text.jsonl", "display-text", 2, 4, 2, 0},
    {"preference.jsonl", "preference", 1, 3, 0, 0},
    {"http.jsonl", "http", 6, 7, 2, 1},
    {"http.har", "http", 1, 2, 0, 1},
    {"batch_requests.jsonl", "openai-batch", 2, 1, 1, 0},
    {"batch_results.jsonl", "openai-batch", 2, 1, 0, 0},
};

std::string bytes_of(const std::string& file) {
  auto source = importers::open_source(std::string(HANSARD_GOLDEN_DIR) + "/import/" + file);
  EXPECT_TRUE(source) << file;
  std::string all;
  for (;;) {
    const auto piece = (*source)->next();
    EXPECT_TRUE(piece) << file;
    if (!piece || piece->empty()) return all;
    all.append(*piece);
  }
}

class GoldenImport : public testing::TestWithParam<Golden> {};

TEST_P(GoldenImport, IsKnownByItsFirstRecordAndReadWhole) {
  const Golden& golden = GetParam();
  std::string found;
  const Told told = read(
      [&](importers::ReaderEvents events) {
        return std::make_unique<importers::AutoReader>(
            std::move(events),
            [&](const importers::Format& format) { found = std::string(format.name); });
      },
      bytes_of(golden.file));
  EXPECT_EQ(found, golden.format);
  EXPECT_EQ(told.pieces.size(), golden.pieces);
  EXPECT_EQ(told.failed.size(), golden.failed);
  std::size_t messages = 0;
  std::size_t attached = 0;
  for (const importers::Piece& piece : told.pieces) {
    messages += piece.messages;
    attached += piece.attached;
    EXPECT_NE(piece.session.id.empty(), piece.session.seed.empty()) << "an id or a seed";
  }
  EXPECT_EQ(messages, golden.messages);
  EXPECT_EQ(attached, golden.attached);
}

TEST_P(GoldenImport, CutAnywhereItIsReadWithoutHarm) {
  const Golden& golden = GetParam();
  const auto* format = importers::format_named(golden.format);
  ASSERT_NE(format, nullptr);
  const std::string whole = bytes_of(golden.file);
  const Told right = read(format->make, whole);
  for (std::size_t cut = 0; cut < whole.size(); cut += 7) {
    const Told told = read(format->make, whole.substr(0, cut));
    EXPECT_LE(told.pieces.size(), right.pieces.size()) << cut;
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, GoldenImport, testing::ValuesIn(kGolden), [](const auto& each) {
  std::string name = each.param.file;
  for (char& c : name) c = c == '.' ? '_' : c;
  return name;
});

}  // namespace
