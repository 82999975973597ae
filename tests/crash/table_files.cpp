#include "table_files.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <thread>

namespace hansard::crash {
namespace {

// The magic number that ends a block-based table, little-endian.
constexpr std::array<unsigned char, 8> kEnd{0xf7, 0xcf, 0xf4, 0x85, 0xb7, 0x41, 0xe2, 0x88};
constexpr std::chrono::microseconds kLookAgain{200};

bool finished(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const auto bytes = file.tellg();
  if (bytes < static_cast<std::streamoff>(kEnd.size())) return false;
  file.seekg(-static_cast<std::streamoff>(kEnd.size()), std::ios::end);
  std::array<char, kEnd.size()> end{};
  file.read(end.data(), end.size());
  return std::equal(end.begin(), end.end(), kEnd.begin(), [](char read, unsigned char wanted) {
    return static_cast<unsigned char>(read) == wanted;
  });
}

}  // namespace

std::set<std::string> TableFiles::names() const {
  std::set<std::string> out;
  std::error_code error;  // files come and go while we look
  std::filesystem::directory_iterator at(directory_, error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
    if (at->path().extension() == ".sst") out.insert(at->path().filename().string());
  }
  return out;
}

void TableFiles::mark() { marked_ = names(); }

std::size_t TableFiles::fresh() const {
  const auto now = names();
  return static_cast<std::size_t>(std::count_if(
      now.begin(), now.end(), [this](const auto& name) { return marked_.count(name) == 0; }));
}

std::size_t TableFiles::gone() const {
  const auto now = names();
  return static_cast<std::size_t>(std::count_if(
      marked_.begin(), marked_.end(), [&](const auto& name) { return now.count(name) == 0; }));
}

bool TableFiles::wait_new(const std::function<bool()>& give_up) const {
  while (fresh() == 0) {
    if (give_up()) return false;
    std::this_thread::sleep_for(kLookAgain);
  }
  return true;
}

std::size_t TableFiles::unfinished() const {
  const auto now = names();
  return static_cast<std::size_t>(std::count_if(
      now.begin(), now.end(), [this](const auto& name) { return !finished(directory_ / name); }));
}

std::uintmax_t TableFiles::log_bytes() const {
  std::uintmax_t bytes = 0;
  std::error_code error;
  std::filesystem::directory_iterator at(directory_, error);
  for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
    std::error_code gone;
    const auto size = at->path().extension() == ".log" ? at->file_size(gone) : 0;
    if (!gone) bytes += size;
  }
  return bytes;
}

}  // namespace hansard::crash
