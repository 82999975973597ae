#pragma once

#include <gtest/gtest.h>

#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/table_properties.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "core/hash.h"

namespace hansard::testing {

/// The forms in which a text may be left behind: as it is, as JSON writes it, and what somebody who
/// guesses it would compare with.
inline std::vector<std::string> forms_of(const std::string& text, const std::string& escaped,
                                         const core::Hasher& hasher) {
  std::vector<std::string> forms{text};
  if (escaped != text) forms.push_back(escaped);
  for (const std::string& each : std::vector<std::string>(forms)) {
    const core::Hash hash = hasher.sha256({each});
    forms.emplace_back(core::as_bytes(hash));
    forms.push_back(core::to_hex(core::as_bytes(hash)));
  }
  return forms;
}

/// Every file below `directory` is read as it is, and tables of RocksDB also block by block as they
/// are decompressed. @return a line for each place where one of `forms` is found.
inline std::vector<std::string> places_of(const std::vector<std::string>& forms,
                                          const std::filesystem::path& directory) {
  std::vector<std::string> places;
  const auto look = [&](std::string_view bytes, const std::string& where) {
    for (std::size_t i = 0; i < forms.size(); ++i) {
      if (bytes.find(forms[i]) == std::string_view::npos) continue;
      places.push_back("form " + std::to_string(i) + " in " + where);
    }
  };
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    const std::string path = entry.path().string();
    std::ifstream file(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    look(bytes, path);
    if (entry.path().extension() != ".sst") continue;
    rocksdb::SstFileReader table{rocksdb::Options()};
    const auto opened = table.Open(path);
    EXPECT_TRUE(opened.ok()) << path << ": " << opened.ToString();
    if (!opened.ok()) continue;
    rocksdb::ReadOptions all;
    all.total_order_seek = true;
    std::uint64_t entries = 0;
    const std::unique_ptr<rocksdb::Iterator> rows(table.NewIterator(all));
    for (rows->SeekToFirst(); rows->Valid(); rows->Next(), ++entries) {
      look(rows->key().ToStringView(), path + " (key)");
      look(rows->value().ToStringView(), path + " (value)");
    }
    EXPECT_TRUE(rows->status().ok()) << path << ": " << rows->status().ToString();
    // An older version behind a newer one in the same table would not have been looked at.
    const auto properties = table.GetTableProperties();
    if (properties->column_family_name == "events") {
      EXPECT_EQ(properties->num_entries, entries) << path << " holds versions that are not seen";
    }
  }
  return places;
}

}  // namespace hansard::testing
