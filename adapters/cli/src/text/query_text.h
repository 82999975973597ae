#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "events/json.h"
#include "projections/query/text.h"
#include "text/terminal.h"

/// Answers of `POST /v1/query`, and what was wrong with a question, for people. Pure.
namespace hansard::cli {

/// The line of the text with the word at fault, and marks under it.
std::string pointed(const std::string& text, const projections::query::TextError& error);

/// A value of an aggregate (`sum(cost)`): dollars, a duration, digits in groups of three; `-` for
/// what is not known.
std::string shown_value(const std::string& aggregate, const events::Json* value);

/// A dimension of a group; times without what says nothing.
std::string shown_key(const std::string& dimension, const events::Json& group, bool utc);

/// A column that is made of what a group holds.
struct ExtraColumn {
  std::string title;
  Table::Align align = Table::Align::left;
  std::function<std::string(const events::Json& group)> cell;
};

/// The groups; of a comparison, each measure beside the one before and the change.
std::string query_table(const events::Json& answer, std::size_t columns,
                        const std::vector<ExtraColumn>& extra = {});

/// What must be known besides: a line each.
std::string query_remarks(const events::Json& answer);

}  // namespace hansard::cli
