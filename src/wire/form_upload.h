// S3's POST Object: a browser's form (multipart/form-data) whose last field is the file. It becomes
// a PutObject request here: fields turn into headers, the file into a streamed body.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "wire/http.h"

namespace cloudlet::wire {

// The fields in front of the file; names in lower case, "key" with its ${filename} filled in.
using FormFields = std::map<std::string, std::string, std::less<>>;

bool is_form_upload(const Request& request);

class FormUpload {
 public:
  // Reads the fields and makes `request` the PUT that they describe. 400 MalformedPOSTRequest,
  // InvalidArgument (no key, no file), MaxPostPreDataLengthExceeded (fields above 20 KB), 501 for a
  // field of the service that is not served.
  static Task<Result<FormUpload>> open(Request& request);

  const FormFields& fields() const { return fields_; }
  // "POST /" goes to a bucket named by the host, "POST /bucket" to no such host: else a part of the
  // path would be taken for the bucket, or for the beginning of a key that no policy spoke of.
  // `request` as the router left it.
  bool names_bucket(const Request& request) const {
    return path_is_root_ == !request.sent_target.empty();
  }
  // Whether the form's own policy allows it, and that the file keeps to its content-length-range
  // (then EntityTooLarge, EntityTooSmall at the end of the body). 400 InvalidPolicyDocument, 403
  // AccessDenied. `request` as the router left it: in path style.
  Result<void> check_policy(Request& request, Time now) const;
  // What a stored object is answered with: 204, or what success_action_status and
  // success_action_redirect ask for. `endpoint`: the address that the form was sent to, without a
  // path.
  void answer(Response& response, const Request& request, const std::string& endpoint) const;

 private:
  FormFields fields_;
  bool path_is_root_ = false;
};

}  // namespace cloudlet::wire
