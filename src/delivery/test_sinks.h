// For tests: an SMTP server and an HTTP server on loopback that keep what they get and answer as
// they are told.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/task.h"

namespace cloudlet::delivery {

// Accepts on a free port of 127.0.0.1, on a thread of its own.
class Sink {
 public:
  using Tcp = asio::ip::tcp;

  Sink()
      : acceptor_(context_, Tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)),
        tasks_(context_.get_executor()) {}
  virtual ~Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  std::string host_and_port() const {
    return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }

  // Blocks until `count` messages have come; false after ten seconds.
  bool wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    return arrived_.wait_for(lock, std::chrono::seconds(10), [&] { return count_ >= count; });
  }
  std::size_t count() {
    const std::scoped_lock lock(mutex_);
    return count_;
  }

 protected:
  using Socket = std::shared_ptr<Tcp::socket>;
  virtual Task<> serve(Socket socket) = 0;

  // The derived class calls these: its members are in use between them.
  void open() {
    tasks_.spawn("accept", accept());
    thread_ = std::thread([this] { context_.run(); });
  }
  void close() {
    tasks_.stop();
    context_.stop();
    thread_.join();
  }
  void arrived() {
    ++count_;
    arrived_.notify_all();
  }

  // One line without its end; empty text and false when the peer went away.
  static Task<bool> read_line(Tcp::socket& socket, std::string& buffer, std::string& line) {
    boost::system::error_code failure;
    auto token = asio::redirect_error(asio::use_awaitable, failure);
    const std::size_t size = co_await asio::async_read_until(socket, asio::dynamic_buffer(buffer),
                                                             "\r\n", std::move(token));
    if (failure) co_return false;
    line = buffer.substr(0, size - 2);
    buffer.erase(0, size);
    co_return true;
  }
  static Task<> write(Tcp::socket& socket, std::string text) {
    boost::system::error_code failure;
    auto token = asio::redirect_error(asio::use_awaitable, failure);
    co_await asio::async_write(socket, asio::buffer(text), std::move(token));
  }

  std::mutex mutex_;

 private:
  Task<> accept() {
    for (;;) {
      auto socket = std::make_shared<Tcp::socket>(context_);
      co_await acceptor_.async_accept(*socket, asio::use_awaitable);
      tasks_.spawn("connection", serve(socket));
    }
  }

  asio::io_context context_;
  Tcp::acceptor acceptor_;
  TaskGroup tasks_;
  std::condition_variable arrived_;
  std::size_t count_ = 0;
  std::thread thread_;
};

class SmtpSink : public Sink {
 public:
  struct Message {
    std::string from, to, data;  // data: with the dots of the protocol taken off
  };
  // What RCPT TO is answered for this recipient, the n-th time it is named (from 1).
  std::function<std::string(const std::string& to, int n)> verdict = [](const std::string&, int) {
    return "250 ok";
  };

  SmtpSink() { open(); }
  ~SmtpSink() override { close(); }

  std::string url() const { return "smtp://" + host_and_port() + "/"; }
  std::vector<Message> messages() {
    const std::scoped_lock lock(mutex_);
    return messages_;
  }

 private:
  Task<> serve(Socket socket) override {
    std::string buffer, line;
    Message message;
    co_await write(*socket, "220 sink ready\r\n");
    while (co_await read_line(*socket, buffer, line)) {
      if (line.starts_with("EHLO")) {
        co_await write(*socket, "250-sink\r\n250 8BITMIME\r\n");
      } else if (line.starts_with("MAIL FROM:")) {
        message = {.from = line.substr(10)};
        co_await write(*socket, "250 ok\r\n");
      } else if (line.starts_with("RCPT TO:")) {
        message.to = line.substr(8);
        co_await write(*socket, judge(message.to) + "\r\n");
      } else if (line == "DATA") {
        co_await write(*socket, "354 go on\r\n");
        co_await read_data(*socket, buffer, message.data);
        keep(message);
        co_await write(*socket, "250 2.0.0 queued\r\n");
      } else if (line == "QUIT") {
        co_await write(*socket, "221 bye\r\n");
        co_return;
      } else {
        co_await write(*socket, "250 ok\r\n");
      }
    }
  }

  Task<> read_data(Tcp::socket& socket, std::string& buffer, std::string& data) {
    std::string line;
    while (co_await read_line(socket, buffer, line)) {
      if (line == ".") co_return;
      data += (line.starts_with(".") ? line.substr(1) : line) + "\r\n";
    }
  }
  std::string judge(const std::string& to) {
    const std::scoped_lock lock(mutex_);
    return verdict(to, ++named_[to]);
  }
  void keep(const Message& message) {
    const std::scoped_lock lock(mutex_);
    messages_.push_back(message);
    arrived();
  }

  std::map<std::string, int> named_;
  std::vector<Message> messages_;
};

class HttpSink : public Sink {
 public:
  struct Request {
    std::string head, body;
  };
  // Status of the answer to the n-th request (from 1); 0: never answers.
  std::function<int(const Request& request, int n)> verdict = [](const Request&, int) {
    return 200;
  };
  std::string extra;  // further header lines of each answer, each with its line end
  std::string answer = "ok";

  HttpSink() { open(); }
  ~HttpSink() override { close(); }

  std::string url() const { return "http://" + host_and_port() + "/hook"; }
  std::vector<Request> requests() {
    const std::scoped_lock lock(mutex_);
    return requests_;
  }

 private:
  Task<> serve(Socket socket) override {
    std::string buffer, line;
    for (;;) {
      Request request;
      std::size_t length = 0;
      while (co_await read_line(*socket, buffer, line) && !line.empty()) {
        request.head += line + "\n";
        if (line.starts_with("Content-Length: "))
          length = std::strtoul(line.c_str() + 16, nullptr, 10);
      }
      if (request.head.empty()) co_return;
      boost::system::error_code failure;
      auto token = asio::redirect_error(asio::use_awaitable, failure);
      const std::size_t missing = length > buffer.size() ? length - buffer.size() : 0;
      co_await asio::async_read(*socket, asio::dynamic_buffer(buffer),
                                asio::transfer_exactly(missing), std::move(token));
      request.body = buffer.substr(0, length);
      buffer.erase(0, length);
      const int status = keep(request);
      if (status == 0) {
        co_await read_line(*socket, buffer, line);  // until the client gives up
        co_return;
      }
      co_await write(*socket, "HTTP/1.1 " + std::to_string(status) + " Said\r\n" + extra +
                                  "Content-Length: " + std::to_string(answer.size()) + "\r\n\r\n" +
                                  answer);
    }
  }
  int keep(const Request& request) {
    const std::scoped_lock lock(mutex_);
    requests_.push_back(request);
    arrived();
    return verdict(request, static_cast<int>(requests_.size()));
  }

  std::vector<Request> requests_;
};

}  // namespace cloudlet::delivery
