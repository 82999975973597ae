// `hansard models`, `hansard prices`.
#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "commands.h"
#include "events/pricing/book_file.h"
#include "events/pricing/dollars.h"
#include "text/json_view.h"
#include "text/money_text.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

using core::Result;
using events::Json;
using Align = Table::Align;

const Json* at_path(const Json& json, std::initializer_list<std::string_view> path) {
  const Json* value = &json;
  for (const auto key : path) {
    value = value == nullptr ? nullptr : value->find(key);
  }
  return value;
}

/// Dollars for a million tokens of a class, in the standard tier.
std::string per_million(const Json& price, std::string_view token_class) {
  return per_million_text(number_of(at_path(price, {"prices", "standard", token_class})));
}

std::string window_text(const Json& price, std::string_view key) {
  const auto tokens = number_at(price, key);
  return tokens ? grouped(*tokens) : "";
}

/// What is sold at other prices: tiers, and from how much input on.
std::string variants_text(const Json& price) {
  std::string text;
  const auto add = [&](const std::string& what) { text += (text.empty() ? "" : ", ") + what; };
  if (const Json* tiers = price.find("prices"); tiers != nullptr && tiers->is_object()) {
    for (const auto& tier : *tiers->if_object()) {
      if (tier.key != "standard") add(tier.key);
    }
  }
  for (const Json& band : list_at(price, "long")) {
    const auto above = number_at(band, "above");
    const auto from = number_at(band, "from");
    if (above || from) add("over " + grouped(above ? *above : *from));
  }
  return text;
}

Table models_table() {
  return Table({{"provider"},
                {"model", Align::left, true},
                {"window", Align::right},
                {"max output", Align::right},
                {"input", Align::right},
                {"cached", Align::right},
                {"output", Align::right},
                {"also", Align::left, true},
                {"retires"}});
}

void add_model(Table& table, const Json& model) {
  std::string retires = text_at(model, "retires");
  if (flag_at(model, "retired")) retires += " (gone)";
  table.add({text_at(model, "provider"), text_at(model, "model"), window_text(model, "input_max"),
             window_text(model, "output_max"), per_million(model, "input_text"),
             per_million(model, "input_cache_read"), per_million(model, "output_text"),
             variants_text(model), retires});
}

std::string day_text(const std::string& time) { return time.substr(0, 10); }

void print_books(const Json& answer, const Output& output) {
  Table table({{"book"},
               {"version"},
               {"for"},
               {"entries", Align::right},
               {"holds from"},
               {"looked up"},
               {"position", Align::right},
               {"recorded"},
               {"from", Align::left, true}});
  for (const Json& book : list_at(answer, "books")) {
    const std::string project = text_at(book, "project");
    const std::string from = text_at(book, "effective_from");
    table.add({text_at(book, "book"), text_at(book, "version"),
               project == "_log" ? "all projects" : project,
               grouped(number_at(book, "entries").value_or(0)),
               from.empty() ? "always" : day_text(from), day_text(text_at(book, "collected_at")),
               grouped(number_at(book, "position").value_or(0)),
               day_text(text_at(book, "recorded_at")), text_at(book, "provenance")});
  }
  std::fputs(table.empty() ? "no prices are on record yet\n" : table.text(output.columns).c_str(),
             stdout);
}

/// Every rate of a price, a row each.
void print_rates(const Json& price, const Output& output) {
  Table table({{"class"}, {"tier"}, {"input over", Align::right}, {"$ per 1M", Align::right}});
  const auto add = [&](const Json* tiers, const std::string& over) {
    if (tiers == nullptr || !tiers->is_object()) return;
    for (const auto& tier : *tiers->if_object()) {
      if (!tier.value.is_object()) continue;
      for (const auto& rate : *tier.value.if_object()) {
        table.add({rate.key, tier.key, over, per_million_text(number_of(&rate.value))});
      }
    }
  };
  add(price.find("prices"), "");
  for (const Json& band : list_at(price, "long")) {
    const auto over = number_at(band, "above") ? number_at(band, "above") : number_at(band, "from");
    add(band.find("prices"), grouped(over.value_or(0)));
  }
  std::fputs(table.text(output.columns).c_str(), stdout);
  if (const Json* units = price.find("units"); units != nullptr && units->is_object()) {
    for (const auto& unit : *units->if_object()) {
      std::printf("%s: $%s each\n", unit.key.c_str(),
                  events::pricing::exact_dollars(
                      static_cast<events::pricing::PicoUsd>(number_of(&unit.value).value_or(0)))
                      .c_str());
    }
  }
}

void print_price(const Json& answer, const Output& output) {
  const Json* model = answer.find("model");
  const Json* price = model == nullptr ? nullptr : model->find("price");
  if (price == nullptr) {
    std::puts("no price is known for it; hansard models shows those that are");
    return;
  }
  const std::string provider = text_at(*price, "provider");
  std::printf("%s%s%s, by book %s %s (%s%s)\n", printable(provider).c_str(),
              provider.empty() ? "" : "/", printable(text_at(*price, "model")).c_str(),
              printable(text_at(*price, "book")).c_str(),
              printable(text_at(*price, "version")).c_str(), text_at(*model, "match").c_str(),
              flag_at(*model, "provider_assumed") ? ", list price of its maker" : "");
  print_rates(*price, output);
  const Json::Array& steps = list_at(*model, "steps");
  if (steps.size() < 2) return;
  std::puts("through time:");
  for (const Json& step : steps) {
    const std::string from = text_at(step, "from");
    const Json* then = step.find("price");
    std::printf("  from %s: input %s, output %s\n", from.empty() ? "ever" : day_text(from).c_str(),
                then == nullptr ? "-" : per_million(*then, "input_text").c_str(),
                then == nullptr ? "-" : per_million(*then, "output_text").c_str());
  }
}

