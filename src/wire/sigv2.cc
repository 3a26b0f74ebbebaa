#include "wire/sigv2.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/encoding.h"
#include "base/result.h"

namespace cloudlet::wire::sigv2 {
namespace {

// The query parameters that belong to the signed resource, in order.
constexpr std::array<std::string_view, 30> resource_parameters = {"accelerate",
                                                                  "acl",
                                                                  "cors",
                                                                  "defaultObjectAcl",
                                                                  "delete",
                                                                  "lifecycle",
                                                                  "location",
                                                                  "logging",
                                                                  "notification",
                                                                  "partNumber",
                                                                  "policy",
                                                                  "requestPayment",
                                                                  "response-cache-control",
                                                                  "response-content-disposition",
                                                                  "response-content-encoding",
                                                                  "response-content-language",
                                                                  "response-content-type",
                                                                  "response-expires",
                                                                  "restore",
                                                                  "storageClass",
                                                                  "tagging",
                                                                  "torrent",
                                                                  "uploadId",
                                                                  "uploads",
                                                                  "versionId",
                                                                  "versioning",
                                                                  "versions",
                                                                  "website",
                                                                  "encryption",
                                                                  "select"};

std::map<std::string, std::string> query_of(std::string_view query) {
  std::map<std::string, std::string> pairs;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    const std::size_t equals = pair.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    if (!pair.empty())
      pairs.emplace(percent_decode(pair.substr(0, equals)).value_or(""),
                    percent_decode(value, Plus::space).value_or(""));
  }
  return pairs;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

// Host style is signed as path style; behind the name of a bucket alone there always is a slash.
std::string signed_path(const Request& request) {
  if (request.sent_target.empty()) {
    std::string path(request.path());
    if (path.size() > 1 && path.find('/', 1) == std::string::npos) path += '/';
    return path;
  }
  const std::string_view sent =
      std::string_view(request.sent_target).substr(0, request.sent_target.find('?'));
  const std::string_view own = request.path();
  if (sent == std::string(own) + "/") return std::string(sent);
  return std::string(own.substr(0, own.find('/', 1))) + std::string(sent);
}

std::string signed_resource(const Request& request,
                            const std::map<std::string, std::string>& query) {
  std::string out = signed_path(request);
  char separator = '?';
  for (const auto& [name, value] : query) {
    if (std::find(resource_parameters.begin(), resource_parameters.end(), name) ==
        resource_parameters.end())
      continue;
    out += separator + name;
    if (!value.empty()) out += "=" + value;
    separator = '&';
  }
  return out;
}

}  // namespace

std::optional<sigv4::Signature> parse(const Request& request) {
  sigv4::Signature out{.version = 2, .service = "s3"};
  const std::string_view header = request.headers.get("Authorization");
  if (header.starts_with("AWS ")) {
    const std::size_t colon = header.rfind(':');
    if (colon == std::string_view::npos || colon < 4) return std::nullopt;
    out.access_key = header.substr(4, colon - 4);
    out.signature = header.substr(colon + 1);
    out.timestamp = request.headers.get("x-amz-date", request.headers.get("Date"));
    out.token = request.headers.get("x-amz-security-token");
    return out;
  }
  if (request.query().find("AWSAccessKeyId=") == std::string_view::npos) return std::nullopt;
  auto query = query_of(request.query());
  if (!query.contains("AWSAccessKeyId") || !query.contains("Signature")) return std::nullopt;
  out.place = sigv4::Signature::Place::query;
  out.access_key = query["AWSAccessKeyId"];
  out.signature = query["Signature"];
  out.expires = query["Expires"];
  out.token = query["x-amz-security-token"];
  return out;
}

std::string string_to_sign(const Request& request, const sigv4::Signature& signature) {
  const auto query = query_of(request.query());
  // What a presigned request says in its query stands for the header of that name.
  std::map<std::string, std::string> amz;
  for (const auto [name, value] : request.headers) {
    std::string small = lower(name);
    if (!small.starts_with("x-amz-")) continue;
    std::string& all = amz[small];
    all += (all.empty() ? "" : ",") + std::string(value);
  }
  const bool presigned = signature.place == sigv4::Signature::Place::query;
  const auto field = [&](const char* name) {
    if (const auto in_query = query.find(lower(name)); presigned && in_query != query.end())
      return in_query->second;
    return std::string(request.headers.get(name));
  };
  if (presigned)
    for (const auto& [name, value] : query)
      if (std::string small = lower(name); small.starts_with("x-amz-"))
        amz.emplace(std::move(small), value);
  std::string out =
      request.method + "\n" + field("Content-MD5") + "\n" + field("Content-Type") + "\n";
  if (presigned)
    out += signature.expires;
  else if (!amz.contains("x-amz-date"))
    out += request.headers.get("Date");
  out += "\n";
  for (const auto& [name, value] : amz) out += name + ":" + value + "\n";
  return out + signed_resource(request, query);
}

std::string sign(const std::string& secret, const std::string& text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  const auto* done =
      HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size);
  assert_that(done != nullptr, "HMAC-SHA1 failed");
  return to_base64({reinterpret_cast<char*>(out), size});
}

}  // namespace cloudlet::wire::sigv2
