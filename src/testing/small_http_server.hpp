// An HTTP server for tests of clients: answers each request with the bytes that the test gives, whole, cut off, late or never; over TLS with a
// certificate for any name.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace exeunt::testing {

struct SmallReply {
  std::string bytes;                  // sent as they are
  std::chrono::milliseconds hold{0};  // waited before them, or until the client goes
  bool reset = false;                 // the connection is broken afterwards instead of ended
  bool keep_open = false;             // further requests on the same connection
  [[nodiscard]] static SmallReply answer(int status, const std::string& body, const std::string& headers = {});
};

class SmallHttpServer {
 public:
  /// `reply` gets one whole request (head and body) and is called from one thread at a time.
  using Reply = std::function<SmallReply(const std::string& request)>;
  explicit SmallHttpServer(Reply reply);
  /// Over TLS: a certificate signed by itself for `certificate_name`, written to folder/name.pem as the authority to trust.
  SmallHttpServer(Reply reply, const std::string& certificate_name, const std::filesystem::path& folder);
  ~SmallHttpServer();
  SmallHttpServer(const SmallHttpServer&) = delete;
  SmallHttpServer& operator=(const SmallHttpServer&) = delete;

  [[nodiscard]] int port() const;
  [[nodiscard]] std::filesystem::path ca_file() const;
  [[nodiscard]] std::vector<std::string> requests() const;
  /// Ends the server; its port refuses connections afterwards.
  void stop();

 private:
  class Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace exeunt::testing
