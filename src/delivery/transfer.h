// One attempt to send one delivery, by libcurl: a mail over SMTP, or a POST over HTTP(S).
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

#include "delivery/mail_server.h"
#include "delivery/outside.h"

namespace cloudlet::delivery {

// How an attempt ended.
struct Attempt {
  enum class Verdict { sent, temporary, permanent };
  Verdict verdict = Verdict::sent;
  std::string reason;   // "250 2.0.0 Ok: queued", "HTTP 503", "Connection refused"; never a secret
  bool reached = true;  // somebody answered; false: unreachable or silent
};

struct TransferOptions {
  Duration connect_timeout{10'000};
  Duration http_timeout{15'000};  // what SNS gives an endpoint to answer
  Duration mail_timeout{60'000};
  std::size_t response_bytes_max = 64 * 1024;
  std::string ca_file;  // to trust for HTTPS endpoints; empty: the system's
};

class Transfer {
 public:
  // `server` is null for HTTP. Both outlive the transfer.
  Transfer(OutsideDelivery delivery, const MailServer* server, const TransferOptions& options);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  CURL* handle() const { return easy_; }
  // After curl is done with the handle.
  Attempt finish(CURLcode code) const;

 private:
  void prepare_mail(const MailServer& server, const TransferOptions& options);
  void prepare_http(const TransferOptions& options);
  Attempt finish_mail(CURLcode code, long status) const;
  Attempt finish_http(CURLcode code, long status) const;
  std::string curl_reason(CURLcode code) const;

  static std::size_t give(char* to, std::size_t size, std::size_t count, void* self);
  static std::size_t take_body(char* from, std::size_t size, std::size_t count, void* self);
  static std::size_t take_header(char* from, std::size_t size, std::size_t count, void* self);

  const OutsideDelivery delivery_;
  CURL* easy_;
  curl_slist* list_ = nullptr;  // recipients, or header fields
  std::string message_;         // what is sent
  std::size_t given_ = 0;
  std::size_t taken_ = 0;
  std::size_t response_bytes_max_;
  std::string last_line_;  // of the server's last answer
  char error_[CURL_ERROR_SIZE] = {};
};

}  // namespace cloudlet::delivery
