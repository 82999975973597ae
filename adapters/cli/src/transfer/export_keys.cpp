#include "transfer/export_keys.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "events/json.h"
#include "ossl/hasher.h"
#include "text/hex.h"
#include "text/json_view.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Result;
using core::Status;
using events::Json;

Error file_error(const std::string& file) {
  return {errno == ENOENT ? Errc::not_found : Errc::unavailable,
          file + ": " + std::strerror(errno)};
}

Result<std::string> read_text(const std::string& file) {
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in.is_open() || in.bad()) return file_error(file);
  return text;
}

Status write_new(const std::string& file, std::string_view text) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return file_error(file);
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const Status status = written && ::fsync(fd) == 0 ? Status(Ok{}) : Status(file_error(file));
  ::close(fd);
  return status;
}

}  // namespace

std::string key_check(const rocks::LogIdentity& identity) {
  const ossl::OpenSslHasher hasher;
  const core::KeyedHash keyed_hash(hasher, identity.store_key);
  return core::to_hex(core::as_bytes(keyed_hash("export", "", core::to_string(identity.log_id))));
}

Status keep_keys(const std::string& data, const std::string& log_id, const std::string& file) {
  const auto identity = rocks::read_identity(data);
  if (!identity) {
    Error error = identity.error();
    error.message = "the keys are in the data directory (--data) of the log: " + error.message;
    return error;
  }
  if (core::to_string(identity->log_id) != log_id) {
    return Error{Errc::rejected, data + " holds the keys of another log than the exported one"};
  }
  Json keys;
  keys.add("hansard_keys", std::uint64_t{1});
  keys.add("log_id", log_id);
  keys.add("store_key", core::to_hex(core::as_bytes(identity->store_key)));
  const std::string text = dump(keys) + "\n";
  const Status written = write_new(file, text);
  if (written || errno != EEXIST) return written;
  const auto there = read_text(file);
  if (!there) return there.error();
  if (*there == text) return Ok{};
  return Error{Errc::rejected, file + " exists and is not the key file of this log"};
}

Result<rocks::LogIdentity> read_keys(const std::string& file) {
  const auto text = read_text(file);
  if (!text) return text.error();
  const auto malformed = [&](const std::string& why) {
    return Error{Errc::invalid_argument, file + " is no key file: " + why};
  };
  const auto json = events::parse_json(*text);
  if (!json) return malformed(json.error().message);
  if (number_at(*json, "hansard_keys") != std::uint64_t{1})
    return malformed("hansard_keys is not 1");
  const auto log_id = core::parse_uuid(text_at(*json, "log_id"));
  if (!log_id) return malformed("log_id: " + log_id.error().message);
  const auto key = parse_hex(text_at(*json, "store_key"));
  rocks::LogIdentity identity{*log_id, {}};
  if (!key || key->size() != identity.store_key.size()) {
    return malformed("store_key must be 64 hex digits");
  }
  std::copy(key->begin(), key->end(), identity.store_key.begin());
  return identity;
}

}  // namespace hansard::cli
