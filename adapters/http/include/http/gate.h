#pragma once

#include <optional>
#include <string>

#include "http/key_failures.h"
#include "http/keys.h"
#include "http/limits.h"
#include "http/router.h"

namespace hansard::http {

/// What the gate found out about a request from its head alone.
struct Admission {
  const Route* route = nullptr;                      ///< null: refused before a route was known
  std::optional<Response> refusal = std::nullopt;    ///< send this instead of calling the handler
  std::optional<Limit> limit = std::nullopt;         ///< the limit that was hit, for the metric
  std::optional<KeyFault> key_fault = std::nullopt;  ///< of a key that opens nothing, likewise
};

/// Decides from a request's head whether it may go on, before a byte of its body is kept.
///
/// Without keys the engine trusts whoever can reach loopback, and a browser can: so the Host must
/// be a loopback name (else a rebound DNS name would reach us), an Origin must be our own (else any
/// page could write), what a page fetches without an Origin must not come from elsewhere, bodies
/// need a JSON type (a form cannot send one), and no CORS header is ever sent. With keys none of
/// this matters: a browser sends no key by itself. On the unix socket the file's mode decides. The
/// first key changes that for every request after it. Keys that open nothing are counted by address
/// (`KeyFailures`). Thread-safe.
class Gate {
 public:
  /// All references outlive the gate.
  Gate(const Router& router, const KeyRing& keys, const Limits& limits,
       core::ProjectId default_project);

  /// Fills target, segments, query, params and principal of `request` from its head; takes a
  /// `/k/<key>` prefix off the path and out of `target`.
  /// Refusals, in order: target_bytes 414; malformed target, missing or repeated Host 400; foreign
  /// Host or Origin 403; unknown path 404; other method 405 with Allow; no or unknown key 401, too
  /// many of these 429; other project or missing scope 403; body where none is taken 400; other
  /// content type or coding 415.
  [[nodiscard]] Admission admit(Request& request, bool has_body);

 private:
  [[nodiscard]] std::optional<Response> check_loopback(const Request& request) const;
  [[nodiscard]] std::optional<Response> check_page(const Request& request,
                                                   const Route& route) const;
  core::Status identify(Request& request, const std::optional<std::string>& path_key,
                        std::optional<KeyFault>& fault) const;
  [[nodiscard]] Response refuse_key(const Request& request, core::Error error,
                                    Admission& admission);
  [[nodiscard]] std::optional<Response> check_body(const Request& request,
                                                   const Route& route) const;

  const Router& router_;
  const KeyRing& keys_;
  const Limits& limits_;
  core::ProjectId default_project_;
  KeyFailures failures_;
};

/// True for `localhost`, `127.0.0.0/8` and `[::1]`, with or without a port.
bool is_loopback_host(std::string_view host);

/// True for `application/json` and `application/...+json`, with or without parameters.
bool is_json_type(std::string_view content_type);

/// True for the names under which NDJSON is sent.
bool is_lines_type(std::string_view content_type);

}  // namespace hansard::http
