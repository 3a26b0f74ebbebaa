// Local code into a bucket: what `cloudlet deploy` does with a template before it hands it to CloudFormation, as
// `aws cloudformation package` does.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/task.h"

namespace cloudlet::wire {
class Caller;
}

namespace cloudlet::deploy {

struct PackagedCode {
  std::string resource;  // logical id, or "Globals"
  std::string path;      // as the template wrote it
  std::string key;       // in the bucket: the hash of the content, so that unchanged code changes nothing
  std::size_t bytes = 0;
  bool uploaded = false;  // false: it was there already
};

struct Packaged {
  std::string body;  // JSON: aliases expanded, local paths replaced
  std::vector<PackagedCode> code;
};

// Reads the template and replaces each local `CodeUri` of AWS::Serverless::Function (also in Globals) and `Code` of
// AWS::Lambda::Function by what it uploads to `bucket` (made if it is not there). A folder or file is zipped, a .zip is taken as
// it is; paths count from the template's folder. Errors: invalid_argument with a sentence that names the resource, or S3's.
Task<Result<Packaged>> package(std::filesystem::path template_path, wire::Caller& caller, std::string bucket, std::string region);

}  // namespace cloudlet::deploy
