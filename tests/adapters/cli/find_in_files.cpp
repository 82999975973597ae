// Texts in the files of a data directory, also within the blocks of its tables, decompressed.
//
// usage: find_in_files DIRECTORY < FORMS: a form a line, in hex. Prints a line for each place.
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "../rocksdb/searched_files.h"

namespace {

int digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  std::vector<std::string> forms;
  for (std::string line; std::getline(std::cin, line);) {
    std::string form;
    for (std::size_t i = 0; i + 1 < line.size(); i += 2) {
      form.push_back(static_cast<char>(digit(line[i]) * 16 + digit(line[i + 1])));
    }
    if (!form.empty()) forms.push_back(std::move(form));
  }
  for (const std::string& place : hansard::testing::places_of(forms, arguments[1])) {
    std::puts(place.c_str());
  }
  return testing::Test::HasFailure() ? 3 : 0;
}
