// Results and errors: what a service models is a value, never an exception.
//
// An `Error` points at a constant `ErrorKind` (generated from the service models, or declared
// beside the code that returns it) and carries the sentence the caller reads. Exceptions are for
// broken invariants and broken machines; they are caught in one place (services/host).
#pragma once

#include <boost/system/result.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace boost::json {
class object;
}

namespace cloudlet {

enum class Fault { client, server };

// One kind of refusal as the wire knows it.
struct ErrorKind {
  std::string_view
      name;  // shape name: "ResourceNotFoundException"; JSON protocols and headers say this
  std::string_view
      code;          // query and XML code: "NotFound"; equals `name` where the service has no other
  int status = 400;  // HTTP status
  Fault fault = Fault::client;  // who is to blame: "Sender" or "Receiver" in query answers
};

// A refusal: which kind, and the sentence the caller reads. Cheap to move.
class Error {
 public:
  Error();  // an internal failure without a text: what boost::system::result asks for
  Error(const ErrorKind& kind, std::string message) : kind_(&kind), message_(std::move(message)) {}

  const ErrorKind& kind() const { return *kind_; }
  const std::string& message() const { return message_; }
  bool is(const ErrorKind& kind) const { return kind_ == &kind || kind_->name == kind.name; }

  // Members that a few error shapes have beside the message (S3's `Key`, Lambda's `Type`).
  const std::shared_ptr<const boost::json::object>& members() const { return members_; }
  Error with(std::shared_ptr<const boost::json::object> members) && {
    members_ = std::move(members);
    return std::move(*this);
  }

 private:
  const ErrorKind* kind_;
  std::string message_;
  std::shared_ptr<const boost::json::object> members_;
};

template <class T = void>
using Result = boost::system::result<T, Error>;

// `Result::value()` on an error is a bug of the caller; found by argument-dependent lookup.
[[noreturn]] void throw_exception_from_error(const Error& error,
                                             const boost::source_location& where);

// A broken invariant: the request ends with the protocol's internal failure, and the log says why.
class BrokenInvariant : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] void invariant_broken(const char* why, const char* file, int line);

// Stays on in release builds.
#define assert_that(condition, why) \
  do { \
    if (!(condition)) [[unlikely]] \
      ::cloudlet::invariant_broken(why, __FILE__, __LINE__); \
  } while (false)

// Errors that belong to no service model.
namespace errors {
extern const ErrorKind internal_failure;  // 500
extern const ErrorKind
    service_unavailable;                  // 503: the disk is full, a queue is full: try again later
extern const ErrorKind invalid_argument;  // 400: for rooms below the services
extern const ErrorKind not_found;         // 404
}  // namespace errors

inline Error invalid(std::string message) {
  return Error(errors::invalid_argument, std::move(message));
}

}  // namespace cloudlet

#define CLOUDLET_JOIN_(a, b) a##b
#define CLOUDLET_JOIN(a, b) CLOUDLET_JOIN_(a, b)
#define CLOUDLET_TRY_(result, declaration, ...) \
  auto result = (__VA_ARGS__); \
  if (result.has_error()) [[unlikely]] \
    return std::move(result).error(); \
  declaration = *std::move(result)
#define CLOUDLET_CO_TRY_(result, declaration, ...) \
  auto result = (__VA_ARGS__); \
  if (result.has_error()) [[unlikely]] \
    co_return std::move(result).error(); \
  declaration = *std::move(result)

// TRY(const Queue queue, find_queue(tx, url)): return the error, or go on with the value.
#define TRY(declaration, ...) \
  CLOUDLET_TRY_(CLOUDLET_JOIN(try_result_, __COUNTER__), declaration, __VA_ARGS__)
// CHECK(check_message(queue, in)): return the error, or go on.
#define CHECK(...) \
  do { \
    if (auto check_result_ = (__VA_ARGS__); check_result_.has_error()) [[unlikely]] \
      return std::move(check_result_).error(); \
  } while (false)
// The same two inside a coroutine.
#define CO_TRY(declaration, ...) \
  CLOUDLET_CO_TRY_(CLOUDLET_JOIN(try_result_, __COUNTER__), declaration, __VA_ARGS__)
#define CO_CHECK(...) \
  do { \
    if (auto check_result_ = (__VA_ARGS__); check_result_.has_error()) [[unlikely]] \
      co_return std::move(check_result_).error(); \
  } while (false)
