#pragma once

#include <string>
#include <vector>

#include "oracle.h"
#include "projections/facts/reader.h"

namespace hansard::projections::facts::test {

/// Rows before `end`, with their ids read as texts.
inline std::vector<OracleCall> read_back(const core::ReadModel& model,
                                         const core::ProjectId& project, core::Position end) {
  std::vector<OracleCall> calls;
  const auto opened = Reader::open(model, project);
  EXPECT_TRUE(opened) << opened.error().message;
  for (const Segment& segment : opened->segments()) {
    const std::uint32_t rows = opened->rows_before(segment, end).value();
    const std::size_t first = calls.size();
    calls.resize(first + rows);
    for (std::size_t c = 0; c < kColumns; ++c) {
      const auto column = static_cast<Column>(c);
      const std::string name(info(column).name);
      std::vector<std::int64_t> values(segment.rows);
      opened->column(segment, column).value().read(0, values);
      EXPECT_EQ(zone_of(values), segment.zone(column)) << name;
      const auto texts = opened->all_texts(column).value();
      for (std::uint32_t i = 0; i < rows; ++i) {
        if (values[i] == kNull) continue;
        OracleCall& call = calls[first + i];
        if (column == Column::call) {
          call.numbers[name] = 1;  // known; which one only hashes tell
          continue;
        }
        if (info(column).kind != ColumnKind::dictionary) {
          call.numbers[name] = values[i];
          continue;
        }
        const auto id = static_cast<std::uint32_t>(values[i]);
        const std::string text = opened->text(column, id).value();
        EXPECT_EQ(opened->find(column, text).value(), id) << name;
        EXPECT_EQ(texts.at(id), text);
        if (column == Column::tags) {
          const auto tags = decode_tags(text);
          for (const Tag& tag : *tags) call.tags[tag.key] = core::to_hex(tag.hash);
        } else {
          call.texts[name] = column == Column::user ? core::to_hex(text) : text;
        }
      }
    }
  }
  return calls;
}

}  // namespace hansard::projections::facts::test
