#include "http/problem.h"

#include <gtest/gtest.h>

#include "http/json_out.h"

namespace hansard::http {
namespace {

TEST(Problem, TellsCodeStatusDetailAndField) {
  const Response response =
      problem({core::Errc::invalid_argument, "role: \"x\" is\nno role", "role"});
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.headers.find("content-type"), "application/problem+json");
  EXPECT_EQ(response.body, "{\"type\":\"urn:hansard:error:invalid_argument\",\"title\":\"" +
                               std::string(core::traits(core::Errc::invalid_argument).title) +
                               "\",\"status\":400,\"detail\":\"role: \\\"x\\\" is\\nno role\","
                               "\"code\":\"invalid_argument\",\"field\":\"role\"}\n");
}

TEST(Problem, ListsEveryViolation) {
  core::Error error{core::Errc::version_conflict, "2 checks failed"};
  error.violations = {{"session-a", "3", "4"}, {"session-b", "none", "0"}};
  const Response response = problem(error);
  EXPECT_EQ(response.status, 409);
  EXPECT_NE(response.body.find("\"violations\":[{\"stream\":\"session-a\",\"expected\":\"3\","
                               "\"actual\":\"4\"},{\"stream\":\"session-b\",\"expected\":\"none\","
                               "\"actual\":\"0\"}]"),
            std::string::npos)
      << response.body;
}

TEST(Problem, EveryCodeHasItsStatusAndOnlyPassingTroubleSaysWhenToRetry) {
  for (const core::ErrorTraits& traits : core::error_table()) {
    const Response response = problem({traits.code, "x"});
    EXPECT_EQ(response.status, traits.http_status) << traits.name;
    EXPECT_NE(response.body.find("\"code\":\"" + std::string(traits.name) + "\""),
              std::string::npos);
    const bool passing = traits.code == core::Errc::overloaded ||
                         traits.code == core::Errc::unavailable ||
                         traits.code == core::Errc::out_of_space;
    EXPECT_EQ(response.headers.find("Retry-After").has_value(), passing) << traits.name;
  }
}

TEST(Problem, AStatusMayBeNarrowerThanTheCode) {
  const Response response = problem({core::Errc::invalid_argument, "x"}, 415);
  EXPECT_EQ(response.status, 415);
  EXPECT_NE(response.body.find("\"status\":415"), std::string::npos);
}

TEST(Problem, MissingKeysNameTheScheme) {
  EXPECT_TRUE(problem({core::Errc::unauthenticated, "x"}).headers.find("WWW-Authenticate"));
}

TEST(JsonOut, EscapesWhatJsonMustAndNothingElse) {
  EXPECT_EQ(JsonOut().string(std::string_view("a\"\\\n\r\t\0\x1f é/", 12)).take(),
            R"("a\"\\\n\r\t\u0000\u001f é/")");
}

}  // namespace
}  // namespace hansard::http
