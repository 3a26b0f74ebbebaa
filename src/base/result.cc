#include "base/result.h"

namespace cloudlet {

namespace errors {
const ErrorKind internal_failure{
    .name = "InternalFailure", .code = "InternalFailure", .status = 500, .fault = Fault::server};
const ErrorKind service_unavailable{.name = "ServiceUnavailable",
                                    .code = "ServiceUnavailable",
                                    .status = 503,
                                    .fault = Fault::server};
const ErrorKind invalid_argument{.name = "InvalidArgument", .code = "InvalidArgument"};
const ErrorKind not_found{.name = "NotFound", .code = "NotFound", .status = 404};
}  // namespace errors

Error::Error() : kind_(&errors::internal_failure) {}

void throw_exception_from_error(const Error& error, const boost::source_location& where) {
  throw BrokenInvariant("unhandled error " + std::string(error.kind().name) + ": " +
                        error.message() + " at " + where.to_string());
}

void invariant_broken(const char* why, const char* file, int line) {
  throw BrokenInvariant(std::string(why) + " (" + file + ":" + std::to_string(line) + ")");
}

}  // namespace cloudlet
