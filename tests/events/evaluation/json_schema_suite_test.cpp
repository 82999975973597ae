// Draft 7 of the official test suite, but for what one document cannot say: references elsewhere.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "events/evaluation/json_schema.h"

namespace hansard::events {
namespace {

namespace fs = std::filesystem;

const fs::path kSuite = "/usr/share/json-schema-test-suite/tests/draft7";

Json read_file(const fs::path& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return parse_json(text.str()).value();
}

/// We hold what stands beside a reference, as later drafts do.
bool differs_by_draft(const std::string& group) {
  return group == "ref overrides any sibling keywords";
}

TEST(JsonSchemaSuite, AgreesOnEveryCaseOfDraft7) {
  if (!fs::exists(kSuite)) GTEST_SKIP() << "the suite is not installed";
  int asked = 0;
  int refused = 0;
  for (const auto& file : fs::directory_iterator(kSuite)) {
    if (file.path().extension() != ".json") continue;
    const Json groups = read_file(file.path());
    for (const Json& group : *groups.if_array()) {
      const std::string name = *group.find("description")->if_string();
      const auto schema = JsonSchema::read(*group.find("schema"), "schema");
      if (!schema) {
        EXPECT_EQ(schema.error().code, core::Errc::unsupported)
            << file.path() << ": " << name << ": " << schema.error().message;
        ++refused;
        continue;
      }
      for (const Json& test : *group.find("tests")->if_array()) {
        if (differs_by_draft(name)) continue;
        const auto checked = schema->check(*test.find("data"));
        ASSERT_TRUE(checked) << file.path() << ": " << name;
        ++asked;
        EXPECT_EQ(!checked->has_value(), *test.find("valid")->if_boolean())
            << file.path() << ": " << name << ": " << *test.find("description")->if_string();
      }
    }
  }
  EXPECT_GT(asked, 380);
  EXPECT_LE(refused, 12) << "references by URL are all that is refused";
}

}  // namespace
}  // namespace hansard::events
