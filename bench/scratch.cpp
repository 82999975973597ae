#include "scratch.h"

#include <fcntl.h>
#include <unistd.h>

#include <system_error>

#include "core/assert.h"

namespace hansard::bench {

std::filesystem::path Scratch::root() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "bench_data";
}

Scratch::Scratch(const std::string& name)
    : path_(root() / (name + "-" + std::to_string(::getpid()))) {
  std::filesystem::remove_all(path_);
  std::filesystem::create_directories(path_);
}

Scratch::~Scratch() {
  std::error_code ignored;  // what is left is under the build directory, and the next run says so
  std::filesystem::remove_all(path_, ignored);
  std::filesystem::remove(path_.parent_path(), ignored);  // only when it was the last
}

void Scratch::settle() const {
  const int directory = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  HANSARD_ASSERT(directory >= 0, "the directory was just made");
  const int synced = ::syncfs(directory);
  ::close(directory);
  HANSARD_ASSERT(synced == 0, "a file system that cannot sync has nothing to measure");
}

}  // namespace hansard::bench