Result<int> show_prices(Backend& backend, const PricesCommand& command, const Output& output) {
  TargetBuilder target;
  target.segment("v1").segment("prices");
  if (!command.model.empty()) target.query("model", command.model);
  for (const auto& [name, value] : command.filters) target.query(name, value);
  const auto answer = get_json(backend, target.text());
  if (!answer) return answer.error();
  if (output.json) {
    std::puts(dump(*answer).c_str());
  } else if (command.model.empty()) {
    print_books(*answer, output);
  } else {
    print_price(*answer, output);
  }
  return 0;
}

Result<std::string> file_text(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file) return core::Error{core::Errc::not_found, "cannot read " + name, "file"};
  return text;
}

/// A book's file, an edition for this project.
Result<int> set_prices(Backend& backend, const PricesCommand& command, const Output& output) {
  const auto text = file_text(command.file);
  if (!text) return text.error();
  auto parts = events::pricing::parse_book_file(*text);
  if (!parts) {
    core::Error error = std::move(parts.error());
    error.message = command.file + ": " + error.message;
    return error;
  }
  Json body = Json::Object{};
  const auto& head = parts->front();
  body.add("book", head.book);
  body.add("version", head.version);
  body.add("provenance", head.provenance);
  if (head.effective_from) body.add("effective_from", *head.effective_from);
  if (head.collected_at) body.add("collected_at", *head.collected_at);
  Json entries = Json::Array{};
  for (auto& part : *parts) {
    for (Json& each : *part.entries.if_array()) entries.push(std::move(each));
  }
  const std::size_t count = entries.if_array()->size();
  body.add("entries", std::move(entries));
  const auto receipt = call_json(backend, {http::Method::post, "/v1/prices", dump(body)});
  if (!receipt) return receipt.error();
  if (output.json) {
    std::puts(dump(*receipt).c_str());
  } else {
    std::printf("%s %s: %zu prices %s, at position %s\n", printable(head.book).c_str(),
                printable(head.version).c_str(), count,
                flag_at(*receipt, "duplicate") ? "were on record" : "are on record",
                grouped(number_at(*receipt, "position").value_or(0)).c_str());
  }
  return 0;
}

std::vector<std::string> change_cells(const Json& sums) {
  std::vector<std::string> cells{grouped(number_at(sums, "calls").value_or(0))};
  for (const char* side : {"before", "after", "change"}) {
    cells.push_back(money_text(sums.find(side)));
  }
  return cells;
}

Result<int> diff_prices(Backend& backend, const PricesCommand& command, const Output& output) {
  TargetBuilder target;
  target.segment("v1").segment("prices").segment("changes");
  for (const auto& [name, value] : command.filters) target.query(name, value);
  const auto answer = get_json(backend, target.text());
  if (!answer) return answer.error();
  if (output.json) {
    std::puts(dump(*answer).c_str());
    return 0;
  }
  const Json::Array& by = list_at(*answer, "by");
  std::vector<Table::Column> columns;
  for (const Json& dimension : by) columns.push_back({text_of(&dimension), Align::left, true});
  for (const char* title : {"calls", "before", "after", "change"}) {
    columns.push_back({title, Align::right});
  }
  Table table(std::move(columns));
  const auto add = [&](const Json& sums, bool total) {
    std::vector<std::string> cells;
    for (const Json& dimension : by) {
      const Json* key = sums.find(text_of(&dimension));
      const std::string shown = key != nullptr && key->is_string() ? text_of(key) : "unknown";
      cells.push_back(total ? (cells.empty() ? "total" : "") : shown);
    }
    for (std::string& cell : change_cells(sums)) cells.push_back(std::move(cell));
    table.add(std::move(cells));
  };
  for (const Json& group : list_at(*answer, "groups")) add(group, false);
  if (const Json* total = answer->find("total")) add(*total, true);
  std::fputs(table.text(output.columns).c_str(), stdout);
  return 0;
}

}  // namespace

Result<int> run_models(Backend& backend, const ModelsCommand& command, const Output& output) {
  TargetBuilder target;
  target.segment("v1").segment("models").segment("catalogue");
  if (!command.pattern.empty()) target.query("pattern", command.pattern);
  for (const auto& [name, value] : command.filters) target.query(name, value);
  target.query("limit", std::to_string(command.limit));
  const auto answer = get_json(backend, target.text());
  if (!answer) return answer.error();
  if (output.json) {
    std::puts(dump(*answer).c_str());
    return 0;
  }
  Table table = models_table();
  const Json::Array& models = list_at(*answer, "models");
  for (const Json& model : models) add_model(table, model);
  if (table.empty()) {
    std::puts("no model of that name has a price");
    return 0;
  }
  std::fputs(table.text(output.columns).c_str(), stdout);
  std::puts("dollars for a million tokens");
  const std::uint64_t total = number_at(*answer, "total").value_or(0);
  if (total > models.size()) {
    std::printf("%s of %s: --limit, or part of a name\n", grouped(models.size()).c_str(),
                grouped(total).c_str());
  }
  return 0;
}

Result<int> run_prices(Backend& backend, const PricesCommand& command, const Output& output) {
  switch (command.action) {
    case PricesCommand::Action::set:
      return set_prices(backend, command, output);
    case PricesCommand::Action::diff:
      return diff_prices(backend, command, output);
    case PricesCommand::Action::show:
      break;
  }
  return show_prices(backend, command, output);
}

}  // namespace hansard::cli
