// A runtime with its event loop, folders and log, for tests.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <mutex>
#include <thread>

#include "runtime/runtime.h"

namespace cloudlet::runtime::testing {

class Lines : public LogStream {
 public:
  void append(Time, std::string message) override {
    std::scoped_lock lock(mutex_);
    text_ += message;
    if (!message.ends_with('\n')) text_ += '\n';
    ++events_;
  }
  void flush() override {}
  bool congested() const override { return false; }
  void when_drained(std::function<void()> go_on) override { go_on(); }
  std::string text() const {
    std::scoped_lock lock(mutex_);
    return text_;
  }
  std::size_t events() const {
    std::scoped_lock lock(mutex_);
    return events_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
  std::size_t events_ = 0;
};

class RuntimeTest : public ::testing::Test {
 protected:
  RuntimeTest() {
    char name[] = "/tmp/cloudlet-runtime-test-XXXXXX";
    folder_ = ::mkdtemp(name);
    options_.programs = folder_ / "programs";
    options_.packages = folder_ / "packages";
    options_.log = [this](const Function&, const std::string&) { return log_; };
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~RuntimeTest() override {
    if (runtime_) runtime_->stop();
    guard_.reset();
    loop_.stop();
    thread_.join();
    runtime_.reset();
    std::filesystem::remove_all(folder_);
  }

  void TearDown() override {
    if (HasFailure()) std::cerr << "the function's log:\n" << log_->text();
  }

  Runtime& runtime() {
    if (!runtime_) {
      // On a thread of its own: a host that gives less is one whose thread has given things up.
      std::thread([this] {
        host_();
        auto started = Runtime::start(options_, clock_, *random_, loop_.get_executor());
        EXPECT_TRUE(started.has_value()) << (started.has_value() ? "" : started.error().message());
        runtime_ = std::move(*started);
      }).join();
    }
    return *runtime_;
  }

  // A package of one file: `bootstrap` copied from a built program, or a Python module.
  void package(const std::string& name, const std::string& file, const std::string& text) {
    std::filesystem::create_directories(options_.packages / name);
    std::ofstream(options_.packages / name / file) << text;
    std::filesystem::permissions(options_.packages / name / file, std::filesystem::perms(0755));
  }
  std::shared_ptr<Function> native(const std::string& name = "sample") {
    std::filesystem::create_directories(options_.packages / "sample");
    std::filesystem::copy_file(SAMPLE_FUNCTION, options_.packages / "sample" / "bootstrap",
                               std::filesystem::copy_options::skip_existing);
    auto function = any(name);
    function->runtime = "provided.al2023";
    function->handler = "bootstrap";
    function->package = "sample";
    return function;
  }
  std::shared_ptr<Function> python(const std::string& name, const std::string& code,
                                   const std::string& handler = "app.handler") {
    package(name, "app.py", code);
    auto function = any(name);
    function->runtime = "python3.11";
    function->language = Language::python;
    function->handler = handler;
    function->package = name;
    return function;
  }

  Result<Answer> invoke(std::shared_ptr<const Function> function, std::string payload) {
    Invocation invocation{.request_id = random_->uuid(), .payload = std::move(payload)};
    auto future = asio::co_spawn(
        loop_, runtime().invoke(std::move(function), std::move(invocation)), asio::use_future);
    if (future.wait_for(std::chrono::seconds(60)) != std::future_status::ready) {
      ADD_FAILURE() << "no answer within a minute; log:\n" << log_->text();
      return invalid("no answer");
    }
    return future.get();
  }
  std::string answer(std::shared_ptr<const Function> function, std::string payload) {
    auto result = invoke(std::move(function), std::move(payload));
    return result.has_error() ? "error: " + result.error().message() : result->payload;
  }

  std::filesystem::path folder_;
  Clock clock_;
  std::unique_ptr<Random> random_ = system_random();
  Options options_;
  std::shared_ptr<Lines> log_ = std::make_shared<Lines>();
  std::function<void()> host_ = [] {};  // runs before the runtime starts, on the same thread
  asio::io_context loop_;
  asio::executor_work_guard<asio::io_context::executor_type> guard_ = asio::make_work_guard(loop_);
  std::thread thread_;
  std::unique_ptr<Runtime> runtime_;

 private:
  std::shared_ptr<Function> any(const std::string& name) {
    auto function = std::make_shared<Function>();
    function->scope = {.account = "000000000000", .region = "us-east-1"};
    function->name = name;
    function->arn = "arn:aws:lambda:us-east-1:000000000000:function:" + name;
    function->revision = "1";
    function->log_group = "/aws/lambda/" + name;
    return function;
  }
};

}  // namespace cloudlet::runtime::testing
