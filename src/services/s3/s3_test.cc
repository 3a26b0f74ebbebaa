// Proves S3's operations over a store in memory: what is put is what is got, whatever its size;
// lists group and page; conditions, ranges, checksums, copies and uploads behave as the service's
// documentation says.
#include "services/s3/s3.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "base/encoding.h"
#include "gen/s3/errors.h"
#include "services/s3/s3_fixture.h"
#include "services/s3/target.h"

namespace cloudlet::s3 {
namespace {

TEST_F(S3Test, BodiesOfEverySizeComeBackAsTheyWere) {
  for (const std::size_t size : {0ul, 1ul, 2048ul, 2049ul, 65536ul, 65537ul, 1'000'000ul}) {
    const std::string body = random_->bytes(size);
    const auto put_answer = put("k", body).value();
    EXPECT_EQ(put_answer.etag, "\"" + to_hex(md5(body)) + "\"");
    EXPECT_EQ(put_answer.checksum_crc64nvme, to_base64(digest(Algorithm::crc64nvme, body)));
    EXPECT_EQ(read({.bucket = "bucket", .key = "k"}), body) << size;
  }
}

TEST_F(S3Test, RangesAreServedAndRefusedAsTheRfcSays) {
  const std::string body = random_->bytes(300'000);
  put("k", body).value();
  const auto range = [&](const char* text) {
    return read({.bucket = "bucket", .key = "k", .range = text});
  };
  EXPECT_EQ(range("bytes=0-0"), body.substr(0, 1));
  EXPECT_EQ(range("bytes=250000-299999"), body.substr(250'000));
  EXPECT_EQ(range("bytes=-10"), body.substr(299'990));
  EXPECT_EQ(range("bytes=299999-400000"), body.substr(299'999));
  EXPECT_EQ(range("lines=1-2"), body);
  EXPECT_TRUE(get({.bucket = "bucket", .key = "k", .range = "bytes=300000-"})
                  .error()
                  .is(errors::kinds::invalid_range));
  EXPECT_EQ(get({.bucket = "bucket", .key = "k", .range = "bytes=1-2"}).value().content_range,
            "bytes 1-2/300000");
  EXPECT_EQ(range("bytes=299990-99999999999999999999999"), body.substr(299'990));
  EXPECT_EQ(range("bytes=-99999999999999999999999"), body);
  EXPECT_TRUE(get({.bucket = "bucket", .key = "k", .range = "bytes=99999999999999999999999-"})
                  .error()
                  .is(errors::kinds::invalid_range));
}

TEST_F(S3Test, ARangeOfWhatChangedSinceIsTheWhole) {
  const std::string etag = *put("k", "0123456789").value().etag;
  const auto range = [&](const std::string& before) {
    GetObjectInput in{.bucket = "bucket", .key = "k", .range = "bytes=1-2"};
    in.if_range = before;
    return read(std::move(in));
  };
  EXPECT_EQ(range(etag), "12");
  EXPECT_EQ(range("W/" + etag), "0123456789");
  EXPECT_EQ(range("\"other\""), "0123456789");
  EXPECT_EQ(range("Sun, 13 Sep 2020 12:26:40 GMT"), "12");
  EXPECT_EQ(range("Sun, 13 Sep 2020 12:26:41 GMT"), "0123456789");
}

TEST_F(S3Test, ConditionsOfReadsAndWrites) {
  const std::string etag = *put("k", "v").value().etag;
  EXPECT_TRUE(get({.bucket = "bucket", .if_none_match = etag, .key = "k"})
                  .error()
                  .is(errors::kinds::not_modified));
  EXPECT_TRUE(get({.bucket = "bucket", .if_match = "\"x\"", .key = "k"})
                  .error()
                  .is(errors::kinds::precondition_failed));
  PutObjectInput create{.bucket = "bucket", .if_none_match = "*", .key = "k"};
  EXPECT_TRUE(put(std::move(create)).error().is(errors::kinds::precondition_failed));
  PutObjectInput replace{.bucket = "bucket", .if_match = etag, .key = "k"};
  EXPECT_FALSE(put(std::move(replace)).has_error());
  PutObjectInput again{.bucket = "bucket", .if_match = etag, .key = "k"};
  EXPECT_TRUE(put(std::move(again)).error().is(errors::kinds::precondition_failed));
}

TEST_F(S3Test, MetadataThatIsNotAsciiIsShownInTheWordsOfRfc2047) {
  PutObjectInput in{
      .bucket = "bucket",
      .key = "k",
      .metadata = {{"a", "plain"}, {"b", "\xc3\x84M\xc3\x84Z\xc3\x95\xc3\x91 S3"}, {"c", "\xfc"}}};
  put(std::move(in)).value();
  const auto metadata = get({.bucket = "bucket", .key = "k"}).value().metadata;
  EXPECT_EQ(metadata.at("a"), "plain");
  EXPECT_EQ(metadata.at("b"), "=?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KRIFMz?=");
  EXPECT_EQ(metadata.at("c"), "=?UTF-8?B?w7w=?=");
}

TEST_F(S3Test, WrongDigestsAreRefusedAndNothingChanges) {
  PutObjectInput in{.bucket = "bucket", .checksum_crc32 = "AAAAAA==", .key = "k"};
  in.body = wire::Body(std::string("v"));
  EXPECT_TRUE(put(std::move(in)).error().is(errors::kinds::bad_digest));
  PutObjectInput with_md5{.bucket = "bucket", .content_md5 = to_base64(md5("other")), .key = "k"};
  with_md5.body = wire::Body(std::string("v"));
  EXPECT_TRUE(put(std::move(with_md5)).error().is(errors::kinds::bad_digest));
  EXPECT_TRUE(get({.bucket = "bucket", .key = "k"}).error().is(errors::kinds::no_such_key));
}

TEST_F(S3Test, ListsPageAndGroup) {
  for (const char* key : {"a/1", "a/2", "b", "c/1", "c/2/x", "d"}) put(key, key).value();
  const auto names = [](const ListObjectsV2Output& page) {
    std::vector<std::string> all;
    for (const auto& object : page.contents) all.push_back(*object.key);
    for (const auto& group : page.common_prefixes) all.push_back(*group.prefix);
    return all;
  };
  EXPECT_EQ(names(list({})), (std::vector<std::string>{"a/1", "a/2", "b", "c/1", "c/2/x", "d"}));
  EXPECT_EQ(names(list({.delimiter = "/"})), (std::vector<std::string>{"b", "d", "a/", "c/"}));
  EXPECT_EQ(names(list({.delimiter = "/", .prefix = "c/"})),
            (std::vector<std::string>{"c/1", "c/2/"}));
  EXPECT_EQ(names(list({.start_after = "b"})), (std::vector<std::string>{"c/1", "c/2/x", "d"}));

  std::vector<std::string> paged;
  std::optional<std::string> token;
  do {
    const auto page = list({.continuation_token = token, .delimiter = "/", .max_keys = 1});
    EXPECT_EQ(page.key_count, 1);
    for (const auto& name : names(page)) paged.push_back(name);
    token = page.next_continuation_token;
    EXPECT_EQ(*page.is_truncated, token.has_value());
  } while (token);
  EXPECT_EQ(paged, (std::vector<std::string>{"a/", "b", "c/", "d"}));
  EXPECT_EQ(list({.max_keys = 0}).key_count, 0);
}

TEST_F(S3Test, AListedKeyIsEncodedWhenAsked) {
  put("a b/ü", "v").value();
  EXPECT_EQ(list({.encoding_type = EncodingType::url}).contents[0].key, "a%20b/%C3%BC");
}

TEST_F(S3Test, DeletingIsIdempotentAndTakesTheBytesAway) {
  put("k", std::string(100'000, 'x')).value();
  EXPECT_FALSE(remove("k").has_error());
  EXPECT_FALSE(remove("k").has_error());
  EXPECT_TRUE(get({.bucket = "bucket", .key = "k"}).error().is(errors::kinds::no_such_key));
  int left = 0;
  store_->snapshot()->scan(store::prefix(store::make_key("s3", "chunk")),
                           [&](auto, auto) { return ++left > 0; });
  EXPECT_EQ(left, 0);
}

TEST_F(S3Test, BucketsThatHoldSomethingStay) {
  put("k", "v").value();
  const auto drop = [&] {
    return store_->transact_blocking(
        [&](store::Txn& tx) { return service_->delete_bucket(tx, call(), {.bucket = "bucket"}); });
  };
  EXPECT_TRUE(drop().error().is(errors::kinds::bucket_not_empty));
  remove("k").value();
  EXPECT_FALSE(drop().has_error());
  EXPECT_TRUE(drop().error().is(errors::kinds::no_such_bucket));
}

TEST_F(S3Test, BucketNamesFollowTheRules) {
  const auto refused = [&](const char* name) {
    return store_
        ->transact_blocking(
            [&](store::Txn& tx) { return service_->create_bucket(tx, call(), {.bucket = name}); })
        .has_error();
  };
  for (const char* name : {"ab", "Upper", "a..b", "-ab", "1.2.3.4", "xn--a", "a_b", "a/b", ""})
    EXPECT_TRUE(refused(name)) << name;
  EXPECT_FALSE(refused("a.b-c1"));
}

TEST_F(S3Test, ACopyIsAnObjectOfItsOwn) {
  PutObjectInput in{
      .bucket = "bucket", .content_type = "text/plain", .key = "from", .metadata = {{"a", "1"}}};
  in.body = wire::Body(std::string(200'000, 'y'));
  put(std::move(in)).value();
  const wire::Call c = call();
  CopyObjectInput copy{.bucket = "bucket", .copy_source = "/bucket/from", .key = "to"};
  run(service_->copy_object(c, std::move(copy))).value();
  remove("from").value();
  const auto got = get({.bucket = "bucket", .key = "to"});
  EXPECT_EQ(got.value().content_type, "text/plain");
  EXPECT_EQ(got.value().metadata.at("a"), "1");
  EXPECT_EQ(read({.bucket = "bucket", .key = "to"}), std::string(200'000, 'y'));
  CopyObjectInput self{.bucket = "bucket", .copy_source = "bucket/to", .key = "to"};
  EXPECT_TRUE(
      run(service_->copy_object(c, std::move(self))).error().is(errors::kinds::invalid_request));
}

TEST_F(S3Test, ACopyIsStandardUnlessItSaysOtherwise) {
  PutObjectInput in{.bucket = "bucket", .key = "from", .storage_class = StorageClass::standard_ia};
  in.body = wire::Body(std::string("v"));
  put(std::move(in)).value();
  const wire::Call c = call();
  const auto class_of_copy = [&](std::optional<StorageClass> asked) {
    CopyObjectInput copy{
        .bucket = "bucket", .copy_source = "bucket/from", .key = "to", .storage_class = asked};
    run(service_->copy_object(c, std::move(copy))).value();
    return get({.bucket = "bucket", .key = "to"}).value().storage_class;
  };
  EXPECT_EQ(class_of_copy({}), std::nullopt);
  EXPECT_EQ(class_of_copy(StorageClass::glacier_ir), StorageClass::glacier_ir);
}

TEST_F(S3Test, AnEventBecomesAnObject) {
  Target target;
  const delivery::Event event{.scope = {.account = "000000000000", .region = "us-east-1"},
                              .payload = std::string(100'000, 'e'),
                              .now = clock_.now()};
  delivery::Address to{.kind = "s3"};
  to.parameters = {{"bucket", "bucket"}, {"key", "device/1"}};
  store_->transact_blocking([&](store::Txn& tx) { return target.deliver(tx, to, event); }).value();
  EXPECT_EQ(read({.bucket = "bucket", .key = "device/1"}), event.payload);
  to.parameters["bucket"] = "nowhere";
  EXPECT_TRUE(
      store_->transact_blocking([&](store::Txn& tx) { return target.deliver(tx, to, event); })
          .error()
          .is(errors::kinds::no_such_bucket));
}

}  // namespace
}  // namespace cloudlet::s3
