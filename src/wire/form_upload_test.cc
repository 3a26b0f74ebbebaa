// Proves that a browser's form is read the same however its bytes arrive, that what is not one is
// refused, and that a policy allows what it says and nothing else.
#include "wire/form_upload.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <future>

#include "base/encoding.h"
#include "wire/post_policy.h"

namespace cloudlet::wire {
namespace {

class Pieces : public BodySource {
 public:
  Pieces(std::string bytes, std::size_t step) : bytes_(std::move(bytes)), step_(step) {}
  Task<Result<std::string>> read() override {
    std::string piece = bytes_.substr(std::min(at_, bytes_.size()), step_);
    at_ += piece.size();
    co_return piece;
  }

 private:
  std::string bytes_;
  std::size_t step_, at_ = 0;
};

template <class T>
T run(Task<T> task) {
  asio::io_context io;
  auto future = asio::co_spawn(io, std::move(task), asio::use_future);
  io.run();
  return future.get();
}

Request form(const std::string& body, std::size_t step = 1 << 20) {
  Request request{.method = "POST", .target = "/bucket"};
  request.headers.add("Host", "localhost");
  request.headers.add("x-amz-meta-late", "no field");
  request.headers.add("Content-Type", "multipart/form-data; boundary=\"b\"");
  request.body = Body(std::make_unique<Pieces>(body, step), std::nullopt);
  return request;
}

const std::string good =
    "--b\r\nContent-Disposition: form-data; name=\"Key\"\r\n\r\nup/${filename}\r\n"
    "--b\r\nContent-Disposition: form-data; name=\"x-amz-meta-who\"\r\n\r\nme\r\n"
    "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b?\"\r\n"
    "Content-Type: x/y\r\n\r\nbytes\r\n--\r\n-b\r\n--b--\r\n";

TEST(FormUpload, IsReadTheSameHoweverItArrives) {
  for (std::size_t step = 1; step < 40; ++step) {
    Request request = form(good, step);
    ASSERT_TRUE(is_form_upload(request));
    ASSERT_TRUE(run(FormUpload::open(request)).has_value());
    EXPECT_EQ(request.method + " " + request.target, "PUT /bucket/up/a%20b%3F");
    EXPECT_EQ(request.headers.get("x-amz-meta-who"), "me");
    EXPECT_FALSE(request.headers.has("x-amz-meta-late"));
    EXPECT_EQ(run(request.body.read_all(1000)).value(), "bytes\r\n--\r\n-b");
  }
}

std::string with(std::string text, std::string_view from, std::string_view to) {
  return text.replace(text.find(from), from.size(), to);
}

// A name with a blank went out as a header that stops clients from reading the rest.
TEST(FormUpload, WhatCannotBeAHeaderIsRefused) {
  const auto taken = [](const std::string& body) {
    Request request = form(body);
    return run(FormUpload::open(request)).has_value();
  };
  EXPECT_FALSE(taken(with(good, "meta-who", "meta-a b")));
  EXPECT_FALSE(taken(with(good, "\r\nme\r\n", "\r\nm\re\r\n")));
  EXPECT_TRUE(taken(with(good, "x-amz-meta-who", "user[name]")));
  const std::string redirects = with(good, "x-amz-meta-who", "success_action_redirect");
  EXPECT_TRUE(taken(redirects));
  EXPECT_FALSE(taken(with(redirects, "\r\nme\r\n", "\r\nhttp://a/\nSet-Cookie: b\r\n")));
}

TEST(FormUpload, ParametersAreNamedInAnyCase) {
  Request request = form(good);
  request.headers.set("Content-Type", "Multipart/Form-Data; BOUNDARY=b");
  ASSERT_TRUE(is_form_upload(request));
  EXPECT_TRUE(run(FormUpload::open(request)).has_value());
}

TEST(FormUpload, GoesBackToAnAddressWithItsQueryInFrontOfItsFragment) {
  Request request = form(with(with(good, "x-amz-meta-who", "success_action_redirect"), "\r\nme\r\n",
                              "\r\nhttp://a/b?x=1#top\r\n"));
  const auto upload = run(FormUpload::open(request));
  ASSERT_TRUE(upload.has_value());
  Response response;
  response.headers.set("ETag", "e");
  upload->answer(response, request, "http://localhost");
  EXPECT_EQ(response.headers.get("Location"),
            "http://a/b?x=1&bucket=bucket&key=up%2Fa%20b%3F&etag=e#top");
}

TEST(FormUpload, WhatIsNoFormIsRefused) {
  const auto refusal = [](const std::string& body) {
    Request request = form(body);
    const auto upload = run(FormUpload::open(request));
    return std::string(upload.has_error() ? upload.error().kind().name : "");
  };
  EXPECT_EQ(refusal(""), "MalformedPOSTRequest");
  EXPECT_EQ(refusal("--b--\r\n"), "InvalidArgument");
  EXPECT_EQ(refusal("--b\r\n\r\nno name\r\n--b--\r\n"), "MalformedPOSTRequest");
  EXPECT_EQ(refusal("--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n--b--\r\n"),
            "InvalidArgument");
  EXPECT_EQ(refusal(std::string(30'000, 'x')), "MaxPostPreDataLengthExceeded");
  EXPECT_EQ(refusal(with(good, "x-amz-meta-who", "x-amz-copy-src")), "NotImplemented");
  Request cut = form(good.substr(0, good.size() - 8));
  ASSERT_TRUE(run(FormUpload::open(cut)).has_value());
  EXPECT_EQ(run(cut.body.read_all(1000)).error().kind().name, "MalformedPOSTRequest");
}

TEST(PostPolicy, AllowsWhatItSaysAndNothingElse) {
  const auto check = [](const std::string& conditions, const FormFields& fields) {
    const std::string policy = to_base64(
        "{\"expiration\": \"2030-01-01T00:00:00.000Z\", "
        "\"conditions\": [" +
        conditions + "]}");
    const auto allowed = check_post_policy(policy, fields, from_millis(1'600'000'000'000));
    return allowed.has_value() ? std::string() : allowed.error().message();
  };
  EXPECT_EQ(check(R"({"Key": "k"})", {{"key", "k"}, {"policy", "p"}, {"x-ignore-me", ""}}), "");
  EXPECT_EQ(check(R"(["starts-with", "$key", ""])", {{"key", "anything"}}), "");
  EXPECT_EQ(check(R"({"key": "k"})", {{"key", "other"}}),
            R"(Invalid according to Policy: Policy Condition failed: ["eq","$key","k"])");
  EXPECT_EQ(check(R"({"key": "k"})", {{"key", "k"}, {"acl", "private"}}),
            "Invalid according to Policy: Extra input fields: acl");
  EXPECT_NE(check(R"({"acl": ""})", {}), "");
  EXPECT_NE(check(R"(["eq", "key", "k"])", {{"key", "k"}}), "");
  EXPECT_NE(check(R"(["content-length-range", "1", 2])", {}), "");
  EXPECT_NE(check("5", {}), "");
  EXPECT_EQ(check("", {}), "");
  const std::string old = to_base64(R"({"expiration": "2020-01-01T00:00:00Z", "conditions": []})");
  EXPECT_EQ(check_post_policy(old, {}, from_millis(1'600'000'000'000)).error().message(),
            "Invalid according to Policy: Policy expired.");
}

}  // namespace
}  // namespace cloudlet::wire
