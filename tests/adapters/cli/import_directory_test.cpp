// A directory as a tool exports it: files that belong together.
#include <fstream>

#include "commands.h"
#include "own_engine.h"

namespace hansard::cli::testing {
namespace {

using events::Json;

class ImportDirectory : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(export_);
    std::ofstream(export_ / name) << text;
  }
  /// The report of the program.
  Json import() {
    ImportCommand command;
    command.files = {export_.string()};
    ::testing::internal::CaptureStdout();
    const auto code = run_import(own_.backend(), command, {.json = true});
    const std::string said = ::testing::internal::GetCapturedStdout();
    EXPECT_TRUE(code) << code.error().message;
    EXPECT_EQ(code ? *code : -1, 0) << said;
    return events::parse_json(said).value();
  }
  static std::uint64_t new_events(const Json& report) {
    std::uint64_t sum = 0;
    for (const Json& file : *report.find("files")->if_array()) {
      sum += file.find("new_events")->as_uint("").value();
    }
    return sum;
  }
  std::string scores() {
    return own_.get("/v1/sessions/conv-1/events?type=ScoreRecorded&limit=100").body;
  }

  OwnDirectory directory_;
  const std::filesystem::path export_ = directory_.path() / "export";
  OwnEngine own_{directory_.path() / "data"};
};

constexpr const char* kConversations =
    R"([{"conversation_id":"conv-1","title":"Sums","current_node":"a1","mapping":{)"
    R"("r":{"id":"r","parent":null,"children":["u1"],"message":null},)"
    R"("u1":{"id":"u1","parent":"r","children":["a1"],"message":{"id":"u1","author":{"role":"user"},)"
    R"("content":{"content_type":"text","parts":["6 times 7?"]},"recipient":"all"}},)"
    R"("a1":{"id":"a1","parent":"u1","children":[],"message":{"id":"a1",)"
    R"("author":{"role":"assistant"},"content":{"content_type":"text","parts":["42"]},)"
    R"("recipient":"all"}}}}])";
constexpr const char* kFeedback =
    R"([{"id":"a1","conversation_id":"conv-1","user_id":"user-1","rating":"thumbs_up",)"
    R"("create_time":"2026-02-03T04:05:06Z","content":"{}"}])";

TEST_F(ImportDirectory, ThumbsOfAChatGptExportBecomeScoresOfItsMessages) {
  write("conversations.json", kConversations);
  write("message_feedback.json", kFeedback);
  write("user.json", R"({"id":"user-1","email":"ada@example.com"})");
  const Json report = import();
  EXPECT_EQ(report.find("files")->if_array()->size(), 1U);
  EXPECT_EQ(report.find("skipped")->if_array()->size(), 2U) << dump(report);
  EXPECT_NE(dump(report).find("read with the conversations beside it"), std::string::npos);
  EXPECT_NE(scores().find(R"("target_id":"a1")"), std::string::npos) << scores();
  EXPECT_NE(scores().find(R"("value":true)"), std::string::npos);
  EXPECT_NE(scores().find("2026-02-03T04:05:06"), std::string::npos);
  EXPECT_EQ(own_.get("/v1/export").body.find("ada@example.com"), std::string::npos);
  EXPECT_EQ(new_events(import()), 0U) << "twice is once";
}

TEST_F(ImportDirectory, FeedbackThatComesLaterIsAllThatIsAdded) {
  write("conversations.json", kConversations);
  EXPECT_GT(new_events(import()), 0U);
  write("message_feedback.json", kFeedback);
  EXPECT_EQ(new_events(import()), 1U);
  EXPECT_NE(scores().find(R"("target_id":"a1")"), std::string::npos) << scores();
}

}  // namespace
}  // namespace hansard::cli::testing
