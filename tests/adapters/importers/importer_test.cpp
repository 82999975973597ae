#include "importers/importer.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "core/command_loop.h"
#include "core/in_memory_event_log.h"
#include "events/equivalence.h"
#include "events/session/codec.h"
#include "events/session/decider.h"
#include "importers/record_splitter.h"
#include "ossl/hasher.h"
#include "ossl/random.h"

namespace {

using namespace hansard;
using importers::Imported;
using importers::ImportItem;

std::string golden(const std::string& name) {
  std::ifstream in(std::string(HANSARD_GOLDEN) + "/import/" + name, std::ios::binary);
  EXPECT_TRUE(in) << name;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The items of a file, as a client makes them; `problems` lists what never became one.
std::vector<ImportItem> items_of(const std::string& text,
                                 std::vector<std::uint64_t>* problems = nullptr) {
  std::vector<ImportItem> items;
  std::map<std::string, std::uint64_t> repeats;
  importers::RecordSplitter splitter(
      [&](importers::SourceRecord record) {
        auto json = events::parse_json(record.text);
        if (!record.problem.empty() || !json) {
          if (problems != nullptr) problems->push_back(record.line);
          return;
        }
        items.push_back({record.line, repeats[record.text]++, *std::move(json)});
      },
      importers::is_message);
  splitter.feed(text);
  splitter.finish();
  return items;
}

/// An engine without a disk. Commands run where they are given.
class Importing : public ::testing::Test {
 protected:
  std::vector<Imported> take(std::vector<ImportItem> items) {
    std::vector<Imported> out;
    bool called = false;
    importer_.take(std::move(items), [&](std::vector<Imported> results) {
      out = std::move(results);
      called = true;
    });
    EXPECT_TRUE(called);
    return out;
  }
  std::vector<Imported> take(const std::string& file) { return take(items_of(golden(file))); }

  /// Types of a session's events, in order.
  std::vector<std::string> types(const std::string& session) {
    std::vector<std::string> seen;
    const auto stream = core::StreamId::make("session", session).value();
    const auto read = log_.read_stream({}, stream, {}, [&](const core::RecordedEvent& event) {
      seen.emplace_back(event.type);
      return true;
    });
    EXPECT_TRUE(read);
    return seen;
  }
  static std::size_t fresh(const std::vector<Imported>& results) {
    std::size_t sum = 0;
    for (const Imported& result : results) {
      EXPECT_FALSE(result.error) << result.error->message;
      sum += result.new_events;
    }
    return sum;
  }

  ossl::OpenSslHasher hasher_;
  events::VocabularyEquivalence equivalence_;
  core::InMemoryEventLog log_{hasher_, equivalence_};
  core::Hash key_{};
  core::KeyedHash keyed_hash_{hasher_, key_};
  events::SessionDecider decider_{keyed_hash_, hasher_};
  core::CommandLoop<events::SessionDecider> loop_{log_, decider_, hasher_,
                                                  [](std::function<void()> work) { work(); }};
  importers::Importer importer_{
      {},
      keyed_hash_,
      [this](core::StreamId stream, events::SessionCommand command, core::AppendDone done) {
        core::CommandContext context;
        context.stream = std::move(stream);
        context.known = core::Known::skip;
        loop_.execute(std::move(context), std::move(command), std::move(done));
      },
      ossl::random_hash};
};

using Types = std::vector<std::string>;

TEST_F(Importing, EachShapeOfFileIsRead) {
  for (const char* file : {"list.json", "wrapped.jsonl", "tau.jsonl"}) {
    EXPECT_GT(fresh(take(file)), 0U) << file;
  }
  EXPECT_EQ(types("chat-77"), (Types{"SessionCreated", "MessageSent", "ResponseReceived"}));
}

TEST_F(Importing, ToolsAreCalledAndReturnInOrder) {
  const auto results = take("wrapped.jsonl");
  EXPECT_EQ(results[0].messages, 4U);
  EXPECT_EQ(types(results[0].session_id),
            (Types{"SessionCreated", "SessionConfigured", "MessageSent", "ResponseReceived",
                   "ToolCalled", "ToolCompleted", "ResponseReceived"}));
}

TEST_F(Importing, TheSameFileAgainAddsNothing) {
  for (const char* file : {"list.json", "wrapped.jsonl", "tau.jsonl"}) take(file);
  const core::Position end = log_.end();
  for (const char* file : {"tau.jsonl", "list.json", "wrapped.jsonl"}) {
    for (const Imported& result : take(file)) {
      EXPECT_EQ(result.new_events, 0U);
      EXPECT_GT(result.known_events, 0U);
    }
  }
  EXPECT_EQ(log_.end(), end);
}

TEST_F(Importing, AGrownFileAddsItsNewPartOnly) {
  auto items = items_of(golden("list.json"));
  take(items);
  items[0].record.push(events::parse_json(R"({"role":"user","content":"And Linz?"})").value());
  auto more = items_of(golden("wrapped.jsonl"));
  items.insert(items.end(), more.begin(), more.end());
  const auto results = take(items);
  EXPECT_EQ(results[0].new_events, 1U);
  EXPECT_EQ(results[0].known_events, 3U);
  EXPECT_EQ(results[1].known_events, 0U);
}

TEST_F(Importing, AnEarlierStateOfAConversationAddsNothing) {
  auto items = items_of(golden("list.json"));
  take(items);
  items[0].record.if_array()->pop_back();
  EXPECT_EQ(fresh(take(items)), 0U);
}

TEST_F(Importing, ConversationsThatBeginAlikeStayApart) {
  const std::string lines =
      "[{\"role\":\"user\",\"content\":\"hi\"},{\"role\":\"assistant\",\"content\":\"hello\"}]\n"
      "[{\"role\":\"user\",\"content\":\"hi\"},{\"role\":\"assistant\",\"content\":\"hey\"}]\n"
      "[{\"role\":\"user\",\"content\":\"hi\"},{\"role\":\"assistant\",\"content\":\"yo\"}]\n";
  const auto results = take(items_of(lines));
  EXPECT_EQ(fresh(results), 9U);
  EXPECT_EQ(results[1].session_id, results[0].session_id + "~1");
  EXPECT_EQ(results[2].session_id, results[0].session_id + "~2");
  const auto again = take(items_of(lines));
  EXPECT_EQ(fresh(again), 0U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(again[i].session_id, results[i].session_id);
}

TEST_F(Importing, EqualConversationsOfOneFileAreTwoAndStayTwo) {
  const std::string lines =
      "[{\"role\":\"user\",\"content\":\"hi\"}]\n[{\"role\":\"user\",\"content\":\"hi\"}]\n";
  EXPECT_EQ(fresh(take(items_of(lines))), 4U);
  EXPECT_EQ(fresh(take(items_of(lines))), 0U);
}

TEST_F(Importing, OneIdInTwoFilesIsOneConversation) {
  const std::string line = R"({"id":"a","messages":[{"role":"user","content":"hi"}]})";
  EXPECT_EQ(fresh(take(items_of(line))), 2U);
  EXPECT_EQ(fresh(take(items_of(R"({"other":1,)" + line.substr(1)))), 0U);
}

TEST_F(Importing, OneIdWithOtherWordsIsAnother) {
  take(items_of(R"({"id":"a","messages":[{"role":"user","content":"hi"}]})"));
  const auto results = take(items_of(R"({"id":"a","messages":[{"role":"user","content":"ho"}]})"));
  EXPECT_EQ(results[0].session_id, "a~1");
  EXPECT_EQ(types("a~1"), (Types{"SessionCreated", "MessageSent"}));
}

TEST_F(Importing, ADamagedFileLosesOnlyWhatIsDamaged) {
  std::vector<std::uint64_t> problems;
  const auto results = take(items_of(golden("damaged.jsonl"), &problems));
  EXPECT_EQ(problems, (std::vector<std::uint64_t>{2, 3, 6}));
  ASSERT_EQ(results.size(), 4U);
  EXPECT_EQ(results[0].session_id, "good-1");
  ASSERT_TRUE(results[1].error);
  EXPECT_EQ(results[1].line, 4U);
  EXPECT_EQ(results[2].attached, 1U);
  ASSERT_EQ(results[2].unplaced.size(), 1U);
  EXPECT_EQ(results[2].unplaced[0].path, "messages[1]");
  EXPECT_EQ(results[3].session_id, "good-2");
  EXPECT_EQ(types("good-2").size(), 2U);
}

TEST_F(Importing, ALongConversationIsOneWhateverTheNumberOfAppends) {
  std::string text = "{\"id\":\"long\",\"messages\":[";
  for (std::size_t i = 0; i < 3 * importers::Importer::kStepsPerAppend; ++i) {
    text += (i == 0 ? "" : ",") + std::string(R"({"role":"user","content":"line )") +
            std::to_string(i) + "\"}";
  }
  text += "]}";
  EXPECT_EQ(fresh(take(items_of(text))), 3 * importers::Importer::kStepsPerAppend + 1);
  EXPECT_EQ(fresh(take(items_of(text))), 0U);
}

TEST_F(Importing, AnEmptyBatchIsAnsweredToo) {
  EXPECT_TRUE(take(std::vector<ImportItem>{}).empty());
}

}  // namespace
