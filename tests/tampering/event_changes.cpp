// Events, with checksums that are right: only the tree can tell, or the indexes, or a signature.

#include <stdexcept>

#include "records.h"

namespace hansard::tampering {
namespace {

namespace fs = std::filesystem;
using rocks::Family;

std::string at(std::uint64_t position) { return "position " + std::to_string(position); }

/// `text` with one letter or digit inside it changed.
std::string altered(std::string_view text, Random& random) {
  std::string changed(text);
  for (int tries = 0; tries < 1000 && changed.size() > 2; ++tries) {
    char& c = changed[1 + random() % (changed.size() - 2)];
    if (c >= 'a' && c <= 'z') {
      c = c == 'z' ? 'a' : static_cast<char>(c + 1);
      return changed;
    }
    if (c >= '1' && c <= '8') {
      c = static_cast<char>(c + 1);
      return changed;
    }
  }
  throw std::runtime_error("nothing in it can be changed");
}

/// Draws until the event has what is to be changed.
template <class Edit>
std::string change_one(Records& records, Random& random, const Edit& edit) {
  for (int tries = 0; tries < 200; ++tries) {
    const std::uint64_t position = records.draw(random);
    const auto owned = records.event(position);
    core::RecordedEvent event = owned.event();
    std::string held;
    if (!edit(event, held)) continue;
    records.put_event(event);
    return at(position);
  }
  throw std::runtime_error("no event has it");
}

bool change_content(core::RecordedEvent& event, std::string& held, Random& random) {
  if (event.erased || event.content.size() < 8) return false;
  held = altered(event.content, random);
  event.content = held;
  return true;
}

bool change_facts(core::RecordedEvent& event, std::string& held, Random& random) {
  if (event.facts.size() < 8) return false;
  held = altered(event.facts, random);
  event.facts = held;
  return true;
}

std::string content(const fs::path& directory, Random& random) {
  Records records(directory);
  return change_one(records, random, [&](core::RecordedEvent& event, std::string& held) {
    return change_content(event, held, random);
  });
}

std::string facts(const fs::path& directory, Random& random) {
  Records records(directory);
  return change_one(records, random, [&](core::RecordedEvent& event, std::string& held) {
    return change_facts(event, held, random);
  });
}

std::string swap_two(const fs::path& directory, Random& random, bool renumbered) {
  Records records(directory);
  const std::uint64_t a = records.draw(random);
  const std::uint64_t b = (a + 1 + random() % (records.events() - 1)) % records.events();
  if (!renumbered) {
    const std::string first = records.get(Family::events, Records::key_of(a));
    records.put(Family::events, Records::key_of(a),
                records.get(Family::events, Records::key_of(b)));
    records.put(Family::events, Records::key_of(b), first);
  } else {
    const auto one = records.event(a);
    const auto two = records.event(b);
    core::RecordedEvent first = one.event();
    core::RecordedEvent second = two.event();
    std::swap(first.position, second.position);
    std::swap(first.recorded_at, second.recorded_at);
    records.put_event(first);
    records.put_event(second);
  }
  return at(a) + " and " + std::to_string(b);
}

/// Takes an event out and moves those behind it up by one.
std::string renumber(const fs::path& directory, Random& random) {
  std::uint64_t position = 0;
  {
    Records records(directory);
    position = records.draw(random);
    for (std::uint64_t next = position + 1; next < records.events(); ++next) {
      const auto owned = records.event(next);
      core::RecordedEvent event = owned.event();
      event.position.value = next - 1;
      records.put_event(event);
    }
    records.drop(Family::events, Records::key_of(records.events() - 1));
  }
  return at(position);
}

/// An event of our own behind an old one, everything after it moved down by one.
std::string insert(const fs::path& directory, Random& random) {
  Records records(directory);
  const std::uint64_t position = records.draw(random);
  for (std::uint64_t from = records.events(); from-- > position;) {
    const auto owned = records.event(from);
    core::RecordedEvent event = owned.event();
    event.position.value = from + 1;
    records.put_event(event);
  }
  const auto owned = records.event(position + 1);
  core::RecordedEvent event = owned.event();
  event.position.value = position;
  for (auto& byte : event.id.bytes) byte = static_cast<std::uint8_t>(random());
  records.put_event(event);
  return at(position);
}

/// Drops the last events, HEAD, and everything that would miss them.
std::string cut_tail(const fs::path& directory, Random& random) {
  std::uint64_t left = 0;
  {
    Records records(directory);
    left = records.events() - 1 - random() % std::min<std::uint64_t>(records.events() / 2, 200);
    for (std::uint64_t position = left; position < records.events(); ++position) {
      records.drop(Family::events, Records::key_of(position));
    }
  }
  fs::remove(directory / "HEAD");
  cover_up(directory);
  return "the log ends at " + std::to_string(left);
}

Change change(std::string_view name, int weight, std::string (*make)(const fs::path&, Random&),
              Must must = Must::show) {
  return {name, Level::records, must, weight,
          [make](const fs::path& directory, const Grounds&, Random& random) {
            return make(directory, random);
          }};
}

}  // namespace

std::vector<Change> event_changes() {
  return {
      change("content of an event changed", 14, content),
      change("facts of an event changed", 14, facts),
      change(
          "content changed, tiles and indexes rebuilt", 12,
          [](const fs::path& directory, Random& random) {
            auto what = content(directory, random);
            cover_up(directory);
            return what;
          },
          Must::show_signed),
      change(
          "facts changed, tiles and indexes rebuilt", 12,
          [](const fs::path& directory, Random& random) {
            auto what = facts(directory, random);
            cover_up(directory);
            return what;
          },
          Must::show_signed),
      change("recorded_at of an event changed", 10,
             [](const fs::path& directory, Random& random) {
               Records records(directory);
               return change_one(records, random, [&](core::RecordedEvent& event, std::string&) {
                 const auto by = static_cast<std::int64_t>(1 + random() % 100'000'000);
                 event.recorded_at += std::chrono::microseconds(random() % 2 == 0 ? by : -by);
                 return true;
               });
             }),
      change("version of an event changed", 8,
             [](const fs::path& directory, Random& random) {
               Records records(directory);
               return change_one(records, random, [&](core::RecordedEvent& event, std::string&) {
                 event.version.value += 1 + random() % 5;
                 return true;
               });
             }),
      change("event given another's id", 8,
             [](const fs::path& directory, Random& random) {
               Records records(directory);
               const auto other = records.event(records.draw(random));
               return change_one(records, random, [&](core::RecordedEvent& event, std::string&) {
                 if (event.id == other.event().id) return false;
                 event.id = other.event().id;
                 return true;
               });
             }),
      change("content of an event erased without order", 10,
             [](const fs::path& directory, Random& random) {
               Records records(directory);
               for (int tries = 0; tries < 200; ++tries) {
                 const std::uint64_t position = records.draw(random);
                 const auto owned = records.event(position);
                 if (owned.event().erased || owned.event().content.size() < 8) continue;
                 core::RecordedEvent event = owned.event();
                 const core::Hash wrong = Records::hasher().sha256({"not its commitment"});
                 event.erased = true;
                 event.content = {};
                 event.salt_or_commitment = core::as_bytes(wrong);
                 records.put_event(event);
                 return at(position);
               }
               throw std::runtime_error("nothing to erase");
             }),
      change("two events swapped", 8,
             [](const fs::path& directory, Random& random) {
               return swap_two(directory, random, false);
             }),
      change("two events swapped and renumbered", 8,
             [](const fs::path& directory, Random& random) {
               return swap_two(directory, random, true);
             }),
      change(
          "two events swapped, tiles and indexes rebuilt", 8,
          [](const fs::path& directory, Random& random) {
            auto what = swap_two(directory, random, true);
            cover_up(directory);
            return what;
          },
          Must::show_signed),
      change("event dropped", 12,
             [](const fs::path& directory, Random& random) {
               Records records(directory);
               const std::uint64_t position = records.draw(random);
               records.drop(Family::events, Records::key_of(position));
               return at(position);
             }),
      change("event dropped and the rest renumbered", 6, renumber),
      change(
          "event dropped, tiles and indexes rebuilt", 6,
          [](const fs::path& directory, Random& random) {
            auto what = renumber(directory, random);
            fs::remove(directory / "HEAD");
            cover_up(directory);
            return what;
          },
          Must::show_signed),
      change("event inserted", 6, insert),
      change(
          "event inserted, tiles and indexes rebuilt", 6,
          [](const fs::path& directory, Random& random) {
            auto what = insert(directory, random);
            cover_up(directory);
            return what;
          },
          Must::show_signed),
      change("last events cut off with HEAD", 10, cut_tail, Must::show_signed),
      change(
          "last events cut off with HEAD and checkpoint", 8,
          [](const fs::path& directory, Random& random) {
            fs::remove(directory / "checkpoint");
            return cut_tail(directory, random);
          },
          Must::show_outside),
  };
}

}  // namespace hansard::tampering
