#pragma once

#include <thread>

#include "counters.h"
#include "database.h"
#include "group_exchange.h"
#include "head_file.h"
#include "notifier.h"
#include "published.h"

namespace hansard::rocks {

/// The writing thread: takes a group, writes and syncs it, moves the watermark, notes the end in
/// HEAD, and leaves the telling to the notifier. Does nothing else, because while it does anything
/// but sync, the disk idles.
class Writer {
 public:
  struct Parts {
    const DatabaseSlot& databases;
    GroupExchange& exchange;
    Published& published;
    HeadFile& head_file;
    Notifier& notifier;
    Counters& counters;
    const std::function<void(std::string_view)>& notice;
    const std::function<void()>& wake_sequencer;  ///< after a failure
  };
  explicit Writer(const Parts& parts);
  /// @pre the exchange was closed: waits for what it still holds.
  ~Writer();

 private:
  void run();
  core::Status write(Group& group);

  const Parts parts_;
  bool head_warned_ = false;
  std::thread thread_;
};

}  // namespace hansard::rocks
