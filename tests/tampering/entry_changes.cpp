// What is kept beside the events: indexes, tiles, views, settings, the index of texts.

#include <sqlite3.h>

#include <stdexcept>

#include "records.h"

namespace hansard::tampering {
namespace {

namespace fs = std::filesystem;
using rocks::Family;

std::string shown(const std::string& key) {
  std::string text;
  for (const char c : key) text += c >= ' ' && c <= '~' ? c : '.';
  return text;
}

Change change(std::string_view name, int weight, Must must,
              std::string (*make)(Records& records, Random&)) {
  return {name, Level::records, must, weight,
          [make](const fs::path& directory, const Grounds&, Random& random) {
            Records records(directory);
            return make(records, random);
          }};
}

std::string drop_any(Records& records, Random& random, Family family,
                     const std::string& prefix = {}) {
  const auto [key, value] = records.any(family, random, prefix);
  records.drop(family, key);
  return shown(key);
}

std::string alter_any(Records& records, Random& random, Family family,
                      const std::string& prefix = {}) {
  auto [key, value] = records.any(family, random, prefix);
  if (value.empty()) {
    value = "x";
  } else {
    char& byte = value[random() % value.size()];
    byte = static_cast<char>(byte ^ static_cast<char>(1U << (random() % 8)));
  }
  records.put(family, key, value);
  return shown(key);
}

std::string be64(std::uint64_t number) {
  std::string bytes;
  rocks::put_be64(bytes, number);
  return bytes;
}

/// Runs SQL on the index of texts. Throws what SQLite says.
std::string sql(const fs::path& directory, const std::string& text) {
  sqlite3* database = nullptr;
  if (sqlite3_open((directory / "search" / "texts.sqlite").c_str(), &database) != SQLITE_OK) {
    sqlite3_close(database);
    throw std::runtime_error("the index of texts does not open");
  }
  char* message = nullptr;
  const int code = sqlite3_exec(database, text.c_str(), nullptr, nullptr, &message);
  const std::string why = message == nullptr ? "" : message;
  sqlite3_free(message);
  sqlite3_close(database);
  if (code != SQLITE_OK) throw std::runtime_error(why);
  return text;
}

Change texts(std::string_view name, int weight, std::string (*statement)(Random&)) {
  return {name, Level::records, Must::show, weight,
          [statement](const fs::path& directory, const Grounds&, Random& random) {
            return sql(directory, statement(random));
          }};
}

std::string one_document(Random& random) {
  return "(SELECT position FROM documents ORDER BY position LIMIT 1 OFFSET " +
         std::to_string(random() % 1000) + " % (SELECT count(*) FROM documents))";
}

std::string view_prefix(char kind, Records& records, Random& random) {
  const auto [key, value] = records.any(Family::views, random);
  const auto view = rocks::parse_view_prefix(key);
  if (!view) throw std::runtime_error("no view");
  return rocks::view_prefix(*view) + kind;
}

}  // namespace

std::vector<Change> entry_changes() {
  return {
      change("id removed from the index", 8, Must::show,
             [](Records& r, Random& random) { return drop_any(r, random, Family::ids); }),
      change("id led elsewhere", 8, Must::show,
             [](Records& r, Random& random) {
               const auto [key, value] = r.any(Family::ids, random);
               const std::uint64_t to = (rocks::get_be64(value) + 1 + random() % 50);
               r.put(Family::ids, key, be64(to));
               return shown(key);
             }),
      change("id added to the index", 6, Must::show,
             [](Records& r, Random& random) {
               std::string key = r.any(Family::ids, random).first;
               key.back() = static_cast<char>(key.back() ^ 1);
               r.put(Family::ids, key, be64(random() % (2 * r.events())));
               return shown(key);
             }),
      change("run removed from the index", 8, Must::show,
             [](Records& r, Random& random) { return drop_any(r, random, Family::streams); }),
      change("run altered", 8, Must::show,
             [](Records& r, Random& random) { return alter_any(r, random, Family::streams); }),
      change("tile altered", 12, Must::show,
             [](Records& r, Random& random) { return alter_any(r, random, Family::merkle); }),
      change("tile removed", 6, Must::show,
             [](Records& r, Random& random) { return drop_any(r, random, Family::merkle); }),
      change("tile added behind the end", 4, Must::show,
             [](Records& r, Random& random) {
               r.put(Family::merkle, rocks::tile_key(0, r.events() / 256 + 1 + random() % 100),
                     std::string(256 * 32, 'x'));
               return std::string("a tile");
             }),
      change("row of a view altered", 16, Must::show,
             [](Records& r, Random& random) {
               return alter_any(r, random, Family::views, view_prefix(rocks::kViewRow, r, random));
             }),
      change("row of a view removed", 10, Must::show,
             [](Records& r, Random& random) {
               return drop_any(r, random, Family::views, view_prefix(rocks::kViewRow, r, random));
             }),
      change("row of a view added", 6, Must::show,
             [](Records& r, Random& random) {
               auto [key, value] =
                   r.any(Family::views, random, view_prefix(rocks::kViewRow, r, random));
               r.put(Family::views, key + "x", value);
               return shown(key);
             }),
      change("checkpoint of a view altered", 8, Must::show_or_do_nothing,
             [](Records& r, Random& random) {
               const auto [key, value] =
                   r.any(Family::views, random, view_prefix(rocks::kViewCheckpoint, r, random));
               r.put(Family::views, key, be64(random() % (r.events() + 20)));
               return shown(key);
             }),
      change("entry of the settings altered", 10, Must::show_or_do_nothing,
             [](Records& r, Random& random) { return alter_any(r, random, Family::meta); }),
      change("entry of the settings removed", 6, Must::show_or_do_nothing,
             [](Records& r, Random& random) { return drop_any(r, random, Family::meta); }),
      change("entry of the settings added", 3, Must::show,
             [](Records& r, Random& random) {
               r.put(Family::meta, "nobody's " + std::to_string(random()), "x");
               return std::string("an entry");
             }),
      texts("document of the index of texts altered", 6,
            [](Random& random) {
              return "UPDATE documents SET at=at+1 WHERE position=" + one_document(random);
            }),
      texts("document of the index of texts removed", 6,
            [](Random& random) {
              return "DELETE FROM documents WHERE position=" + one_document(random);
            }),
      texts("session of the index of texts altered", 4,
            [](Random& random) {
              return "UPDATE sessions SET messages=messages+1 WHERE id=(SELECT id FROM sessions "
                     "ORDER BY id LIMIT 1 OFFSET " +
                     std::to_string(random() % 1000) + " % (SELECT count(*) FROM sessions))";
            }),
      texts("checkpoint of the index of texts moved", 4,
            [](Random& random) {
              return "UPDATE state SET checkpoint=checkpoint-" + std::to_string(1 + random() % 9);
            }),
  };
}

}  // namespace hansard::tampering
