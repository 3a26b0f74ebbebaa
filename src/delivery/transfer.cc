#include "delivery/transfer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/result.h"
#include "delivery/mime.h"

namespace cloudlet::delivery {
namespace {

bool is_mail(const OutsideDelivery& delivery) {
  return delivery.kind == OutsideKind::email || delivery.kind == OutsideKind::email_json;
}

// A server's words, as a reason: one line, printable, bounded.
std::string one_line(std::string_view text) {
  std::string line(text.substr(0, 300));
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace

Transfer::Transfer(OutsideDelivery delivery, const MailServer* server,
                   const TransferOptions& options)
    : delivery_(std::move(delivery)),
      easy_(curl_easy_init()),
      response_bytes_max_(options.response_bytes_max) {
  assert_that(easy_ != nullptr, "curl has no handle left");
  curl_easy_setopt(easy_, CURLOPT_ERRORBUFFER, error_);
  curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy_, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &Transfer::take_body);
  curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy_, CURLOPT_HEADERFUNCTION, &Transfer::take_header);
  curl_easy_setopt(easy_, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy_, CURLOPT_PROXY, "");  // the endpoint itself, whatever the environment says
  if (is_mail(delivery_)) {
    assert_that(server != nullptr, "mail is sent through a server");
    prepare_mail(*server, options);
  } else {
    prepare_http(options);
  }
}

Transfer::~Transfer() {
  curl_easy_cleanup(easy_);
  curl_slist_free_all(list_);
}

void Transfer::prepare_mail(const MailServer& server, const TransferOptions& options) {
  message_ = render({.from_name = delivery_.sender,
                     .from_address = server.from,
                     .to = delivery_.endpoint,
                     .subject = delivery_.subject,
                     .body = delivery_.body,
                     .message_id = delivery_.message_id,
                     .headers = delivery_.headers,
                     .date = delivery_.created});
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(easy_, CURLOPT_URL, server.url.c_str());
  if (!server.user.empty()) {
    curl_easy_setopt(easy_, CURLOPT_USERNAME, server.user.c_str());
    curl_easy_setopt(easy_, CURLOPT_PASSWORD, server.password.c_str());
  }
  const bool tls_required = server.tls == MailServer::Tls::required,
             tls_none = server.tls == MailServer::Tls::none;
  curl_easy_setopt(easy_, CURLOPT_USE_SSL,
                   tls_required ? CURLUSESSL_ALL
                   : tls_none   ? CURLUSESSL_NONE
                                : CURLUSESSL_TRY);
  if (!server.ca_file.empty()) curl_easy_setopt(easy_, CURLOPT_CAINFO, server.ca_file.c_str());
  curl_easy_setopt(easy_, CURLOPT_MAIL_FROM, ("<" + server.from + ">").c_str());
  list_ = curl_slist_append(list_, ("<" + delivery_.endpoint + ">").c_str());
  curl_easy_setopt(easy_, CURLOPT_MAIL_RCPT, list_);
  curl_easy_setopt(easy_, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(easy_, CURLOPT_READFUNCTION, &Transfer::give);
  curl_easy_setopt(easy_, CURLOPT_READDATA, this);
  curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(options.mail_timeout.count()));
}

void Transfer::prepare_http(const TransferOptions& options) {
  message_ = delivery_.body;
  curl_easy_setopt(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy_, CURLOPT_URL, delivery_.endpoint.c_str());
  curl_easy_setopt(easy_, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy_, CURLOPT_POST, 1L);
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(message_.size()));
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, message_.data());
  curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  for (const auto& [name, value] : delivery_.headers)
    list_ = curl_slist_append(list_, (name + ": " + value).c_str());
  list_ = curl_slist_append(list_, "Expect:");  // no waiting for "100 Continue"
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, list_);
  if (!options.ca_file.empty()) curl_easy_setopt(easy_, CURLOPT_CAINFO, options.ca_file.c_str());
  curl_easy_setopt(easy_, CURLOPT_TIMEOUT_MS, static_cast<long>(options.http_timeout.count()));
}

std::size_t Transfer::give(char* to, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const std::size_t part = std::min(size * count, transfer.message_.size() - transfer.given_);
  std::memcpy(to, transfer.message_.data() + transfer.given_, part);
  transfer.given_ += part;
  return part;
}

// The answer's body says nothing that the status does not; an endless one is cut.
std::size_t Transfer::take_body(char*, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  transfer.taken_ += size * count;
  return transfer.taken_ > transfer.response_bytes_max_ ? 0 : size * count;
}

std::size_t Transfer::take_header(char* from, std::size_t size, std::size_t count, void* self) {
  const std::string line = one_line({from, size * count});
  const bool farewell = line.starts_with("221 ");  // the answer to curl's QUIT after a refusal
  if (!line.empty() && !farewell) static_cast<Transfer*>(self)->last_line_ = line;
  return size * count;
}

std::string Transfer::curl_reason(CURLcode code) const {
  return one_line(error_[0] != '\0' ? error_ : curl_easy_strerror(code));
}

Attempt Transfer::finish(CURLcode code) const {
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  return is_mail(delivery_) ? finish_mail(code, status) : finish_http(code, status);
}

// RFC 5321, 4.2.1: 4yz may pass when tried again, 5yz will not. A login or a TLS handshake that
// fails is not about this message: somebody will set the server right.
Attempt Transfer::finish_mail(CURLcode code, long status) const {
  if (code == CURLE_OK) return {.verdict = Attempt::Verdict::sent, .reason = last_line_};
  const bool about_the_server = code == CURLE_LOGIN_DENIED || code == CURLE_USE_SSL_FAILED ||
                                code == CURLE_PEER_FAILED_VERIFICATION ||
                                code == CURLE_SSL_CONNECT_ERROR;
  if (status >= 500 && status < 600 && !about_the_server)
    return {.verdict = Attempt::Verdict::permanent, .reason = last_line_};
  const bool answered = status >= 400;
  return {.verdict = Attempt::Verdict::temporary,
          .reason = answered && !about_the_server ? last_line_ : curl_reason(code),
          .reached = answered};
}

// As SNS has it: 4xx is the receiver's own fault and not repeated, except 429; a redirect is not
// followed, and no success.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
Attempt Transfer::finish_http(CURLcode code, long status) const {
  if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT)
    return {.verdict = Attempt::Verdict::permanent, .reason = curl_reason(code)};
  const bool cut =
      code == CURLE_WRITE_ERROR && taken_ > response_bytes_max_;  // the status had come
  if (code != CURLE_OK && !cut)
    return {.verdict = Attempt::Verdict::temporary, .reason = curl_reason(code), .reached = false};
  const std::string reason = fmt::format("HTTP {}", status);
  if (status >= 200 && status < 300) return {.verdict = Attempt::Verdict::sent, .reason = reason};
  const bool own_fault = status >= 400 && status < 500 && status != 429;
  return {.verdict = own_fault ? Attempt::Verdict::permanent : Attempt::Verdict::temporary,
          .reason = reason};
}

}  // namespace cloudlet::delivery
