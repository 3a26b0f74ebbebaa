// Proves the head parser and the chunked decoder against good, sloppy and hostile bytes.
#include "wire/http_head.h"

#include <gtest/gtest.h>

#include "wire/http_chunked.h"

namespace cloudlet::wire {
namespace {

using namespace std::string_literals;

struct Parsed {
  RequestHead head;
  HeadFault fault;
};

Parsed parse(std::string text) {
  Parsed parsed;
  parsed.fault = parse_request_head(text, {}, parsed.head);
  return parsed;
}

TEST(RequestHead, KeepsOrderSpellingAndDuplicates) {
  const Parsed got = parse(
      "PUT /b/a%20b?x-id=PutObject HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a:\t2 "
      "\r\nEmpty:\r\nContent-Length: 5\r\n\r\n");
  ASSERT_FALSE(got.fault) << got.fault.why;
  EXPECT_EQ(got.head.method, "PUT");
  EXPECT_EQ(got.head.target, "/b/a%20b?x-id=PutObject");
  ASSERT_EQ(got.head.headers.size(), 5u);
  EXPECT_EQ(got.head.headers[2].name, "x-a");
  EXPECT_EQ(got.head.headers.joined("X-a"), "1, 2");
  EXPECT_EQ(got.head.headers.get("EMPTY", "?"), "");
  EXPECT_EQ(got.head.framing.kind, Framing::Kind::length);
  EXPECT_EQ(got.head.framing.length, 5u);
  EXPECT_TRUE(got.head.keep_alive);
}

TEST(RequestHead, MovesWithoutLosingItsHeaders) {
  Parsed got = parse("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const Headers moved = std::move(got.head.headers);
  const Headers copied = moved;
  EXPECT_EQ(copied.get("host"), "a");
}

TEST(RequestHead, AbsoluteFormBecomesHostAndPath) {
  const Parsed got =
      parse("GET http://bucket.localhost:4566?list-type=2 HTTP/1.1\r\nHost: other\r\n\r\n");
  ASSERT_FALSE(got.fault);
  EXPECT_EQ(got.head.target, "/?list-type=2");
  EXPECT_EQ(got.head.headers.get("Host"), "bucket.localhost:4566");
}

TEST(RequestHead, KeepAliveByVersion) {
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n").head.keep_alive);
  EXPECT_TRUE(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").head.keep_alive);
  EXPECT_FALSE(
      parse("GET / HTTP/1.1\r\nHost: h\r\nConnection: foo, CLOSE\r\n\r\n").head.keep_alive);
}

TEST(RequestHead, EachFaultHasItsStatus) {
  const std::pair<std::string, int> cases[] = {
      {"GET /\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"G(T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET nowhere HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET /\x01 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
      {"GET / HTTX/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\nNo colon\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\nSpace : x\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n"s, 400},
      {"GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {"PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"PUT / HTTP/1.1\r\nHost: h\r\nExpect: miracles\r\n\r\n", 417},
      {"GET /" + std::string(17'000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414},
  };
  for (const auto& [text, status] : cases)
    EXPECT_EQ(parse(text).fault.status, status) << text.substr(0, 60);
  std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 201; ++i) many += "X: 1\r\n";
  EXPECT_EQ(parse(many + "\r\n").fault.status, 431);
}

TEST(HeadScanner, FindsTheEndHoweverItComes) {
  const std::string text = "GET / HTTP/1.1\r\nHost: h\r\n\r\nrest";
  HeadScanner scanner;
  std::size_t size = 0;
  while (scanner.scan(std::string_view(text).substr(0, size)) == HeadScanner::State::incomplete)
    ++size;
  EXPECT_EQ(scanner.size(), text.size() - 4);
  HeadScanner bare;
  EXPECT_EQ(bare.scan("GET / HTTP/1.1\nHost: h\n\n"), HeadScanner::State::bad);
}

TEST(ResponseHead, Parses) {
  ResponseHead head;
  ASSERT_FALSE(
      parse_response_head("HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\n", {}, head));
  EXPECT_EQ(head.status, 404);
  EXPECT_FALSE(head.until_close);
  ResponseHead endless;
  ASSERT_FALSE(parse_response_head("HTTP/1.0 200 OK\r\n\r\n", {}, endless));
  EXPECT_TRUE(endless.until_close);
  EXPECT_FALSE(endless.keep_alive);
  ResponseHead bad;
  EXPECT_TRUE(parse_response_head("HTTP/1.1 20 OK\r\n\r\n", {}, bad));
  EXPECT_TRUE(parse_response_head("SSH-2.0-x\r\n\r\n", {}, bad));
}

TEST(Chunked, DecodesHoweverItIsCutAndLeavesTheRest) {
  const std::string body = "5;ext=\"1\"\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: x\r\n\r\n";
  for (std::size_t step = 1; step <= body.size(); ++step) {
    ChunkedDecoder decoder;
    std::string out;
    auto state = ChunkedDecoder::State::more;
    for (std::size_t at = 0; at < body.size(); at += step) {
      std::string_view piece = std::string_view(body).substr(at, step);
      state = decoder.decode(piece, out, 100);
      ASSERT_TRUE(piece.empty());
    }
    EXPECT_EQ(state, ChunkedDecoder::State::done);
    EXPECT_EQ(out, "hello world");
  }
  ChunkedDecoder decoder;
  std::string out;
  std::string_view two = "1\r\na\r\n0\r\n\r\nGET /";
  EXPECT_EQ(decoder.decode(two, out, 100), ChunkedDecoder::State::done);
  EXPECT_EQ(two, "GET /");
}

TEST(Chunked, RefusesGarbage) {
  for (const std::string body : {"g\r\n", "\r\n", "5\r\nhelloX", "5\nhello", "1000000000000000\r\n",
                                 "5\r\nhello\r\r", "0\r\n\n", "5 x\n"}) {
    ChunkedDecoder decoder;
    std::string out;
    std::string_view rest = body;
    EXPECT_EQ(decoder.decode(rest, out, 100), ChunkedDecoder::State::bad) << body;
    EXPECT_EQ(decoder.decode(rest = "0\r\n\r\n", out, 100), ChunkedDecoder::State::bad) << body;
  }
  ChunkedDecoder decoder;
  std::string out;
  const std::string huge = "5;" + std::string(20'000, 'x');
  std::string_view rest = huge;
  EXPECT_EQ(decoder.decode(rest, out, 100), ChunkedDecoder::State::bad);
}

TEST(Chunked, StopsWhenThereIsNoRoom) {
  ChunkedDecoder decoder;
  std::string out;
  std::string_view rest = "a\r\n0123456789\r\n0\r\n\r\n";
  EXPECT_EQ(decoder.decode(rest, out, 4), ChunkedDecoder::State::more);
  EXPECT_EQ(out, "0123");
  EXPECT_EQ(decoder.decode(rest, out, 100), ChunkedDecoder::State::done);
  EXPECT_EQ(out, "0123456789");
}

}  // namespace
}  // namespace cloudlet::wire
