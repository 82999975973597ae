#include "projections/prompts.h"

#include "core/projection_runner.h"
#include "events/prompt/decider.h"
#include "projections/prompt_diff.h"
#include "projections/prompt_directory.h"
#include "recorder.h"

namespace hansard::projections::test {
namespace {

using events::PromptBody;
using events::PromptVersion;

class PromptStreams : public ::testing::Test {
 protected:
  core::RecordReceipt add(std::string_view name, const events::PromptEvent& event) {
    const auto encoded = events::prompt_codec().encode(event);
    return recorder_.add_raw("prompt-" + std::string(name), encoded.type, encoded.facts,
                             encoded.content);
  }
  core::RecordReceipt store(std::string_view name, PromptVersion version, std::string text = "t") {
    events::PromptVersionStored event;
    event.version = std::move(version);
    event.kind = events::PromptKind::text;
    event.messages = {{events::PromptRole::user, std::move(text), {}}};
    event.tags = {"x"};
    return add(name, event);
  }
  core::RecordReceipt label(std::string_view name, std::string text, PromptVersion version) {
    events::PromptLabelMoved event;
    event.label = std::move(text);
    event.version = std::move(version);
    return add(name, event);
  }
  const events::PromptState& read(std::string_view name) {
    state_ = reader_.read(recorder_.project(), name).value();
    return *state_;
  }

  Recorder recorder_;
  PromptReader reader_{recorder_.log()};
  std::shared_ptr<const events::PromptState> state_;
};

TEST_F(PromptStreams, AreReadAsOfTheEndOfTheLog) {
  EXPECT_FALSE(read("greet").exists());
  store("greet", std::uint64_t{1});
  EXPECT_EQ(read("greet").versions.size(), 1U);
  EXPECT_EQ(read("greet").select(""), nullptr) << "nothing is in production";
  label("greet", "production", std::uint64_t{1});
  ASSERT_NE(read("greet").select(""), nullptr);
  EXPECT_EQ(read("greet").select("")->version, PromptVersion(std::uint64_t{1}));
  EXPECT_EQ(reader_.read(recorder_.project(), "no name").error().field, "name");
}

TEST_F(PromptStreams, AreReadAsOfAnyMoment) {
  const auto first = store("greet", std::uint64_t{1});
  label("greet", "production", std::uint64_t{1});
  const core::Timestamp then = recorder_.now();
  store("greet", std::uint64_t{2});
  label("greet", "production", std::uint64_t{2});
  const auto at = [&](const AsOf& as_of) {
    return prompt_as_of(recorder_.log(), recorder_.project(), "greet", as_of).value();
  };
  EXPECT_TRUE(at(AsOf::at(core::Version{0})).labels.empty());
  EXPECT_EQ(at(AsOf::at(then)).labels.at("production"), PromptVersion(std::uint64_t{1}));
  EXPECT_EQ(at(AsOf::at(first.position)).versions.size(), 1U);
  EXPECT_EQ(at(AsOf::head()).labels.at("production"), PromptVersion(std::uint64_t{2}));
  EXPECT_FALSE(at(AsOf::at(support::at_us(0))).exists());
}

TEST_F(PromptStreams, AnErasedVersionSaysNothing) {
  const auto stored = store("greet", std::uint64_t{1}, "secret");
  ASSERT_TRUE(recorder_.log().erase(stored.position));
  EXPECT_TRUE(read("greet").versions[0].erased);
  EXPECT_TRUE(read("greet").versions[0].body.messages.empty());
}

TEST_F(PromptStreams, AreListedAsTheFoldHasThem) {
  store("a", std::uint64_t{1});
  store("a", "v2"s);
  label("a", "production", "v2"s);
  label("a", "blue", std::uint64_t{1});
  add("a", events::PromptTagged{PromptVersion("v2"s), {"y", "z"}});
  add("a", events::PromptTrialStarted{"e1"});
  store("b", std::uint64_t{1});
  add("b", events::PromptVersionDeleted{PromptVersion(std::uint64_t{1}), {}});
  add("a", events::PromptLabelRemoved{"blue", {}, {}});

  const Prompts view;
  const auto rows = core::make_in_memory_read_model_store();
  core::ProjectionRunner runner(recorder_.log(), *rows, {&view}, {});
  runner.start();
  const auto model = runner.read("prompts", recorder_.log().end(),
                                 std::chrono::steady_clock::now() + std::chrono::seconds(10));
  ASSERT_TRUE(model);
  PromptQuery query;
  query.project = recorder_.project();
  auto page = list_prompts(**model, query);
  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->prompts.size(), 2U);
  const ListedPrompt& a = page->prompts[0];
  const events::PromptState& state = read("a");
  ASSERT_EQ(a.labels.size(), state.labels.size());
  EXPECT_EQ(a.labels[0].second, state.labels.at("production"));
  EXPECT_EQ(a.trial, state.trial);
  ASSERT_EQ(a.versions.size(), state.versions.size());
  EXPECT_EQ(a.versions[1].tags, state.versions[1].tags);
  EXPECT_EQ(a.latest()->name, PromptVersion("v2"s));
  EXPECT_EQ(page->prompts[1].latest(), nullptr);

