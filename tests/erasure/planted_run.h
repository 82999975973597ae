#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/merkle.h"
#include "events/json.h"
#include "http_client.h"
#include "scratch.h"
#include "server_process.h"

namespace hansard::erasure {

/// What must be nowhere afterwards. With everything that JSON writes in another way.
inline const std::string kPlanted = "planted \"grün\" \\ zq7wym-kx9vuh";

/// A text of an object; empty when there is none.
std::string text_of(const events::Json& json, std::string_view key);
/// True where the flag stands and says so.
bool flag_of(const events::Json& json, std::string_view key);

/// One directory, a server on it now and then, and conversations in which a text was planted.
/// Confined to one thread.
class PlantedRun {
 public:
  PlantedRun();

  [[nodiscard]] const std::filesystem::path& data() const { return data_; }
  [[nodiscard]] std::filesystem::path ledger() const { return data_.string() + ".erasures"; }

  [[nodiscard]] std::filesystem::path folder() const { return data_.parent_path(); }

  void start(std::vector<std::string> more = {});
  void stop();  ///< politely
  void kill();
  [[nodiscard]] crash::HttpClient& http() { return *http_; }
  [[nodiscard]] crash::Process& process() { return server_->process(); }
  [[nodiscard]] std::uint16_t port() const { return port_; }

  /// POST that must succeed. @return the answer.
  events::Json post(const std::string& target, const std::string& body);
  events::Json get(const std::string& target);
  /// Conversations: `s1` of ada with the text in a message, an answer, a tool call, a summary and a
  /// request; `s2`, its fork, which repeats it; `s3` of ada, `s4` of bo, without it.
  void record();
  /// As many more, of nobody, without the text.
  void record_others(const std::string& prefix, int count);
  /// Asks, and waits until it says `erased`. @return the last answer.
  events::Json erase(const std::string& body);
  events::Json see_through(const std::string& id);

  /// The store cannot take stripped events while this stands: erasures are tried again and again.
  void hold_back();
  void let_go();
  /// Waits until an attempt at the erasure has failed. @return the answer then.
  events::Json see_fail(const std::string& id);

  /// Runs a command of the program to its end. @return what it printed; a failure of the test where
  ///         it ends otherwise than said.
  std::string command(std::vector<std::string> arguments, int exit_code = 0);
  /// A value of `/metrics`; nothing when there is no such line.
  std::optional<double> metric(const std::string& name);

  /// Of the first `size` events, from their stored bytes. No server may run.
  core::Hash root_of(std::uint64_t size);
  std::uint64_t size();  ///< likewise
  /// Everything but names and texts that the surfaces count.
  std::string totals();
  /// Places where the text is left in any of its forms. No server may run.
  std::vector<std::string> found(const std::filesystem::path& where);
  std::vector<std::string> found() { return found(data_); }
  /// `hansard verify`, views included.
  void expect_sound(const std::filesystem::path& where);
  void expect_sound() { expect_sound(data_); }

 private:
  crash::Scratch scratch_;
  std::filesystem::path data_;
  std::vector<std::string> forms_;
  std::unique_ptr<crash::Server> server_;
  std::unique_ptr<crash::HttpClient> http_;
  std::uint16_t port_ = 0;
};

}  // namespace hansard::erasure
