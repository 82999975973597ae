#include "http/log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace hansard::http {
namespace {

std::string temporary_file() {
  return (std::filesystem::temp_directory_path() /
          ("hansard_log_test_" + std::to_string(::getpid())))
      .string();
}

TEST(Log, ALineIsOneJsonObject) {
  EXPECT_EQ(format_line("T", "http", Level::warn, "a\nb",
                        {{"n", std::int64_t{-3}}, {"s", "x\"y"}, {"d", 1.5}, {"b", true}}),
            R"({"time":"T","level":"warn","component":"http","message":"a\nb",)"
            R"("n":-3,"s":"x\"y","d":1.500,"b":true})");
}

TEST(Log, LevelsArePerComponent) {
  const std::string path = temporary_file();
  std::filesystem::remove(path);
  {
    const auto log = Log::open({Level::warn, {{"http", Level::debug}}, path});
    ASSERT_TRUE(log);
    EXPECT_TRUE((*log)->enabled("http", Level::debug));
    EXPECT_FALSE((*log)->enabled("store", Level::info));
    (*log)->write("http", Level::debug, "kept");
    (*log)->write("store", Level::info, "dropped");
    (*log)->write("store", Level::error, "kept too");
  }
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  std::filesystem::remove(path);
  EXPECT_NE(text.str().find("\"message\":\"kept\""), std::string::npos) << text.str();
  EXPECT_NE(text.str().find("\"message\":\"kept too\""), std::string::npos);
  EXPECT_EQ(text.str().find("dropped"), std::string::npos);
}

TEST(Log, AFileThatCannotBeOpenedIsAnError) {
  const auto log = Log::open({Level::info, {}, "/dev/null/log"});
  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().field, "log.file");
}

TEST(Log, LevelsAreParsed) {
  EXPECT_EQ(*parse_level("error"), Level::error);
  EXPECT_EQ(parse_level("loud").error().code, core::Errc::invalid_argument);
}

}  // namespace
}  // namespace hansard::http
