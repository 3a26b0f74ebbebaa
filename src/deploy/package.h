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

// The same, for the template alone.
Task<Result<std::string>> package_template(wire::Caller& caller, std::string text,
                                           std::filesystem::path folder, Scope scope);

std::string package_bucket(const Scope& scope);

}  // namespace cloudlet::deploy
