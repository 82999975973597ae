#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <filesystem>

#include "http/server.h"

namespace hansard::http {

/// A bound, listening TCP socket. Errors: invalid_argument, unavailable (in use, no permission).
core::Result<boost::asio::ip::tcp::acceptor> listen_tcp(boost::asio::io_context& io,
                                                        const ListenAddress& address);

/// A listening unix socket with mode 0600; replaces a socket file nobody serves.
/// Errors: unavailable (somebody serves it, no permission), not_found (no such directory).
core::Result<boost::asio::local::stream_protocol::acceptor> listen_unix(
    boost::asio::io_context& io, const std::filesystem::path& socket);

/// True when only this machine can reach the address. Errors: invalid_argument (not an address).
core::Result<bool> is_loopback(const ListenAddress& address);

}  // namespace hansard::http
