#include "commands/prompt_files.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <utility>

#include "text/json_view.h"
#include "text/terminal.h"

namespace hansard::cli {

namespace {

namespace fs = std::filesystem;

using core::Error;
using core::Result;
using events::Json;

constexpr std::string_view kSuffix = ".prompt";
/// More than a version may hold, as JSON of the largest kind.
constexpr std::size_t kFileBytesMax = std::size_t{16} << 20;

TargetBuilder path_of(const std::string& name) {
  TargetBuilder path;
  path.segment("v1").segment("prompts").segment(name);
  return path;
}

/// The names of all prompts.
Result<std::vector<std::string>> all_names(Backend& backend) {
  std::vector<std::string> names;
  std::string cursor;
  do {
    TargetBuilder target;
    target.segment("v1").segment("prompts").query("limit", "1000");
    if (!cursor.empty()) target.query("cursor", cursor);
    const auto page = get_json(backend, target.text());
    if (!page) return page.error();
    for (const Json& each : list_at(*page, "prompts")) names.push_back(text_at(each, "name"));
    cursor = text_at(*page, "next");
  } while (!cursor.empty());
  return names;
}

/// A folder of that name; dots in front would hide it, or lead elsewhere.
std::string folder_of(const std::string& name) {
  return name.starts_with('.') ? "%2E" + name.substr(1) : name;
}

core::Status write_file(const fs::path& file, const std::string& text) {
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  std::ofstream out(file, std::ios::binary);
  out << text;
  out.close();
  if (out && !error) return core::Ok{};
  return Error{core::Errc::unavailable, "cannot write " + file.string()};
}

/// Number of files written; what is erased is left out, and said.
Result<std::size_t> export_one(Backend& backend, const std::string& name, const fs::path& into) {
  const auto prompt = get_json(backend, path_of(name).text());
  if (!prompt) return prompt.error();
  std::size_t written = 0;
  for (const Json& head : list_at(*prompt, "versions")) {
    if (flag_at(head, "deleted")) continue;
    const Json* said = head.find("version");
    const std::string version = said->is_string() ? *said->if_string() : dump(*said);
    if (flag_at(head, "erased")) {
      std::fprintf(stderr, "%s version %s was erased\n", printable(name).c_str(),
                   printable(version).c_str());
      continue;
    }
    const auto whole = get_json(backend, path_of(name).segment("versions").segment(version).text());
    if (!whole) return whole.error();
    const fs::path file = into / folder_of(name) / (folder_of(version) + std::string(kSuffix));
    if (auto status = write_file(file, write_prompt_file(prompt_file_of(*whole))); !status) {
      return std::move(status.error());
    }
    ++written;
  }
  return written;
}

/// The files of directories, in order; other arguments as they are.
Result<std::vector<std::string>> files_of(const std::vector<std::string>& arguments) {
  std::vector<std::string> files;
  for (const std::string& argument : arguments) {
    std::error_code error;
    if (argument == "-" || !fs::is_directory(argument, error)) {
      files.push_back(argument);
      continue;
    }
    std::vector<std::string> found;
    for (fs::recursive_directory_iterator at(argument, error), end; !error && at != end;
         at.increment(error)) {
      if (at->is_regular_file(error) && at->path().extension() == kSuffix) {
        found.push_back(at->path().string());
      }
    }
    if (error) return Error{core::Errc::not_found, "cannot read " + argument};
    std::sort(found.begin(), found.end());
    files.insert(files.end(), found.begin(), found.end());
  }
  return files;
}

}  // namespace

Result<std::string> read_whole(const std::string& file) {
  std::ifstream opened;
  if (file != "-") {
    opened.open(file, std::ios::binary);
    if (!opened) return Error{core::Errc::not_found, "cannot open " + file};
  }
  std::istream& in = file == "-" ? std::cin : opened;
  std::string text;
  constexpr std::size_t kPiece = 64U << 10;
  std::string piece(kPiece, '\0');
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
    text.append(piece, 0, static_cast<std::size_t>(in.gcount()));
    if (text.size() > kFileBytesMax) {
      return Error{core::Errc::too_large,
                   file + ": over " + std::to_string(kFileBytesMax) + " bytes"};
    }
  }
  return text;
}

Result<PromptFile> read_prompt(const std::string& file) {
  const auto text = read_whole(file);
  if (!text) return text.error();
  return read_prompt_file(*text, file);
}

Result<int> export_prompts(Backend& backend, const PromptsCommand& command, const Output& output) {
  std::vector<std::string> names = command.names;
  if (names.empty()) {
    auto all = all_names(backend);
    if (!all) return std::move(all.error());
    names = *std::move(all);
  }
  std::size_t written = 0;
  for (const std::string& name : names) {
    const auto files = export_one(backend, name, command.directory);
    if (!files) return files.error();
    written += *files;
  }
  if (output.json) {
    Json told = Json::Object{};
    told.add("prompts", names.size());
    told.add("versions", written);
    std::puts(dump(told).c_str());
  } else {
    std::printf("%s versions of %s prompts\n", grouped(written).c_str(),
                grouped(names.size()).c_str());
  }
  return 0;
}

Result<int> import_prompts(Backend& backend, const PromptsCommand& command, const Output& output) {
  const auto files = files_of(command.files);
  if (!files) return files.error();
  std::vector<std::pair<std::string, PromptFile>> prompts;
  for (const std::string& file : *files) {
    auto prompt = read_prompt(file);
    if (!prompt) return std::move(prompt.error());
    if (prompt->name.empty()) {
      return Error{core::Errc::invalid_argument, file + ": name: the field is required", "name"};
    }
    prompts.emplace_back(file, *std::move(prompt));
  }
  // Versions have an order: what is latest, and which number is next.
  std::stable_sort(prompts.begin(), prompts.end(), [](const auto& a, const auto& b) {
    return std::pair(a.second.name, a.second.stored_at) <
           std::pair(b.second.name, b.second.stored_at);
  });
  std::size_t stored = 0;
  for (auto& [file, prompt] : prompts) {
    if (command.no_labels) {
      std::erase_if(*prompt.body.if_object(),
                    [](const Json::Member& member) { return member.key == "labels"; });
    }
    const auto answer =
        call_json(backend, Call{http::Method::post, path_of(prompt.name).segment("versions").text(),
                                dump(prompt.body)});
    if (!answer) {
      Error error = answer.error();
      error.message = file + ": " + error.message;
      return error;
    }
    stored += flag_at(*answer, "duplicate") ? 0 : 1;
  }
  if (output.json) {
    Json told = Json::Object{};
    told.add("files", prompts.size());
    told.add("changed", stored);
    std::puts(dump(told).c_str());
  } else {
    std::printf("%s files, %s of them new\n", grouped(prompts.size()).c_str(),
                grouped(stored).c_str());
  }
  return 0;
}

}  // namespace hansard::cli
