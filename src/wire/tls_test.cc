// Proves TLS on the port that also speaks plain HTTP: the first byte decides; a broken handshake
// closes that connection only.
#include "wire/tls.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <fstream>

#include "wire/http_client.h"
#include "wire/http_server.h"
#include "wire/http_test_client.h"

namespace cloudlet::wire {
namespace {

std::string text_of(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  std::string text(bytes, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

// A self-signed certificate for localhost, good for an hour.
TlsFiles make_files() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_set_pubkey(certificate, key);
  X509_sign(certificate, key, EVP_sha256());
  BIO* certificate_text = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(certificate_text, certificate);
  BIO* key_text = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(key_text, key, nullptr, nullptr, 0, nullptr, nullptr);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return {.certificate_chain_pem = text_of(certificate_text), .private_key_pem = text_of(key_text)};
}

class Secure : public HttpHandler {
 public:
  Task<Response> handle(Request request) override {
    std::string body = request.secure ? "secure " : "plain ";
    Result<std::string> all = co_await request.body.read_all(1 << 24);
    if (all.has_value()) body += std::to_string(all->size());
    co_return Response{.body = Body(std::move(body))};
  }
};

std::string over_tls(std::uint16_t port, const std::string& bytes) {
  asio::io_context context;
  asio::ssl::context trust(asio::ssl::context::tls_client);
  asio::ssl::stream<asio::ip::tcp::socket> stream(context, trust);
  stream.lowest_layer().connect({asio::ip::address_v4::loopback(), port});
  stream.handshake(asio::ssl::stream_base::client);
  asio::write(stream, asio::buffer(bytes));
  std::string answer;
  boost::system::error_code error;
  asio::read(stream, asio::dynamic_buffer(answer), error);
  return answer;
}

TEST(Tls, OnePortSpeaksBoth) {
  const auto tls = server_tls(make_files());
  ASSERT_TRUE(tls.has_value()) << tls.error().message();
  Clock clock;
  Secure handler;
  IoThreads threads(1);
  HttpServer server(threads, handler, clock, {.head_timeout = Duration(300), .tls = *tls});
  const std::uint16_t port = *server.listen("127.0.0.1", 0);
  const std::string body(300'000, 'b');
  const std::string request =
      "PUT / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 300000\r\n\r\n" + body;
  EXPECT_TRUE(over_tls(port, request).ends_with("\r\n\r\nsecure 300000"));
  RawClient plain(port);
  plain.say(request);
  EXPECT_TRUE(plain.rest().ends_with("\r\n\r\nplain 300000"));
  RawClient broken(port), silent(port);
  broken.say(std::string("\x16\x03\x01\xff\xff garbage", 13));
  EXPECT_TRUE(broken.rest().find("HTTP/") == std::string::npos);
  silent.say("\x16");
  EXPECT_TRUE(silent.closed());
  EXPECT_TRUE(over_tls(port, request).ends_with("secure 300000"));
}

// What a client that believes `authorities` hears from `to`.
std::string ask(const HttpEndpoint& to, const std::string& authorities) {
  asio::io_context context;
  HttpClient client(context.get_executor(),
                    {.connect_timeout = Duration(2000), .authorities = authorities});
  const auto exchange = [](HttpClient& through, HttpEndpoint where) -> Task<std::string> {
    std::string heard;
    for (int i = 0; i < 2; ++i) {  // the second over the kept connection
      Request request{.method = "PUT", .target = "/", .body = Body(std::string(300'000, 'b'))};
      auto response = co_await through.send(where, std::move(request));
      if (response.has_error()) co_return response.error().message();
      auto body = co_await response->body.read_all(1 << 20);
      heard += body.has_value() ? *body + " " : body.error().message();
    }
    co_return heard;
  };
  auto answer = asio::co_spawn(context, exchange(client, to), asio::use_future);
  context.run();
  return answer.get();
}

TEST(Tls, AClientBelievesItsAuthoritiesAndTheRightNameOnly) {
  const TlsFiles files = make_files();
  Clock clock;
  Secure handler;
  IoThreads threads(1);
  HttpServer server(threads, handler, clock, {.tls = *server_tls(files)});
  const std::uint16_t port = *server.listen("127.0.0.1", 0);
  const auto folder = std::filesystem::temp_directory_path() / ("tls_test_" + std::to_string(port));
  std::filesystem::create_directory(folder);
  std::ofstream(folder / "right.pem") << files.certificate_chain_pem;
  std::ofstream(folder / "other.pem") << make_files().certificate_chain_pem;
  HttpEndpoint to{.host = "localhost", .port = port, .tls = true};
  EXPECT_EQ(ask(to, folder / "right.pem"), "secure 300000 secure 300000 ");
  EXPECT_EQ(server.stats().accepted, 1u);
  EXPECT_NE(ask(to, folder / "other.pem").find("certificate verify failed"), std::string::npos);
  EXPECT_NE(ask(to, folder / "none.pem").find("none.pem"), std::string::npos);
  to.host = "127.0.0.1";
  EXPECT_NE(ask(to, folder / "right.pem").find("certificate verify failed"), std::string::npos);
  std::filesystem::remove_all(folder);
}

TEST(Tls, AKeyThatDoesNotFitIsRefused) {
  TlsFiles files = make_files();
  files.private_key_pem = make_files().private_key_pem;
  EXPECT_TRUE(server_tls(files).has_error());
  files.certificate_chain_pem = "nonsense";
  EXPECT_TRUE(server_tls(files).has_error());
}

}  // namespace
}  // namespace cloudlet::wire
