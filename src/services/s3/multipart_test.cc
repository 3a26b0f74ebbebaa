// Proves multipart uploads: parts sent and parts copied become one object with the service's ETag
// and checksums, whatever is wrong is refused, and nothing of an upload stays behind.
#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/encoding.h"
#include "gen/s3/errors.h"
#include "services/s3/outflow.h"
#include "services/s3/rules.h"
#include "services/s3/s3_fixture.h"
#include "store/blobs.h"

namespace cloudlet::s3 {
namespace {

class MultipartTest : public S3Test {
 protected:
  std::string begin(CreateMultipartUploadInput in = {}) {
    in.bucket = "bucket";
    in.key = "k";
    return *transact(
                [&](store::Txn& tx) { return service_->create_multipart_upload(tx, call(), in); })
                .value()
                .upload_id;
  }
  std::string upload(const std::string& id, int number, std::string body) {
    const wire::Call c = call();
    UploadPartInput in{.bucket = "bucket", .key = "k", .part_number = number, .upload_id = id};
    in.body = wire::Body(std::move(body));
    return *run(service_->upload_part(c, std::move(in))).value().etag;
  }
  Result<CompleteMultipartUploadOutput> complete(const std::string& id,
                                                 std::vector<CompletedPart> parts) {
    CompleteMultipartUploadInput in{.bucket = "bucket", .key = "k", .upload_id = id};
    in.multipart_upload.emplace().parts = std::move(parts);
    return complete(in);
  }
  Result<CompleteMultipartUploadOutput> complete(const CompleteMultipartUploadInput& in) {
    return transact(
        [&](store::Txn& tx) { return service_->complete_multipart_upload(tx, call(), in); });
  }
  Result<UploadPartCopyOutput> copy(UploadPartCopyInput in) {
    const wire::Call c = call();
    in.bucket = "bucket";
    in.key = "k";
    return run(service_->upload_part_copy(c, std::move(in)));
  }
  // How many blobs there are: their folder is two above any of them.
  std::size_t files() const {
    namespace fs = std::filesystem;
    const fs::path folder =
        fs::path(store_->blobs().path({std::string(32, '0')})).parent_path().parent_path();
    std::size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
      count += entry.is_regular_file();
    return count;
  }
  // Files go in the background, after the commit that dropped them.
  void settle() const {
    while (files() > 0) std::this_thread::yield();
  }
};

TEST_F(MultipartTest, PartsBecomeOneObject) {
  const std::string id = begin(), first(5 << 20, 'a'), last = "the end";
  const std::string e1 = upload(id, 1, "replaced"), e1b = upload(id, 1, first),
                    e2 = upload(id, 7, last);
  EXPECT_TRUE(
      complete(id, {{.etag = e1, .part_number = 1}}).error().is(errors::kinds::invalid_part));
  EXPECT_TRUE(complete(id, {{.etag = e2, .part_number = 7}, {.etag = e1b, .part_number = 1}})
                  .error()
                  .is(errors::kinds::invalid_part_order));
  const auto done =
      complete(id, {{.etag = e1b, .part_number = 1}, {.etag = e2, .part_number = 7}}).value();
  EXPECT_EQ(done.etag, "\"" + to_hex(md5(md5(first) + md5(last))) + "-2\"");
  EXPECT_EQ(done.checksum_crc64nvme, to_base64(digest(Algorithm::crc64nvme, first + last)));
  EXPECT_EQ(read({.bucket = "bucket", .key = "k"}), first + last);
  EXPECT_EQ(read({.bucket = "bucket", .key = "k", .part_number = 2}), last);
  EXPECT_EQ(read({.bucket = "bucket", .key = "k", .range = "bytes=5242878-5242882"}), "aathe");
  EXPECT_TRUE(
      complete(id, {{.etag = e2, .part_number = 7}}).error().is(errors::kinds::no_such_upload));
}

TEST_F(MultipartTest, AnObjectThatIsOverwrittenOrDeletedWhileItIsReadIsReadToItsEnd) {
  for (const bool deleted : {false, true}) {
    const std::string first = random_->bytes(5 << 20), middle = random_->bytes(5 << 20),
                      last = random_->bytes(70'000);
    const std::string id = begin();
    const std::string e1 = upload(id, 1, first), e2 = upload(id, 2, middle),
                      e3 = upload(id, 3, last);
    complete(id, {{.etag = e1, .part_number = 1},
                  {.etag = e2, .part_number = 2},
                  {.etag = e3, .part_number = 3}})
        .value();
    EXPECT_EQ(files(), 3);
    auto out = get({.bucket = "bucket", .key = "k"}).value();
    std::string body = run(out.body.read()).value();
    if (deleted)
      remove("k").value();
    else
      put("k", "something else").value();
    EXPECT_EQ(files(), 3) << "they are still read";
    body += run(out.body.read_all(1 << 30)).value();
    EXPECT_EQ(body, first + middle + last);
    out = {};
    settle();
    EXPECT_EQ(files(), 0);
  }
}

TEST_F(MultipartTest, AnObjectReplacedBeforeItsFilesAreOpenIsReadAsItIsNow) {
  put("k", std::string(100'000, 'a')).value();
  int attempts = 0;
  const auto open = [&](const store::ReadTxn& tx) -> Result<wire::Body> {
    const auto object = find_object(tx, "000000000000", "bucket", "k").value();
    if (++attempts < 3) put("k", std::string(100'000, 'b')).value();
    return open_body(*store_, tx, object.inline_body, object.pieces, {.size = object.size});
  };
  auto body = read_latest(*store_, open).value();
  EXPECT_EQ(run(body.read_all(1 << 20)).value(), std::string(100'000, 'b'));
  EXPECT_EQ(attempts, 3);
}

TEST_F(MultipartTest, SmallPartsInTheMiddleAreRefused) {
  const std::string id = begin();
  const std::string e1 = upload(id, 1, "small"), e2 = upload(id, 2, "small too");
  EXPECT_TRUE(complete(id, {{.etag = e1, .part_number = 1}, {.etag = e2, .part_number = 2}})
                  .error()
                  .is(errors::kinds::entity_too_small));
}

TEST_F(MultipartTest, ACompletionAskedAgainAnswersAsItDid) {
  const std::string id = begin(), etag = upload(id, 1, "all");
  const auto first = complete(id, {{.etag = etag, .part_number = 1}}).value();
  const auto again = complete(id, {{.etag = etag, .part_number = 1}}).value();
  EXPECT_EQ(again.etag, first.etag);
  EXPECT_EQ(again.checksum_crc64nvme, first.checksum_crc64nvme);
  put("k", "something else").value();
  EXPECT_TRUE(
      complete(id, {{.etag = etag, .part_number = 1}}).error().is(errors::kinds::no_such_upload));
}

TEST_F(MultipartTest, TheChecksumOfTheWholeFollowsFromTheParts) {
  for (const auto& [algorithm, name] : {std::pair{Algorithm::crc32, ChecksumAlgorithm::crc32},
                                        {Algorithm::crc32c, ChecksumAlgorithm::crc32c}}) {
    const std::string id =
        begin({.checksum_algorithm = name, .checksum_type = ChecksumType::full_object});
    const std::string first = random_->bytes(5 << 20), last = random_->bytes(100);
    const std::string e1 = upload(id, 1, first), e2 = upload(id, 2, last);
    const auto done =
        complete(id, {{.etag = e1, .part_number = 1}, {.etag = e2, .part_number = 2}}).value();
    const std::string whole = to_base64(digest(algorithm, first + last));
    EXPECT_EQ(name == ChecksumAlgorithm::crc32 ? done.checksum_crc32 : done.checksum_crc32c, whole);
    EXPECT_EQ(done.checksum_type, ChecksumType::full_object);
  }
}

TEST_F(MultipartTest, ChecksumsThatTheClientNamesAtTheEndAreChecked) {
  const std::string id = begin({.checksum_algorithm = ChecksumAlgorithm::sha256});
  const std::string etag = upload(id, 1, "all"), right = to_base64(sha256("all"));
  EXPECT_TRUE(
      complete(id, {{.etag = etag, .part_number = 1}}).error().is(errors::kinds::invalid_request));
  EXPECT_TRUE(
      complete(id,
               {{.checksum_sha256 = to_base64(sha256("other")), .etag = etag, .part_number = 1}})
          .error()
          .is(errors::kinds::invalid_part));
  CompleteMultipartUploadInput in{.bucket = "bucket", .key = "k", .upload_id = id};
  in.multipart_upload.emplace().parts = {
      {.checksum_sha256 = right, .etag = etag, .part_number = 1}};
  in.checksum_sha256 = right;
  EXPECT_TRUE(complete(in).error().is(errors::kinds::bad_digest));
  in.checksum_sha256 = to_base64(sha256(sha256("all"))) + "-1";
  in.checksum_type = ChecksumType::full_object;
  EXPECT_TRUE(complete(in).error().is(errors::kinds::invalid_request));
  in.checksum_type = ChecksumType::composite;
  EXPECT_EQ(complete(in).value().checksum_sha256, in.checksum_sha256);
}

TEST_F(MultipartTest, APartIsCopiedFromARangeOfAnotherObject) {
  const std::string body = random_->bytes((5 << 20) + 500);
  put("from here +", body).value();
  const std::string id = begin();
  const auto first = copy({.copy_source = "bucket/from%20here%20%2B",
                           .copy_source_range = "bytes=0-5242879",
                           .part_number = 1,
                           .upload_id = id})
                         .value();
  const auto last = copy({.copy_source = "/bucket/from%20here%20%2B",
                          .copy_source_range = "bytes=5242880-5243379",
                          .part_number = 2,
                          .upload_id = id})
                        .value();
  const std::string e1 = *first.copy_part_result->etag, e2 = *last.copy_part_result->etag;
  EXPECT_EQ(e2, "\"" + to_hex(md5(body.substr(5 << 20))) + "\"");
  EXPECT_EQ(last.copy_part_result->last_modified, clock_.now());
  EXPECT_EQ(last.copy_part_result->checksum_crc64nvme,
            to_base64(digest(Algorithm::crc64nvme, body.substr(5 << 20))));
  remove("from here +").value();
  const auto done =
      complete(id, {{.etag = e1, .part_number = 1}, {.etag = e2, .part_number = 2}}).value();
  EXPECT_EQ(done.checksum_crc64nvme, to_base64(digest(Algorithm::crc64nvme, body)));
  EXPECT_EQ(read({.bucket = "bucket", .key = "k"}), body);
}

TEST_F(MultipartTest, AWholeObjectIsAPartToo) {
  put("from", "small").value();
  const std::string id = begin();
  const auto part = copy({.copy_source = "bucket/from", .part_number = 3, .upload_id = id}).value();
  complete(id, {{.etag = part.copy_part_result->etag, .part_number = 3}}).value();
  EXPECT_EQ(read({.bucket = "bucket", .key = "k"}), "small");
}

TEST_F(MultipartTest, CopiedPartsThatCannotBeAreRefused) {
  const std::string etag = *put("from", "0123456789").value().etag;
  const std::string id = begin();
  const auto refusal = [&](UploadPartCopyInput in) {
    if (in.copy_source.empty()) in.copy_source = "bucket/from";
    if (in.part_number == 0) in.part_number = 1;
    if (in.upload_id.empty()) in.upload_id = id;
    const auto copied = copy(std::move(in));
    return copied.has_error() ? std::string(copied.error().kind().code) : "";
  };
  for (const char* range : {"0-2", "bytes=0", "bytes=a-b", "bytes=0-b", "bytes=1-", "bytes=-2",
                            "bytes=0-2,3-5", "bytes=5-2", "bytes=0-10", "bytes=10-10"})
    EXPECT_EQ(refusal({.copy_source_range = range}), "InvalidArgument") << range;
  EXPECT_EQ(refusal({.copy_source_range = "bytes=9-9"}), "");
  EXPECT_EQ(refusal({.copy_source = "bucket/nothing"}), "NoSuchKey");
  EXPECT_EQ(refusal({.copy_source = "nowhere/from"}), "NoSuchBucket");
  EXPECT_EQ(refusal({.part_number = 10'001}), "InvalidArgument");
  EXPECT_EQ(refusal({.upload_id = "none"}), "NoSuchUpload");
  EXPECT_EQ(refusal({.copy_source_if_match = etag}), "");
  EXPECT_EQ(refusal({.copy_source_if_match = "\"x\""}), "PreconditionFailed");
  EXPECT_EQ(refusal({.copy_source_if_none_match = etag}), "PreconditionFailed");
  EXPECT_EQ(refusal({.copy_source_if_modified_since = clock_.now()}), "PreconditionFailed");
  EXPECT_EQ(refusal({.copy_source_if_unmodified_since = from_millis(0)}), "PreconditionFailed");
  EXPECT_EQ(refusal({.expected_source_bucket_owner = "111111111111"}), "AccessDenied");
}

TEST_F(MultipartTest, AnUploadInProgressEndsWithItsBucket) {
  const std::string id = begin();
  upload(id, 1, std::string(100'000, 'x'));
  transact([&](store::Txn& tx) {
    return service_->delete_bucket(tx, call(), {.bucket = "bucket"});
  }).value();
  int left = 0;
  store_->snapshot()->scan(store::prefix(store::make_key("s3")),
                           [&](auto, auto) { return ++left > 0; });
  EXPECT_EQ(left, 0);
  create("bucket");
  EXPECT_TRUE(
      complete(id, {{.etag = "x", .part_number = 1}}).error().is(errors::kinds::invalid_part));
}

TEST_F(MultipartTest, AnAbortMayNameTheSecondInWhichTheUploadBegan) {
  clock_.advance(std::chrono::milliseconds(1234));
  const std::string id = begin();
  const auto abort = [&](Time initiated) {
    return transact([&](store::Txn& tx) {
      return service_->abort_multipart_upload(
          tx, call(),
          {.bucket = "bucket", .if_match_initiated_time = initiated, .key = "k", .upload_id = id});
    });
  };
  EXPECT_TRUE(abort(from_millis(0)).error().is(errors::kinds::precondition_failed));
  EXPECT_FALSE(abort(from_millis(1'600'000'001'000)).has_error());
}

}  // namespace
}  // namespace cloudlet::s3
