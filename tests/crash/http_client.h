#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace hansard::crash {

struct HttpAnswer {
  int status = 0;
  std::string body;
};

/// A plain blocking HTTP/1.1 client on one kept connection to 127.0.0.1, written only against the
/// protocol, so that nothing of the server is on both sides. Confined to one thread.
class HttpClient {
 public:
  explicit HttpClient(std::uint16_t port) : port_(port) {}
  ~HttpClient() { drop(); }
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Nothing when the connection could not be made, died, or was silent for 60 s before the answer
  /// was whole; then `sent` says whether a byte of the request may have reached the server.
  /// `headers`: further lines, each with its line end.
  std::optional<HttpAnswer> post(const std::string& target, const std::string& body,
                                 const std::string& headers = {});
  std::optional<HttpAnswer> get(const std::string& target);
  /// A GET whose body is taken line by line; the last line may lack its line feed.
  /// @return the status, or nothing when the answer was cut.
  std::optional<int> get_lines(const std::string& target,
                               const std::function<void(std::string_view)>& line);
  [[nodiscard]] bool sent() const { return sent_; }
  /// Closes the connection; the next request makes a new one.
  void drop();

 private:
  using Body = std::function<void(std::string_view)>;
  std::optional<int> exchange(const std::string& request, const Body& body);
  bool connect();
  bool send_all(std::string_view bytes);
  bool fill();
  bool read_head(std::string& head);
  bool pass(std::size_t bytes, const Body& body);
  bool pass_chunks(const Body& body);

  std::uint16_t port_;
  int fd_ = -1;
  bool sent_ = false;
  std::string buffer_;
  std::size_t used_ = 0;  ///< of `buffer_`, given away already
};

}  // namespace hansard::crash