  query.tags = {"y", "z"};
  EXPECT_EQ(list_prompts(**model, query)->prompts.size(), 1U);
  query.tags = {"x", "z"};
  EXPECT_TRUE(list_prompts(**model, query)->prompts.empty()) << "no one version has both";
  query.tags = {};
  query.label = "production";
  EXPECT_EQ(list_prompts(**model, query)->prompts.size(), 1U);
  runner.stop();
}

PromptBody saying(std::string content) {
  PromptBody body;
  body.messages = {{events::PromptRole::user, std::move(content), {}}};
  return body;
}

std::string told(const PromptBody& from, const PromptBody& to) {
  std::string out;
  for (const PromptChange& change : diff_prompts(from, to)) {
    out += std::string(to_word(change.kind)) + " " + change.where;
    if (change.before) out += " " + dump(*change.before);
    if (change.after) out += " > " + dump(*change.after);
    for (const std::string& line : change.lines) out += "|" + line;
    out += "\n";
  }
  return out;
}

TEST(PromptDiff, TellsWhatChanged) {
  EXPECT_EQ(told(saying("a"), saying("a")), "");
  EXPECT_EQ(told(saying("a\nb\nc"), saying("a\nx\nc\nd")),
            "changed messages[0].content|  a|- b|+ x|  c|+ d\n");
  PromptBody other = saying("a");
  other.messages[0].role = events::PromptRole::system;
  other.variables = {{"v", events::VariableType::text, {}, {}, {}, {}}};
  other.examples = {{"in", "out"}};
  other.config = events::parse_json(R"({"n":1})").value();
  EXPECT_EQ(told(saying("a"), other),
            "changed messages[0].role \"user\" > \"system\"\n"
            "added variables.v > {\"type\":\"text\"}\n"
            "added examples[0].input|+ in\n"
            "added examples[0].output|+ out\n"
            "added config > {\"n\":1}\n");
}

TEST(PromptDiff, FollowsSectionsWhereverTheyStand) {
  PromptBody from;
  from.messages = {{events::PromptRole::system, "frame", "frame"},
                   {events::PromptRole::system, "rules", "rules"}};
  PromptBody to = from;
  std::swap(to.messages[0], to.messages[1]);
  EXPECT_EQ(told(from, to),
            "changed messages [\"messages[frame]\",\"messages[rules]\"] > "
            "[\"messages[rules]\",\"messages[frame]\"]\n");
}

TEST(PromptDiff, TakesLongTemplates) {
  std::string lines;
  for (std::size_t i = 0; i < kPromptDiffLinesMax; ++i) lines += "x\n";
  const auto changes = diff_prompts(saying(lines), saying(lines + "y"));
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_GT(changes[0].lines.size(), 2 * kPromptDiffLinesMax);
}

}  // namespace
}  // namespace hansard::projections::test
