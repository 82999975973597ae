#include "http/router.h"

#include <gtest/gtest.h>

namespace hansard::http {
namespace {

Route route(Method method, std::string pattern) {
  Route route(method, std::move(pattern), Rule::anyone());
  route.doc = "test";
  return route;
}

TEST(Router, FindsLiteralAndParameterSegments) {
  const auto router = Router::make({route(Method::get, "/"), route(Method::get, "/v1/sessions"),
                                    route(Method::get, "/v1/sessions/{id}/events")});
  ASSERT_TRUE(router);
  EXPECT_EQ(router->match(Method::get, {}).route->pattern, "/");
  const auto match = router->match(Method::get, {"v1", "sessions", "a/b c", "events"});
  ASSERT_NE(match.route, nullptr);
  ASSERT_EQ(match.params.size(), 1U);
  EXPECT_EQ(match.params[0].first, "id");
  EXPECT_EQ(match.params[0].second, "a/b c");
}

TEST(Router, HeadIsAnsweredByGet) {
  const auto router = Router::make({route(Method::get, "/a"), route(Method::post, "/b")});
  ASSERT_TRUE(router);
  EXPECT_NE(router->match(Method::head, {"a"}).route, nullptr);
  EXPECT_EQ(router->match(Method::head, {"b"}).route, nullptr);
}

TEST(Router, AnotherMethodNamesTheOnesThereAre) {
  const auto router = Router::make({route(Method::get, "/a"), route(Method::post, "/a")});
  ASSERT_TRUE(router);
  const auto match = router->match(Method::del, {"a"});
  EXPECT_EQ(match.route, nullptr);
  EXPECT_EQ(match.allowed, "GET, HEAD, POST");
  EXPECT_EQ(router->match(Method::del, {"b"}).allowed, "");
}

TEST(Router, AnEmptySegmentIsNoParameter) {
  const auto router = Router::make({route(Method::get, "/v1/sessions/{id}")});
  ASSERT_TRUE(router);
  EXPECT_EQ(router->match(Method::get, {"v1", "sessions", ""}).route, nullptr);
}

TEST(Router, TheLastSegmentMayStandForTheRestOfThePath) {
  const auto router = Router::make({route(Method::post, "/p/{provider}/{rest...}")});
  ASSERT_TRUE(router);
  const auto match = router->match(Method::post, {"p", "groq", "v1", "chat", "completions"});
  ASSERT_NE(match.route, nullptr);
  ASSERT_EQ(match.params.size(), 1U);
  EXPECT_EQ(match.params[0].second, "groq");
  EXPECT_NE(router->match(Method::post, {"p", "groq", "v1"}).route, nullptr);
  EXPECT_EQ(router->match(Method::post, {"p", "groq"}).route, nullptr);
  EXPECT_EQ(router->match(Method::post, {"p", "groq", ""}).route, nullptr);
  EXPECT_EQ(router->match(Method::post, {"q", "groq", "v1"}).route, nullptr);
}

TEST(Router, WhatARestTakesInOverlaps) {
  EXPECT_FALSE(Router::make({route(Method::get, "/a/{rest...}"), route(Method::get, "/a/b/c")}));
  EXPECT_FALSE(Router::make({route(Method::get, "/a/b/{c}"), route(Method::get, "/a/{rest...}")}));
  EXPECT_TRUE(Router::make({route(Method::get, "/a"), route(Method::get, "/a/{rest...}")}));
  EXPECT_TRUE(Router::make({route(Method::get, "/b/c"), route(Method::get, "/a/{rest...}")}));
}

TEST(Router, OverlappingRoutesAreRefusedNamingBoth) {
  for (const char* other : {"/v1/{b}/x", "/v1/a/{c}", "/v1/a/x"}) {
    const auto router = Router::make({route(Method::get, "/v1/a/x"), route(Method::get, other)});
    ASSERT_FALSE(router) << other;
    EXPECT_NE(router.error().message.find("/v1/a/x"), std::string::npos);
    EXPECT_NE(router.error().message.find(other), std::string::npos);
  }
}

TEST(Router, SamePathWithOtherMethodDoesNotOverlap) {
  EXPECT_TRUE(Router::make({route(Method::get, "/v1/{a}"), route(Method::post, "/v1/{b}")}));
}

TEST(Router, MalformedPatternsAreRefused) {
  for (const char* pattern :
       {"", "v1", "/v1//x", "/v1/", "/{}", "/{a", "/a}", "/{a}b", "/{a...}/b"}) {
    EXPECT_FALSE(Router::make({route(Method::get, pattern)})) << pattern;
  }
}

}  // namespace
}  // namespace hansard::http
