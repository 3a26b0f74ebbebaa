// The address that GetFunction gives for a package: a link of ten minutes, signed with a secret of
// this process.
#include <charconv>

#include "base/digest.h"
#include "base/encoding.h"
#include "services/lambda/lambda.h"
#include "services/lambda/rules.h"
#include "store/blobs.h"

namespace cloudlet::lambda {
namespace {

constexpr Duration link_life = std::chrono::minutes(10);
constexpr std::size_t piece_bytes = 256 * 1024;

// "<account>/<region>/<name>/<blob>/<millis when it ends>"
std::string signed_part(const FunctionId& id, const store::BlobId& code, std::int64_t ends) {
  return id.scope.account + "/" + id.scope.region + "/" + id.name + "/" + code.name + "/" +
         std::to_string(ends);
}

class BlobBody : public wire::BodySource {
 public:
  explicit BlobBody(std::unique_ptr<store::BlobReader> reader) : reader_(std::move(reader)) {}
  Task<Result<std::string>> read() override {
    CO_TRY(std::string piece, co_await reader_->read(at_, piece_bytes));
    at_ += piece.size();
    co_return piece;
  }

 private:
  std::unique_ptr<store::BlobReader> reader_;
  std::uint64_t at_ = 0;
};

wire::Response refuse(int status, std::string text) {
  wire::Response response{.status = status};
  response.headers.add("Content-Type", "text/plain");
  response.body = wire::Body(std::move(text));
  return response;
}

}  // namespace

std::string Service::code_location(const wire::Call& call, const StoredFunction& function) const {
  const FunctionId id{.scope = call.scope, .name = function.name};
  const std::string part = signed_part(id, function.code, to_millis(call.now + link_life));
  return call.endpoint + code_page_path + "/" + part +
         "?signature=" + to_hex(hmac_sha256(secret_, part));
}

Task<wire::Response> Service::serve_code(wire::Request request) {
  const std::string_view path = request.path(), query = request.query();
  constexpr std::string_view prefix = code_page_path, parameter = "signature=";
  if (!path.starts_with(prefix) || path.size() <= prefix.size() + 1 ||
      !query.starts_with(parameter))
    co_return refuse(404, "no such package\n");
  const std::string_view part = path.substr(prefix.size() + 1);
  const std::string wanted = to_hex(hmac_sha256(secret_, part));
  if (!equal_constant_time(wanted, query.substr(parameter.size())))
    co_return refuse(403, "the signature does not fit\n");
  // Signed, so it is what we wrote.
  const std::size_t last = part.rfind('/'), before = part.rfind('/', last - 1);
  std::int64_t ends = 0;
  std::from_chars(part.data() + last + 1, part.data() + part.size(), ends);
  if (to_millis(with_.clock.now()) > ends) co_return refuse(403, "the link has expired\n");
  auto reader = with_.store.blobs().open(
      store::BlobId{std::string(part.substr(before + 1, last - before - 1))});
  if (reader.has_error()) co_return refuse(404, "no such package\n");
  wire::Response response;
  response.headers.add("Content-Type", "application/zip");
  const std::uint64_t size = (*reader)->size();
  response.body = wire::Body(std::make_unique<BlobBody>(std::move(*reader)), size);
  co_return response;
}

}  // namespace cloudlet::lambda
