#include "deploy/package.h"

#include <boost/json/serialize.hpp>
#include <fstream>
#include <functional>
#include <sstream>

#include "base/digest.h"
#include "base/encoding.h"
#include "deploy/document.h"
#include "deploy/zip.h"
#include "gen/s3/api.h"

namespace cloudlet::deploy {
namespace {

Result<std::string> read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return invalid("cannot read " + path.string());
  std::stringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

// A text that names something on this machine: not an object in a bucket.
bool is_local(const json::value* value) {
  if (value == nullptr || !value->is_string()) return false;
  const std::string_view text = value->get_string();
  return !text.starts_with("s3://") && !text.starts_with("https://") &&
         !text.starts_with("http://");
}

Result<std::string> code_at(const std::filesystem::path& path) {
  if (path.extension() == ".zip" && std::filesystem::is_regular_file(path)) return read_text(path);
  TRY(auto entries, read_folder(path));
  return make_zip(std::move(entries));
}

Task<Result<void>> make_bucket(s3::Client& client, const std::string& bucket,
                               const std::string& region) {
  s3::HeadBucketInput look{.bucket = bucket};
  const auto there = co_await client.head_bucket(std::move(look));
  if (there.has_value()) co_return Result<void>();
  s3::CreateBucketInput make{.bucket = bucket};
  if (region != "us-east-1")
    make.create_bucket_configuration = s3::CreateBucketConfiguration{
        .location_constraint = s3::parse_bucket_location_constraint(region)};
  CO_CHECK(co_await client.create_bucket(std::move(make)));
  co_return Result<void>();
}

// Under a key that is the content's hash: what is there need not be sent again. Answers whether it
// was sent.
Task<Result<bool>> put_once(s3::Client& client, const std::string& bucket, const std::string& key,
                            std::string bytes) {
  s3::HeadObjectInput look{.bucket = bucket, .key = key};
  const auto there = co_await client.head_object(std::move(look));
  if (there.has_value()) co_return false;
  s3::PutObjectInput put{.body = wire::Body(std::move(bytes)), .bucket = bucket, .key = key};
  CO_CHECK(co_await client.put_object(std::move(put)));
  co_return true;
}

// One place in the template that may name local code.
struct Place {
  std::string resource;
  json::object* holder;
  std::string member;
  bool serverless;
};

std::vector<Place> places(json::object& root) {
  std::vector<Place> found;
  if (auto* globals = root.if_contains("Globals"); globals != nullptr && globals->is_object())
    if (auto* functions = globals->get_object().if_contains("Function");
        functions != nullptr && functions->is_object())
      found.push_back({"Globals", &functions->get_object(), "CodeUri", true});
  auto* resources = root.if_contains("Resources");
  if (resources == nullptr || !resources->is_object()) return found;
  for (auto& member : resources->get_object()) {
    auto* resource = member.value().if_object();
    auto* type = resource == nullptr ? nullptr : resource->if_contains("Type");
    auto* properties = resource == nullptr ? nullptr : resource->if_contains("Properties");
    if (type == nullptr || properties == nullptr || !properties->is_object()) continue;
    if (*type == json::value("AWS::Serverless::Function"))
      found.push_back({std::string(member.key()), &properties->get_object(), "CodeUri", true});
    if (*type == json::value("AWS::Lambda::Function"))
      found.push_back({std::string(member.key()), &properties->get_object(), "Code", false});
  }
  return found;
}

}  // namespace

std::string package_bucket(const Scope& scope) {
  return "cloudlet-packages-" + scope.account + "-" + scope.region;
}

Task<Result<std::string>> upload_template(wire::Caller& caller, std::string body, Scope scope) {
  if (body.size() > template_bytes_max)
    co_return invalid("the template has " + std::to_string(body.size()) +
                      " bytes; CloudFormation takes " + std::to_string(template_bytes_max) +
                      " at most");
  const std::string bucket = package_bucket(scope);
  const std::string key = to_hex(sha256(body)) + ".template";
  s3::Client client(caller);
  CO_CHECK(co_await make_bucket(client, bucket, scope.region));
  CO_CHECK(co_await put_once(client, bucket, key, std::move(body)));
  co_return "https://s3." + scope.region + ".amazonaws.com/" + bucket + "/" + key;
}

Task<Result<Packaged>> package(wire::Caller& caller, std::string text, std::filesystem::path folder,
                               Scope scope) {
  const std::string bucket = package_bucket(scope);
  CO_TRY(Document document, parse_document(text, Aliases::expand));
  s3::Client client(caller);
  Packaged packaged;
  bool bucket_ready = false;
  for (auto& place : places(document.root)) {
    auto* value = place.holder->if_contains(place.member);
    if (!is_local(value)) continue;
    PackagedCode code{.resource = place.resource, .path = std::string(value->get_string())};
    auto bytes = code_at(folder / code.path);
    if (bytes.has_error())
      co_return invalid("Resource " + place.resource + ": " + bytes.error().message() + " (its " +
                        place.member + " is " + code.path + ")");
    code.bytes = bytes->size();
    code.key = to_hex(sha256(*bytes)) + ".zip";
    if (!bucket_ready) CO_CHECK(co_await make_bucket(client, bucket, scope.region));
    bucket_ready = true;
    CO_TRY(code.uploaded, co_await put_once(client, bucket, code.key, std::move(*bytes)));
    if (place.serverless)
      *value = "s3://" + bucket + "/" + code.key;
    else
      *value = json::object{{"S3Bucket", bucket}, {"S3Key", code.key}};
    packaged.code.push_back(std::move(code));
  }
  // As it was written, where nothing had to change and the service reads it as it is.
  const bool as_written = packaged.code.empty() && parse_document(text).has_value();
  packaged.body = as_written ? text : json::serialize(document.root);
  co_return packaged;
}

}  // namespace cloudlet::deploy
