#include "transfer/import_print.h"

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "backend.h"
#include "events/session/step_body.h"
#include "ossl/hasher.h"

namespace hansard::cli {

namespace {

using core::Errc;
using core::Error;
using core::Ok;
using core::Status;

constexpr std::size_t kNameHashBytes = 10;

std::string name_of(const importers::SessionName& session) {
  if (!session.id.empty()) return session.id;
  const core::Hash hash = ossl::OpenSslHasher().sha256({session.seed});
  return session.prefix + core::to_hex(core::as_bytes(hash).substr(0, kNameHashBytes));
}

std::string line(const std::string& target, const std::string& body, const std::string& key) {
  std::string out = "{\"post\":";
  events::dump_string_to(target, out);
  if (!key.empty()) {
    out += ",\"idempotency_key\":";
    events::dump_string_to(key, out);
  }
  return out.append(",\"body\":").append(body).append("}\n");
}

Status print(importers::Piece piece) {
  const std::string session = name_of(piece.session);
  std::string out;
  if (!piece.continues) {
    piece.create.session_id = session;
    out += line("/v1/sessions", events::write_create(piece.create, piece.created_at), {});
  }
  for (const events::RecordedStep& step : piece.steps) {
    const events::StepBody body = events::write_step(step);
    TargetBuilder target;
    target.segment("v1").segment("sessions").segment(session).segment(body.route);
    out += line(target.text(), body.body, body.key);
  }
  if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size()) {
    return Error{Errc::unavailable, "standard output takes no more"};
  }
  return Ok{};
}

}  // namespace

Status print_file(const importers::Format* format, ImportReport& report) {
  const Status status = read_file(format, report, print);
  if (std::fflush(stdout) != 0 && status) {
    return Error{Errc::unavailable, "standard output takes no more"};
  }
  return status;
}

}  // namespace hansard::cli
