#include "importers/record_splitter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using hansard::importers::RecordSplitter;
using hansard::importers::SourceRecord;

bool is_message(std::string_view text) { return text.find("\"role\"") != std::string_view::npos; }

/// `line: text` or `line! problem` of every record, fed `step` bytes at a time.
std::vector<std::string> split(std::string_view bytes, std::size_t step,
                               RecordSplitter::Options options = {}) {
  std::vector<std::string> seen;
  RecordSplitter splitter(
      [&](SourceRecord record) {
        seen.push_back(std::to_string(record.line) +
                       (record.problem.empty() ? ": " + record.text : "! " + record.problem));
      },
      is_message, options);
  for (std::size_t at = 0; at < bytes.size(); at += step) splitter.feed(bytes.substr(at, step));
  splitter.finish();
  return seen;
}

using Seen = std::vector<std::string>;

/// Whatever the pieces in which bytes arrive, the records are the same.
void expect(std::string_view bytes, const Seen& records) {
  for (const std::size_t step : {1U, 3U, 1000U}) EXPECT_EQ(split(bytes, step), records) << step;
}

TEST(RecordSplitter, EachLineIsARecord) {
  expect("{\"a\":1}\n\n  {\"b\":\"}\\\"{\"}\r\n{\"c\":[1,{}]}",
         {"1: {\"a\":1}", "3: {\"b\":\"}\\\"{\"}", "4: {\"c\":[1,{}]}"});
}

TEST(RecordSplitter, ABrokenLineCostsOnlyItself) {
  expect("{\"a\":1}\n{\"b\":\n{\"c\":\"x\n{\"d\":1}\n",
         {"1: {\"a\":1}", "2! the line ends inside the value", "3! the line ends inside a string",
          "4: {\"d\":1}"});
}

TEST(RecordSplitter, ABrokenFirstLineCostsOnlyItself) {
  expect("{\"a\":{\"b\":1\n{\"d\":1}\n", {"1! the line ends inside the value", "2: {\"d\":1}"});
}

TEST(RecordSplitter, WordsBetweenRecordsAreToldOncePerLine) {
  expect("hello there\n{\"d\":1} trailing\n{\"e\":2}",
         {"1! expected an object or a list of messages", "2: {\"d\":1}",
          "2! expected an object or a list of messages", "3: {\"e\":2}"});
}

TEST(RecordSplitter, APrettyPrintedObjectIsOneRecord) {
  expect("{\n  \"a\": [\n    1\n  ]\n}\n{\n \"b\":2\n}\n",
         {"1: {\n  \"a\": [\n    1\n  ]\n}", "6: {\n \"b\":2\n}"});
}

TEST(RecordSplitter, TheElementsOfAListAreRecords) {
  expect("[\n {\"a\":1},\n {\"b\":2}\n]", {"2: {\"a\":1}", "3: {\"b\":2}"});
  expect("[{\"a\":1},{\"b\":2}]", {"1: {\"a\":1}", "1: {\"b\":2}"});
  expect("[[{\"role\":1}],[{\"role\":2}]]", {"1: [{\"role\":1}]", "1: [{\"role\":2}]"});
}

TEST(RecordSplitter, AListOfMessagesIsOneRecord) {
  expect("[\n{\"role\":1},\n{\"role\":2}]\n", {"1: [{\"role\":1},{\"role\":2}]"});
}

TEST(RecordSplitter, LinesMayBeListsOfMessages) {
  expect("[{\"role\":1}]\n[{\"role\":2},{\"role\":3}]\n",
         {"1: [{\"role\":1}]", "2: [{\"role\":2},{\"role\":3}]"});
}

TEST(RecordSplitter, ABrokenListLineCostsOnlyItself) {
  expect("[{\"role\":1}]\n[{\"role\":\"x\n[{\"role\":3}]\n",
         {"1: [{\"role\":1}]", "2! the line ends inside a string", "3: [{\"role\":3}]"});
}

TEST(RecordSplitter, MissingCommasAreTold) {
  expect("[{\"a\":1} {\"b\":2}]\n{\"c\":1}",
         {"1: {\"a\":1}", "1! the list is malformed: expected ',' or ']'", "2: {\"c\":1}"});
}

TEST(RecordSplitter, WordsInAListAreLeftToTheReader) {
  expect("[1, null]", {"1: 1", "1: null"});
  expect("[1}]", {"1: 1", "1! the list is malformed: expected ',' or ']'"});
}

TEST(RecordSplitter, WhatTheFileLeavesOpenIsTold) {
  expect("{\"a\":", {"1! the file ends inside the value"});
  expect("[{\"a\":1},", {"1: {\"a\":1}", "1! the file ends inside the list"});
  expect("{\"a\":1}\n{\"a\":\"", {"1: {\"a\":1}", "2! the file ends inside a string"});
}

TEST(RecordSplitter, LongRecordsAreToldAndNotKept) {
  const std::string big = "{\"a\":\"" + std::string(100, 'x') + "\"}";
  EXPECT_EQ(split(big + "\n{\"b\":1}", 7, {.record_bytes_max = 64}),
            (Seen{"1! longer than 64 bytes", "2: {\"b\":1}"}));
  EXPECT_EQ(split("[{\"role\":1}," + big + "]\n[{\"role\":2}]", 7, {.record_bytes_max = 64}),
            (Seen{"1! longer than 64 bytes", "2: [{\"role\":2}]"}));
}

TEST(RecordSplitter, AByteOrderMarkIsNotText) { expect("\xEF\xBB\xBF{\"a\":1}", {"1: {\"a\":1}"}); }

TEST(RecordSplitter, NothingGivesNothing) {
  expect("", {});
  expect(" \n []\n", {});
}

}  // namespace
