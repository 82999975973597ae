#pragma once

#include <memory>

#include "audit/verification.h"
#include "core/hash.h"
#include "http/message.h"
#include "http/route_doc.h"
#include "rocksdb_store/store.h"

namespace hansard::cli {

/// Verifies the directory that a server runs on, on a thread of low priority, while the server
/// serves: what was visible when it began. The index of texts, which the server has open, is left
/// out, and the report says so. One at a time.
/// Threads: all members but the destructor are safe to call concurrently.
class LiveVerify {
 public:
  /// Both outlive this.
  LiveVerify(rocks::RocksStore& store, const core::KeyedHash& keyed_hash);
  ~LiveVerify();  ///< stops
  LiveVerify(const LiveVerify&) = delete;
  LiveVerify& operator=(const LiveVerify&) = delete;

  /// Begins, and gives what it tells, a line of JSON each: `{"stage","done","total","bytes"}` now
  /// and then, at last `{"report":{...}}` or `{"error":{"code","detail"}}`. Dropping the body ends
  /// it. Errors: overloaded (one runs), unavailable (stopped).
  core::Result<std::unique_ptr<http::BodySource>> start(VerifyPlan plan);
  /// Ends what runs, and waits for it. Idempotent.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// POST /v1/admin/verify:
/// `{"threads":1,"from_head":{"size","root"},"heads":[...],"checkpoint":true, "views":true}`, all
/// of them optional. `live` outlives the route.
http::AddedRoute verify_route(LiveVerify& live);

}  // namespace hansard::cli
