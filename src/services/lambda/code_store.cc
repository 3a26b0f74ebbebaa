#include "services/lambda/code_store.h"

#include <fmt/format.h>

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <set>

#include "base/digest.h"
#include "base/encoding.h"
#include "gen/lambda/errors.h"
#include "gen/s3/client.h"
#include "services/lambda/keys.h"
#include "services/lambda/package.h"
#include "services/lambda/rules.h"
#include "store/blobs.h"

namespace cloudlet::lambda {
namespace {

namespace fs = std::filesystem;

// A blob on its way, and what is known of it so far.
class Intake {
 public:
  explicit Intake(store::Blobs& blobs) : writer_(blobs.create()) {}
  Task<Result<void>> add(std::string piece) {
    hasher_.update(piece);
    bytes_ += piece.size();
    co_return co_await writer_->write(std::move(piece));
  }
  Task<Result<Code>> finish() {
    CO_TRY(store::BlobId blob, co_await writer_->finish());
    co_return Code{.blob = std::move(blob), .sha256 = hasher_.finish(), .bytes = bytes_};
  }
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::unique_ptr<store::BlobWriter> writer_;
  Hasher hasher_{Algorithm::sha256};
  std::uint64_t bytes_ = 0;
};

}  // namespace

CodeStore::CodeStore(store::Store& store, fs::path packages, CallerFor caller_for)
    : store_(store), packages_(std::move(packages)), caller_for_(std::move(caller_for)) {}

CodeStore::~CodeStore() { pool_.join(); }

Task<Result<Code>> CodeStore::take(Scope scope, Source source) {
  const bool from_bucket = source.bucket || source.key;
  if (from_bucket == source.zip_file.has_value())
    co_return errors::invalid_parameter_value(
        from_bucket
            ? "Please do not provide other FunctionCode parameters when providing a ZipFile."
            : "Please provide a source for function code.");
  if (from_bucket && (!source.bucket || !source.key))
    co_return errors::invalid_parameter_value("S3Bucket and S3Key belong together.");
  Result<Code> code = from_bucket ? co_await store_object(std::move(scope), std::move(source))
                                  : co_await store_bytes(*std::move(source.zip_file));
  if (code.has_error()) co_return code;
  CO_CHECK(co_await ensure_unpacked(code->blob, to_hex(code->sha256)));
  co_return code;
}

Task<Result<Code>> CodeStore::store_bytes(std::string bytes) {
  if (bytes.empty())
    co_return errors::invalid_parameter_value("Uploaded file must be a non-empty zip");
  if (bytes.size() > zip_bytes_max)
    co_return errors::request_too_large(fmt::format(
        "Request must be smaller than {} bytes for the CreateFunction operation", zip_bytes_max));
  Intake intake(store_.blobs());
  CO_CHECK(co_await intake.add(std::move(bytes)));
  co_return co_await intake.finish();
}

Task<Result<Code>> CodeStore::store_object(Scope scope, Source source) {
  const std::unique_ptr<wire::Caller> caller = caller_for_(scope);
  s3::Client client(*caller);
  s3::GetObjectInput input{.bucket = *source.bucket, .key = *source.key};
  input.version_id = source.version;
  auto object = co_await client.get_object(std::move(input));
  if (object.has_error())
    co_return errors::invalid_parameter_value(
        fmt::format("Error occurred while GetObject. S3 Error Code: {}. S3 Error Message: {}",
                    object.error().kind().code, object.error().message()));
  Intake intake(store_.blobs());
  for (;;) {
    CO_TRY(std::string piece, co_await object->body.read());
    if (piece.empty()) break;
    if (intake.bytes() + piece.size() > unzipped_bytes_max)
      co_return errors::invalid_parameter_value(
          fmt::format("Unzipped size must be smaller than {} bytes", unzipped_bytes_max));
    CO_CHECK(co_await intake.add(std::move(piece)));
  }
  co_return co_await intake.finish();
}

Task<Result<void>> CodeStore::ensure_unpacked(store::BlobId blob, std::string package) {
  std::error_code failed;
  if (fs::exists(packages_ / package, failed)) co_return Result<void>();
  co_return co_await unpack_on_pool(std::move(blob), std::move(package));
}

Task<Result<void>> CodeStore::unpack_on_pool(store::BlobId blob, std::string package) {
  const auto executor = co_await asio::this_coro::executor;
  auto outcome = std::make_shared<Result<void>>();
  CO_TRY(std::unique_ptr<store::BlobReader> reader, store_.blobs().open(blob));
  // As long as it lives the file stays, even if the function gets other code meanwhile.
  const std::shared_ptr<store::BlobReader> held = std::move(reader);
  const auto start = [this, executor, outcome, held, zip = store_.blobs().path(blob),
                      folder = packages_ / package](auto handler) {
    auto waiting = std::make_shared<decltype(handler)>(std::move(handler));
    asio::post(pool_, [executor, outcome, held, zip, folder, waiting] {
      *outcome = unpack(zip, folder);
      asio::post(executor, [waiting]() mutable { std::move (*waiting)(); });
    });
  };
  co_await asio::async_initiate<decltype(asio::use_awaitable), void()>(start, asio::use_awaitable);
  co_return std::move(*outcome);
}

void CodeStore::remove_unused(const store::ReadTxn& tx) const {
  std::set<std::string> used;
  tx.scan(store::prefix(keys::all_functions()), [&](std::string_view, std::string_view value) {
    used.insert(decode_function(value).package());
    return true;
  });
  std::error_code failed;
  std::vector<fs::path> unused;
  for (const auto& entry : fs::directory_iterator(packages_, failed))
    if (!used.contains(entry.path().filename().string())) unused.push_back(entry.path());
  for (const fs::path& folder : unused) fs::remove_all(folder, failed);
}

}  // namespace cloudlet::lambda
