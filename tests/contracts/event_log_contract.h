#pragma once

/// The contract of the EventLog port, run against every implementation. To use it, include this
/// header in ONE file of a test executable that links test_support (or test_headers) and
/// instantiate it:
///
///   INSTANTIATE_TEST_SUITE_P(
///       RocksDb, EventLogContract,
///       ::testing::Values(EventLogFactory{"RocksDb", make_rocksdb_log}), name_of);
///
/// within namespace hansard::contracts. `script_root` gives the root after a fixed script of
/// appends.
#include "contracts/event_log_appending.h"
#include "contracts/event_log_fixture.h"
#include "contracts/event_log_idempotency.h"
#include "contracts/event_log_racing.h"
#include "contracts/event_log_reading.h"
#include "contracts/event_log_script.h"

namespace hansard::contracts {

inline std::string name_of(const ::testing::TestParamInfo<EventLogFactory>& info) {
  return info.param.name;
}

}  // namespace hansard::contracts
