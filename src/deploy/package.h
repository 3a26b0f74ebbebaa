// Local code into a bucket: what `cloudlet deploy` does with a template before it hands it to
// CloudFormation, as `aws cloudformation package` does.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/arn.h"
#include "base/result.h"
#include "base/task.h"

namespace cloudlet::wire {
class Caller;
}

namespace cloudlet::deploy {

struct PackagedCode {
  std::string resource;  // logical id, or "Globals"
  std::string path;      // as the template wrote it
  std::string
      key;  // in the bucket: the hash of the content, so that unchanged code changes nothing
  std::size_t bytes = 0;
  bool uploaded = false;  // false: it was there already
};

struct Packaged {
  std::string body;  // JSON: aliases expanded, local paths replaced
  std::vector<PackagedCode> code;
};

// Replaces each local `CodeUri` of AWS::Serverless::Function (also in Globals) and `Code` of
// AWS::Lambda::Function in the template `text` by what it uploads to the bucket
// `package_bucket(scope)` (made if it is not there). A folder or file is zipped, a .zip is taken as
// it is; paths count from `folder`, the template's. Errors: invalid_argument with a sentence that
// names the resource, or S3's.
Task<Result<Packaged>> package(wire::Caller& caller, std::string text, std::filesystem::path folder,
                               Scope scope);

// A template that is too large to be sent in a request (`inline_bytes_max`) goes into the same
// bucket. Answers the TemplateURL that names it there. Errors: invalid_argument if it is larger
// than any template may be, or S3's.
Task<Result<std::string>> upload_template(wire::Caller& caller, std::string body, Scope scope);

std::string package_bucket(const Scope& scope);

}  // namespace cloudlet::deploy
