#include "engine/settings.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

namespace {

using namespace hansard::cli;
using hansard::core::Errc;

Environment environment(std::map<std::string, std::string> values) {
  return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    if (found == values.end()) return std::nullopt;
    return found->second;
  };
}

std::string problem(const std::string& toml) {
  Settings settings;
  const auto status = read_toml(toml, "hansard.toml", settings);
  return status ? "" : status.error().message;
}

TEST(Settings, NothingIsNeeded) {
  const auto settings = load_settings(std::nullopt, environment({}));
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->data, "./hansard-data");
  EXPECT_EQ(settings->listen, std::vector<std::string>{"127.0.0.1:7070"});
}

TEST(Settings, TheFileIsRead) {
  Settings settings;
  const auto status = read_toml(
      "data = '/srv/h'\nlisten = ['127.0.0.1:1', '[::1]:2']\nproject = 'p'\nthreads = 3\n"
      "[log]\nlevel = 'warn'\ncomponents.http = 'debug'\n[limits]\nbody_bytes = 1000000\n"
      "[[keys]]\nname = 'app'\nkey = 'hsd_0123456789abcdef'\nscopes = ['write', 'read']\n",
      "hansard.toml", settings);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(settings.data, "/srv/h");
  EXPECT_EQ(settings.listen.size(), 2U);
  EXPECT_EQ(settings.threads, 3);
  EXPECT_EQ(settings.log_level, "warn");
  EXPECT_EQ(settings.log_components.at("http"), "debug");
  EXPECT_EQ(settings.limits.at("body_bytes"), 1'000'000U);
  ASSERT_EQ(settings.keys.size(), 1U);
  EXPECT_EQ(settings.keys[0].project, "default");
  EXPECT_EQ(settings.keys[0].scopes.size(), 2U);
}

TEST(Settings, WhatIsWrongIsNamedWithItsLine) {
  EXPECT_EQ(problem("data = 3"), "hansard.toml:1: data: expected a text");
  EXPECT_EQ(problem("\ndatta = 'x'"), "hansard.toml:2: datta: unknown setting");
  EXPECT_EQ(problem("[limits]\nbody_bytes = -1"),
            "hansard.toml:2: limits.body_bytes: expected a number that is not negative");
  EXPECT_EQ(problem("[log]\ncolour = 'x'"), "hansard.toml:2: log.colour: unknown setting");
  EXPECT_EQ(problem("[[keys]]\nname = 'x'"), "hansard.toml:1: keys.key: is missing");
  EXPECT_NE(problem("data = ").find("hansard.toml:1: "), std::string::npos);
}

TEST(Settings, TheEnvironmentWinsOverTheFile) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("hansard-settings-" + std::to_string(::getpid()) + ".toml");
  std::ofstream(path) << "data = '/file'\nproject = 'file'\n[limits]\nconnections = 5\n";
  const auto settings =
      load_settings(path.string(), environment({{"HANSARD_DATA", "/env"},
                                                {"HANSARD_LISTEN", "127.0.0.1:1,127.0.0.1:2"},
                                                {"HANSARD_LIMITS_CONNECTIONS", "9"}}));
  std::filesystem::remove(path);
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_EQ(settings->data, "/env");
  EXPECT_EQ(settings->project, "file");
  EXPECT_EQ(settings->listen.size(), 2U);
  EXPECT_EQ(settings->limits.at("connections"), 9U);
}

TEST(Settings, NumbersInTheEnvironmentAreChecked) {
  const auto settings = load_settings(std::nullopt, environment({{"HANSARD_THREADS", "four"}}));
  ASSERT_FALSE(settings);
  EXPECT_EQ(settings.error().field, "HANSARD_THREADS");
}

TEST(Settings, ANamedFileMustExist) {
  EXPECT_EQ(load_settings("/nowhere/hansard.toml", environment({})).error().code, Errc::not_found);
  EXPECT_EQ(load_settings(std::nullopt, environment({{"HANSARD_CONFIG", "/nowhere"}})).error().code,
            Errc::not_found);
}

TEST(Settings, AProviderMayFollowAScriptInsteadOfBeingCalled) {
  Settings settings;
  ASSERT_EQ(settings.scripts.count("scripted"), 1U) << "one is always there";
  const auto status = read_toml(
      "[providers.double]\ndialect = 'ollama'\nscript = 'double.ndjson'\n"
      "[providers.openai]\nscript = 'builtin'\n",
      "hansard.toml", settings);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_EQ(settings.scripts.at("double").dialect, "ollama");
  EXPECT_EQ(settings.scripts.at("double").script, "double.ndjson");
  EXPECT_EQ(settings.scripts.at("openai").dialect, "openai");
  EXPECT_FALSE(settings.providers.providers.contains("openai")) << "it is called no more";
  EXPECT_EQ(problem("[providers.x]\nscript = 'builtin'\nbase_url = 'http://h'"),
            "hansard.toml:3: providers.x.base_url: a provider with a script has a dialect, and "
            "nothing else");
  EXPECT_EQ(problem("[providers.x]\nscript = 'builtin'\ndialect = 'other'"),
            "hansard.toml:3: providers.x.dialect: expected openai, anthropic or ollama");
}

TEST(Settings, AProviderThatIsCalledMayTakeTheNameOfAScript) {
  Settings settings;
  const auto status =
      read_toml("[providers.scripted]\ndialect = 'openai'\nbase_url = 'http://127.0.0.1:1'\n",
                "hansard.toml", settings);
  ASSERT_TRUE(status) << status.error().message;
  EXPECT_TRUE(settings.scripts.empty());
  EXPECT_TRUE(settings.providers.providers.contains("scripted"));
}

}  // namespace
