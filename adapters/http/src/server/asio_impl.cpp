// The one place where Asio's and Beast's function bodies are compiled (separate compilation saves
// half the time of every file that uses them).
//
// Beast asserts how many bytes it sees again of a last chunk that came in pieces (basic_parser.ipp,
// BOOST_ASSERT(n >= 5)); a client that sends it byte by byte gives it four. The code after the
// assertion is right for four, so outside input must not stop a debug build there.
#define BOOST_DISABLE_ASSERTS

#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
