#include "text/terminal.h"

#include <gtest/gtest.h>

namespace {

using namespace hansard::cli;

TEST(Printable, TextOfOthersCannotDriveTheTerminal) {
  EXPECT_EQ(printable("a\x1b[2Jb\rc\x7f"), "a\\x1b[2Jb\\x0dc\\x7f");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "\\x9b31m");
  EXPECT_EQ(printable("Grüße, 出口"), "Grüße, 出口");
  EXPECT_EQ(printable("a\nb\tc"), "a b c");
  EXPECT_EQ(printable("a\nb\tc", true), "a\nb\tc");
}

TEST(Shorten, CountsCodePointsAndMarksTheCut) {
  EXPECT_EQ(shorten("Grüße", 5), "Grüße");
  EXPECT_EQ(shorten("Grüße", 4), "Grü…");
  EXPECT_EQ(shorten("Grüße", 0), "");
}

TEST(Numbers, AreGroupedAndTimesHaveUnits) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1234567), "1,234,567");
  EXPECT_EQ(duration_text(85), "85 us");
  EXPECT_EQ(duration_text(312'400), "312 ms");
  EXPECT_EQ(duration_text(1'449'000), "1.4 s");
}

TEST(Table, AlignsItsColumns) {
  Table table({{"name"}, {"calls", Table::Align::right}});
  table.add({"a", "1"});
  table.add({"bcdef", "1,000"});
  EXPECT_EQ(table.text(0), "name   calls\na          1\nbcdef  1,000\n");
}

TEST(Table, ShrinksWhereItMay) {
  Table table({{"name", Table::Align::left, true}, {"calls", Table::Align::right}});
  table.add({"a very long name indeed", "1,000"});
  EXPECT_EQ(table.text(20), "name           calls\na very long …  1,000\n");
}

}  // namespace
