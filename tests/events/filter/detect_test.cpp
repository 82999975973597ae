// What each detector finds, and what looks like it and is none.
#include "events/filter/detect.h"

#include <gtest/gtest.h>

#include <string>

namespace hansard::events {
namespace {

/// What is found, as `kind:text` with spaces between.
std::string found(std::string_view text, std::string_view name = {}) {
  std::string out;
  for (const Hit& hit : detect(text, Detectors::all(), name)) {
    if (!out.empty()) out += " | ";
    out += std::string(kDetectorNames[static_cast<std::size_t>(hit.what)]) + ":" +
           std::string(text.substr(hit.begin, hit.end - hit.begin));
  }
  return out;
}

TEST(Detectors, FindAddresses) {
  EXPECT_EQ(found("write to ann.lee+x@mail.example.co.uk."), "email:ann.lee+x@mail.example.co.uk");
  EXPECT_EQ(found("请发邮件到ann@example.com谢谢"), "email:ann@example.com");
  EXPECT_EQ(found("jürgen.müller@müller.de"), "email:jürgen.müller@müller.de");
  EXPECT_EQ(found("иван@почта.рф"), "email:иван@почта.рф");
  EXPECT_EQ(found("?mail=ann%40example.com&x"), "email:ann%40example.com");
  EXPECT_EQ(found("\"ann lee\"@example.org"), "email:\"ann lee\"@example.org");
  EXPECT_EQ(found("root@[192.168.0.1]"), "email:root@[192.168.0.1]");
  for (const char* none : {"icon@2x.png", "user@localhost", "git@github.com:a/b.git", "a @ b.com",
                           "@user@host.social", "x@y.shape", "npm i x@1.2.3", "@app.route",
                           "ann at example dot com", "@@@@", "a@", "@b.c"}) {
    EXPECT_EQ(found(none), "") << none;
  }
}

TEST(Detectors, FindCards) {
  EXPECT_EQ(found("card 4111 1111 1111 1111 exp 12/27"), "card:4111 1111 1111 1111");
  EXPECT_EQ(found("4111111111111111"), "card:4111111111111111");
  EXPECT_EQ(found("3782-822463-10005"), "card:3782-822463-10005");
  for (const char* none : {"4111111111111112", "order 4111111111111111", "x4111111111111111",
                           "4111-1111-1111-1111-2", "1.4111111111111111", "4111 1111 1111 111",
                           "DE89 3704 0044 0532 0130 00", "5105105105105100abc"}) {
    EXPECT_EQ(found(none), "") << none;
  }
}

TEST(Detectors, FindPhones) {
  EXPECT_EQ(found("(415) 555-2671 or 415-555-2671"), "phone:(415) 555-2671 | phone:415-555-2671");
  EXPECT_EQ(found("+49 30 1234567, +4915123456789"), "phone:+49 30 1234567 | phone:+4915123456789");
  EXPECT_EQ(found("0049 30 1234567; 030/1234567"), "phone:0049 30 1234567 | phone:030/1234567");
  EXPECT_EQ(found("06 12 34 56 78"), "phone:06 12 34 56 78");
  EXPECT_EQ(found("my phone is 5551234567"), "phone:5551234567");
  EXPECT_EQ(found("5551234567", "phone"), "phone:5551234567");
  EXPECT_EQ(found("电话：13812345678"), "phone:13812345678");
  for (const char* none :
       {"5551234567", "2024-01-15", "01.02.2024 12:30", "192.168.1.100", "123-45-6789",
        "978-3-16-148410-0", "1,234,567", "0.0555602734375", "+0530", "2+4915123456789",
        "550e8400-e29b-41d4-a716-446655440000", "1700000000", "v1.2.3456", "256 512 1024"}) {
    EXPECT_EQ(found(none), "") << none;
  }
}

TEST(Detectors, FindKeys) {
  EXPECT_EQ(found("AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
            "key:AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
  EXPECT_EQ(found("password: hunter2"), "key:hunter2");
  EXPECT_EQ(found("hunter", "password"), "key:hunter");
  EXPECT_EQ(found("Authorization: Bearer abcdef1234567890abcdef"), "key:abcdef1234567890abcdef");
  EXPECT_EQ(found("Authorization: Basic dXNlcjpwYXNzd29yZA=="), "key:dXNlcjpwYXNzd29yZA==");
  EXPECT_EQ(found("x -----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY----- y"),
            "key:-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----");
  for (const char* none :
       {"risk-assessment-framework-for-everyone", "sk-learn-is-a-library-for-python",
        "password = get_password()", "the password is incorrect", "password=${PASS}",
        "password: ********", "\"password\": {\"type\":\"string\"}", "token: Hello",
        "cache key: d41d8cd98f00b204e9800998ecf8427e", "the bearer of good news",
        "password: [removed:key]", "removed-key-0123456789abcdef",
        "key: 550e8400-e29b-41d4-a716-446655440000", "-----BEGIN PUBLIC KEY-----"}) {
    EXPECT_EQ(found(none), "") << none;
  }
}

TEST(Detectors, OfIdentifiersOnlyFormsCount) {
  EXPECT_TRUE(key_form_in("ghp_abcdefghijklmnopqrstuvwxyz0123456789"));
  EXPECT_TRUE(key_form_in("call-sk-ant-api03-abcdefghij1234567890"));
  EXPECT_TRUE(email_form_in("ann@example.com"));
  for (const char* none : {"m1", "chatcmpl-A1b2C3d4E5f6G7h8", "toolu_01A09q90qw90lq917835lq9",
                           "550e8400-e29b-41d4-a716-446655440000", "4111111111111111",
                           "+4915123456789", "password", "desk-42-abcdef0123456789abcdef"}) {
    EXPECT_FALSE(key_form_in(none)) << none;
    EXPECT_FALSE(email_form_in(none)) << none;
  }
}

TEST(Detectors, RunOnlyWhereAsked) {
  Detectors cards;
  cards.add(Detector::card);
  EXPECT_TRUE(detect("ann@example.com password: hunter2 +4915123456789", cards).empty());
  EXPECT_EQ(detect("4111111111111111", cards).size(), 1U);
  EXPECT_TRUE(detect("4111111111111111", Detectors{}).empty());
}

/// Long, and made to be looked at again and again.
TEST(Detectors, TakeTimeLinearInTheText) {
  for (const std::string_view piece :
       {"a@", "1 ", "0", "-----BEGIN PRIVATE KEY-----", "password:", "sk-", " is ", "(", "+1 ",
        "4111 ", "eyJ.", "AKIA", "\xC3", "@\xE6", "token=a", "Bearer a "}) {
    std::string text;
    while (text.size() < 400'000) text += piece;
    for (const Hit& hit : detect(text, Detectors::all())) {
      ASSERT_LE(hit.end, text.size());
      ASSERT_LT(hit.begin, hit.end);
    }
  }
}

}  // namespace
}  // namespace hansard::events
