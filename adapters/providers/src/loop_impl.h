#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <array>
#include <mutex>
#include <thread>

#include "loop.h"

namespace hansard::providers {

/// For the files that see Asio.
struct Loop::Impl {
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  std::array<char, kScratchBytes> scratch{};
  std::mutex mutex;
  bool stopping = false;  ///< guarded by `mutex`
  std::thread thread;
};

}  // namespace hansard::providers
