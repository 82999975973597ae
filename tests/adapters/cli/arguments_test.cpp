#include "arguments.h"

#include <gtest/gtest.h>

#include <vector>

namespace {

using namespace hansard::cli;

std::variant<Arguments, Exit> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "hansard");
  return parse_arguments(static_cast<int>(words.size()), words.data());
}

template <class C>
C command(std::vector<const char*> words) {
  const auto parsed = parse(std::move(words));
  const auto* exit = std::get_if<Exit>(&parsed);
  if (exit != nullptr) ADD_FAILURE() << exit->text;
  return exit == nullptr ? std::get<C>(std::get<Arguments>(parsed).command) : C{};
}

int exit_code(std::vector<const char*> words) {
  const auto parsed = parse(std::move(words));
  const auto* exit = std::get_if<Exit>(&parsed);
  return exit == nullptr ? -1 : exit->code;
}

TEST(Arguments, HelpAndVersionAreNoErrors) {
  EXPECT_EQ(exit_code({"--help"}), 0);
  EXPECT_EQ(exit_code({"--version"}), 0);
  EXPECT_EQ(exit_code({"show", "--help"}), 0);
}

TEST(Arguments, WhatCannotBeReadIsAUsageError) {
  EXPECT_EQ(exit_code({}), kExitUsage);
  EXPECT_EQ(exit_code({"fly"}), kExitUsage);
  EXPECT_EQ(exit_code({"show"}), kExitUsage);
  EXPECT_EQ(exit_code({"import"}), kExitUsage);
  EXPECT_EQ(exit_code({"why", "s1", "--call", "c1", "--message", "m1"}), kExitUsage);
  EXPECT_EQ(exit_code({"import", "a", "--format", "wav"}), kExitUsage);
  EXPECT_EQ(exit_code({"sessions", "--limit", "-3"}), kExitUsage);
  EXPECT_EQ(exit_code({"projections", "paint", "usage"}), kExitUsage);
}

TEST(Arguments, EveryCommandIsRead) {
  EXPECT_TRUE(command<ServeCommand>({"serve", "--sample"}).sample);
  EXPECT_EQ(command<ImportCommand>({"import", "a.json", "-"}).files,
            (std::vector<std::string>{"a.json", "-"}));
  EXPECT_EQ(command<AppendCommand>({"append"}).file, "-");
  EXPECT_EQ(command<ShowCommand>({"show", "s1", "--as-of", "version:3"}).as_of, "version:3");
  EXPECT_TRUE(command<ShowCommand>({"show", "s1", "--tree"}).tree);
  const auto replay = command<ReplayCommand>(
      {"replay", "s1", "--speed", "2x", "--max-gap", "2s", "--from", "version:3", "--step"});
  EXPECT_EQ(replay.speed, "2x");
  EXPECT_EQ(replay.max_gap, "2s");
  EXPECT_EQ(replay.from, "version:3");
  EXPECT_TRUE(replay.step);
  const auto diff = command<DiffCommand>({"diff", "s1", "--from", "3", "--to-session", "s2"});
  EXPECT_EQ(diff.from, "3");
  EXPECT_EQ(diff.to_session, "s2");
  EXPECT_EQ(command<WhyCommand>({"why", "s1", "--call", "c1"}).call, "c1");
  EXPECT_FALSE(command<TailCommand>({"tail", "--no-follow"}).follow);
  EXPECT_TRUE(command<TailCommand>({"tail"}).follow);
  EXPECT_EQ(command<UsageCommand>({"usage", "--by", "model,day"}).by, "model,day");
  const auto prove = command<ProveCommand>(
      {"prove", "--session", "s1", "-o", "s1.proof", "--checkpoint", "kept.notes"});
  EXPECT_EQ(prove.session, "s1");
  EXPECT_EQ(prove.out, "s1.proof");
  EXPECT_EQ(prove.checkpoint, "kept.notes");
  EXPECT_EQ(exit_code({"prove"}), kExitUsage);
  EXPECT_EQ(exit_code({"prove", "--session", "s1", "--event", "3"}), kExitUsage);
  EXPECT_EQ(command<CheckProofCommand>({"check-proof", "s1.proof", "--key", "k"}).key, "k");
  command<VerifyCommand>({"verify"});
  EXPECT_TRUE(command<DoctorCommand>({"doctor", "--accept-loss"}).accept_loss);
}

TEST(Arguments, FiltersKeepTheirOrderAndRepeat) {
  const auto sessions = command<SessionsCommand>(
      {"sessions", "--tag", "team:a", "--user", "ada", "--tag", "b:c", "--limit", "7"});
  EXPECT_EQ(sessions.limit, 7U);
  EXPECT_EQ(sessions.filters.size(), 3U);
}

TEST(Arguments, ProjectionsTakesAnAction) {
  using Action = ProjectionsCommand::Action;
  EXPECT_EQ(command<ProjectionsCommand>({"projections"}).action, Action::list);
  const auto rebuild = command<ProjectionsCommand>({"projections", "rebuild", "usage", "--json"});
  EXPECT_EQ(rebuild.action, Action::rebuild);
  EXPECT_EQ(rebuild.name, "usage");
  EXPECT_EQ(command<ProjectionsCommand>({"projections", "retry", "x"}).action, Action::retry);
}

TEST(Arguments, OptionsOfAllCommandsAreRead) {
  const auto parsed = parse({"show", "s1", "--data", "/d", "--project", "p", "--json"});
  const auto& arguments = std::get<Arguments>(parsed);
  EXPECT_TRUE(arguments.json);
  EXPECT_EQ(arguments.data, "/d");
  EXPECT_EQ(arguments.project, "p");
}

}  // namespace
