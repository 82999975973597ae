// Bytes of files, at positions uniform over all of them.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "changes.h"

namespace hansard::tampering {
namespace {

namespace fs = std::filesystem;

struct Place {
  fs::path file;
  std::uint64_t offset;
};

Place draw_place(const fs::path& directory, Random& random) {
  std::uint64_t total = 0;
  const auto files = files_of(directory);
  for (const auto& file : files) total += fs::file_size(directory / file);
  std::uint64_t at = random() % total;
  for (const auto& file : files) {
    const std::uint64_t bytes = fs::file_size(directory / file);
    if (at < bytes) return {file, at};
    at -= bytes;
  }
  throw std::runtime_error("a position is within some file");
}

/// Reads `count` bytes at most, has them changed, and puts them back.
template <class Edit>
std::string edit(const fs::path& directory, const Place& place, std::size_t count,
                 const Edit& change) {
  const int fd = ::open((directory / place.file).c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) throw std::runtime_error("cannot open " + place.file.string());
  std::string bytes(count, '\0');
  const ssize_t got = ::pread(fd, bytes.data(), count, static_cast<off_t>(place.offset));
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  change(bytes);
  const ssize_t put = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(place.offset));
  ::close(fd);
  if (put != static_cast<ssize_t>(bytes.size())) throw std::runtime_error("cannot write");
  return place.file.string() + " at " + std::to_string(place.offset) + ", " +
         std::to_string(bytes.size()) + " bytes";
}

}  // namespace

std::vector<Change> byte_changes() {
  return {
      {"one bit flipped", Level::bytes, Must::show_or_do_nothing, 350,
       [](const fs::path& directory, const Grounds&, Random& random) {
         const auto place = draw_place(directory, random);
         const auto bit = static_cast<char>(1U << (random() % 8));
         return edit(directory, place, 1,
                     [&](std::string& bytes) { bytes[0] = static_cast<char>(bytes[0] ^ bit); });
       }},
      {"one byte overwritten", Level::bytes, Must::show_or_do_nothing, 150,
       [](const fs::path& directory, const Grounds&, Random& random) {
         const auto place = draw_place(directory, random);
         return edit(directory, place, 1,
                     [&](std::string& bytes) { bytes[0] = static_cast<char>(random()); });
       }},
      {"up to 4,096 bytes zeroed", Level::bytes, Must::show_or_do_nothing, 80,
       [](const fs::path& directory, const Grounds&, Random& random) {
         const auto place = draw_place(directory, random);
         return edit(directory, place, 1 + random() % 4096,
                     [](std::string& bytes) { std::fill(bytes.begin(), bytes.end(), '\0'); });
       }},
      {"up to 64 bytes of noise", Level::bytes, Must::show_or_do_nothing, 80,
       [](const fs::path& directory, const Grounds&, Random& random) {
         const auto place = draw_place(directory, random);
         return edit(directory, place, 1 + random() % 64, [&](std::string& bytes) {
           for (char& byte : bytes) byte = static_cast<char>(random());
         });
       }},
  };
}

}  // namespace hansard::tampering
