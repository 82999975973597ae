#include "engine_server.h"

#include "shared/html.h"

namespace hansard::http::testing {
namespace {

class Pages : public EngineServer {};

TEST_F(Pages, TheFrontPageShowsWhatIsRecorded) {
  EXPECT_TRUE(get("/").says("Nothing is recorded yet"));
  record_conversation("s1");
  const Answer page = get("/?at_least=7");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
  for (const char* text :
       {"A parcel", "href=\"sessions/s1\"", "ada", "gpt-4o", "curl -s http://localhost"}) {
    EXPECT_TRUE(page.says(text)) << text;
  }
}

TEST_F(Pages, AConversationIsReadFromTopToBottom) {
  record_conversation("s1");
  const Answer page = get("/sessions/s1");
  EXPECT_EQ(page.status, 200);
  std::size_t at = 0;
  for (const char* text : {"A parcel", "Where is it?", "find", "on its way", "Thanks"}) {
    const std::size_t found = page.body.find(text, at);
    ASSERT_NE(found, std::string::npos) << text;
    at = found;
  }
  const Answer past = get("/sessions/s1?as_of=version:1");
  EXPECT_TRUE(past.says("As it stood then"));
  EXPECT_FALSE(past.says("Thanks"));
  EXPECT_EQ(get("/sessions/none").status, 404);
  EXPECT_TRUE(get("/sessions/none").header("Content-Type")->find("text/html") == 0);
}

TEST_F(Pages, WhatPeopleWroteIsTextAndNeverMarkup) {
  const std::string evil = "<script>alert(1)</script><img src=x onerror='x'>&\\\"";
  post("/v1/sessions",
       "{\"session_id\":\"" + evil + "\",\"title\":\"" + evil + "\",\"user\":\"" + evil + "\"}");
  const std::string id = percent_encoded("<script>alert(1)</script><img src=x onerror='x'>&\"");
  post("/v1/sessions/" + id + "/messages", "{\"message_id\":\"m1\",\"role\":\"user\",\"name\":\"" +
                                               evil +
                                               "\",\"parts\":[{\"type\":\"text\",\"text\":\"" +
                                               evil + "\"},{\"type\":\"" + evil + "\"}]}");
  post("/v1/sessions/" + id + "/tool-results",
       "{\"tool_call_id\":\"t\",\"result_id\":\"r\",\"tool\":\"" + evil + "\",\"output\":\"" +
           evil + "\"}");
  for (const Answer& page : {get("/?at_least=2"), get("/sessions/" + id)}) {
    EXPECT_EQ(page.status, 200);
    EXPECT_TRUE(page.says("&lt;script&gt;")) << page.body;
    EXPECT_FALSE(page.says("<script"));
    EXPECT_FALSE(page.says("<img"));
  }
  EXPECT_TRUE(get("/").says("href=\"sessions/" + id + "\""));
}

TEST_F(Pages, ThePolicyAllowsTheOneStyleAndNothingElse) {
  const auto policy = get("/").header("Content-Security-Policy");
  ASSERT_TRUE(policy);
  EXPECT_NE(policy->find("default-src 'none'"), std::string::npos);
  EXPECT_NE(policy->find("style-src 'sha256-"), std::string::npos);
  EXPECT_EQ(policy->find("unsafe"), std::string::npos);
  EXPECT_EQ(get("/").header("Referrer-Policy"), "no-referrer");
}

TEST(Html, EscapesEncodesAndGroups) {
  EXPECT_EQ(escaped("<a b='c' d=\"e\">&\x01\n"), "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp; \n");
  EXPECT_EQ(percent_encoded("a/b ü~"), "a%2Fb%20%C3%BC~");
  EXPECT_EQ(percent_encoded(".."), "%2E%2E");
  EXPECT_EQ(grouped_digits(0), "0");
  EXPECT_EQ(grouped_digits(1234567), "1,234,567");
}

}  // namespace
}  // namespace hansard::http::testing
