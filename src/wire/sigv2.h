// AWS Signature Version 2 as S3 still takes it: boto3 presigns with it by default when an endpoint
// is given. https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
#pragma once

#include <optional>
#include <string>

#include "wire/http.h"
#include "wire/sigv4.h"

namespace cloudlet::wire::sigv2 {

// "Authorization: AWS key:signature" or AWSAccessKeyId, Signature and Expires in the query. Service
// is "s3", region empty; `timestamp` is the Date header or `expires` the moment in seconds since
// 1970.
std::optional<sigv4::Signature> parse(const Request& request);

// `request` in path style, as the router leaves it.
std::string string_to_sign(const Request& request, const sigv4::Signature& signature);

// HMAC-SHA1 in base64.
std::string sign(const std::string& secret, const std::string& text);

}  // namespace cloudlet::wire::sigv2
