#include "wire/form_upload.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/encoding.h"
#include "wire/post_policy.h"
#include "wire/router.h"

namespace cloudlet::wire {
namespace {

constexpr std::size_t fields_max = 20'000;  // "The form fields ... limited to 20 KB"
const ErrorKind malformed{.name = "MalformedPOSTRequest", .code = "MalformedPOSTRequest"};
const ErrorKind too_long{.name = "MaxPostPreDataLengthExceeded",
                         .code = "MaxPostPreDataLengthExceeded"};

Error malformed_form() {
  return {malformed, "The body of your POST request is not well-formed multipart/form-data."};
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

// The value of a parameter: `boundary=x` or `name="x"`. Empty: there is none.
std::string parameter(std::string_view text, std::string_view name) {
  const std::string wanted = std::string(name) + "=";
  const std::string small = lower(text);
  for (std::size_t at = 0; (at = small.find(wanted, at)) != std::string::npos; ++at) {
    if (at > 0 && text[at - 1] != ' ' && text[at - 1] != ';') continue;
    std::string_view value = text.substr(at + wanted.size());
    if (!value.starts_with('"')) return std::string(value.substr(0, value.find_first_of("; ")));
    return std::string(value.substr(1, value.find('"', 1) - 1));
  }
  return {};
}

// The bytes of a form's body, cut at its delimiter.
class Parts {
 public:
  Parts(Body body, const std::string& boundary)
      : body_(std::move(body)), delimiter_("\r\n--" + boundary), bytes_("\r\n") {}

  // What comes before `mark`, which goes too.
  Task<Result<std::string>> until(std::string_view mark) {
    std::size_t found = 0;
    while ((found = bytes_.find(mark)) == std::string::npos) {
      if (bytes_.size() + taken_ > fields_max)
        co_return Error(too_long,
                        "Your POST request fields preceding the upload file was too large.");
      CO_TRY(const bool more, co_await fill());
      if (!more) co_return malformed_form();
    }
    std::string before = bytes_.substr(0, found);
    bytes_.erase(0, found + mark.size());
    taken_ += before.size() + mark.size();
    if (taken_ > fields_max)
      co_return Error(too_long,
                      "Your POST request fields preceding the upload file was too large.");
    co_return before;
  }
  // The next piece in front of the delimiter; empty: it was reached, and the rest is read and gone.
  Task<Result<std::string>> piece() {
    while (!done_) {
      const std::size_t end = bytes_.find(delimiter_);
      done_ = end != std::string::npos;
      const std::size_t keep = delimiter_.size() - 1;
      const std::size_t ready = done_ ? end : bytes_.size() - std::min(bytes_.size(), keep);
      if (ready > 0) {
        std::string out = bytes_.substr(0, ready);
        bytes_.erase(0, ready);
        co_return out;
      }
      if (done_) break;
      CO_TRY(const bool more, co_await fill());
      if (!more) co_return malformed_form();
    }
    for (bool more = true; more;) {
      bytes_.clear();
      CO_TRY(more, co_await fill());
    }
    co_return std::string();
  }
  const std::string& delimiter() const { return delimiter_; }

 private:
  Task<Result<bool>> fill() {
    CO_TRY(const std::string more, co_await body_.read());
    bytes_ += more;
    co_return !more.empty();
  }

  Body body_;
  std::string delimiter_;
  std::string bytes_;
  std::size_t taken_ = 0;
  bool done_ = false;
};

class FileSource : public BodySource {
 public:
  explicit FileSource(Parts parts) : parts_(std::move(parts)) {}
  Task<Result<std::string>> read() override { return parts_.piece(); }

 private:
  Parts parts_;
};

// The head of one part: its field's name, and the file's for the file.
struct PartHead {
  std::string name;
  std::string file_name;
};

Task<Result<PartHead>> next_head(Parts& parts) {
  CO_TRY(const std::string line_end, co_await parts.until("\r\n"));
  if (line_end == "--")
    co_return Error(cloudlet::errors::invalid_argument,
                    "POST requires exactly one file upload per request.");
  if (!line_end.empty()) co_return malformed_form();
  PartHead head;
  for (;;) {
    CO_TRY(const std::string line, co_await parts.until("\r\n"));
    if (line.empty()) break;
    if (!lower(line).starts_with("content-disposition:")) continue;
    head.name = lower(parameter(line, "name"));
    head.file_name = parameter(line, "filename");
  }
  if (head.name.empty()) co_return malformed_form();
  co_return head;
}

// Fields that only say who sends the form, or how it is answered.
bool is_about_the_form(std::string_view name) {
  static constexpr std::array<std::string_view, 14> names = {"awsaccesskeyid",
                                                             "bucket",
                                                             "file",
                                                             "key",
                                                             "policy",
                                                             "redirect",
                                                             "signature",
                                                             "submit",
                                                             "success_action_redirect",
                                                             "x-amz-algorithm",
                                                             "x-amz-credential",
                                                             "x-amz-date",
                                                             "x-amz-signature",
                                                             "x-amz-security-token"};
  return name == "success_action_status" || name.starts_with("x-ignore-") ||
         std::find(names.begin(), names.end(), name) != names.end();
}

// The header that a field stands for; empty: none that is served.
std::string header_of(const std::string& name) {
  if (name == "acl") return "x-amz-acl";
  if (name == "tagging") return "x-amz-tagging";
  static constexpr std::array<std::string_view, 7> plain = {"cache-control",
                                                            "content-type",
                                                            "content-disposition",
                                                            "content-encoding",
                                                            "expires",
                                                            "x-amz-storage-class",
                                                            "x-amz-website-redirect-location"};
  static constexpr std::array<std::string_view, 4> prefixes = {
      "x-amz-meta-", "x-amz-checksum-", "x-amz-server-side-encryption", "x-amz-object-lock-"};
  if (std::find(plain.begin(), plain.end(), name) != plain.end()) return name;
  for (const std::string_view prefix : prefixes)
    if (name.starts_with(prefix)) return name;
  return {};
}

// With `more` in its query, in front of a fragment.
std::string with_query(std::string_view address, const std::string& more) {
  const std::string_view front = address.substr(0, address.find('#'));
  std::string whole(front);
  whole += front.find('?') == std::string_view::npos ? '?' : '&';
  return whole.append(more).append(address.substr(front.size()));
}

Result<void> become_put(Request& request, const FormFields& fields) {
  const auto key = fields.find("key");
  if (key == fields.end() || key->second.empty())
    return Error(cloudlet::errors::invalid_argument,
                 "Bucket POST must contain a field named 'key'.  If it is specified, please check "
                 "the order of the fields.");
  std::string target(request.path());
  if (!target.ends_with('/')) target += '/';
  request.method = "PUT";
  request.target = target + percent_encode(key->second, Slash::keep);
  // Only what the policy could speak of describes the object: no other header comes along.
  Headers kept;
  for (const char* name : {"Host", "X-Amzn-Trace-Id"})
    if (const auto value = request.headers.find(name)) kept.add(name, *value);
  request.headers = std::move(kept);
  for (const auto& [name, value] : fields) {
    const bool redirects = name == "redirect" || name == "success_action_redirect";
    if (redirects && !is_header_value(value)) return malformed_form();
    if (is_about_the_form(name)) continue;
    const std::string header = header_of(name);
    if (header.empty() && name.starts_with("x-amz-")) return not_implemented();
    if (header.empty()) continue;
    if (!is_header_name(header) || !is_header_value(value)) return malformed_form();
    request.headers.set(header, value);
  }
  return {};
}

// Counts the file against a policy's content-length-range.
class RangedSource : public BodySource {
 public:
  RangedSource(Body body, SizeRange range) : body_(std::move(body)), range_(range) {}
  Task<Result<std::string>> read() override {
    CO_TRY(std::string piece, co_await body_.read());
    size_ += piece.size();
    if (size_ > range_.max) co_return entity_too_large(range_, size_);
    if (piece.empty() && size_ < range_.min) co_return entity_too_small(range_, size_);
    co_return piece;
  }

 private:
  Body body_;
  SizeRange range_;
  std::uint64_t size_ = 0;
};

void append_xml(std::string& out, std::string_view element, std::string_view text) {
  out.append("<").append(element).append(">");
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  out.append("</").append(element).append(">");
}

std::string_view bucket_of(const Request& request) {
  const std::string_view path = request.path().substr(1);
  return path.substr(0, path.find('/'));
}

std::string_view value_of(const FormFields& fields, std::string_view name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace

// Below a bucket's own address: "/bucket", or "/" of a bucket's host. What is signed by a header
// never is a browser's.
bool is_form_upload(const Request& request) {
  const std::string_view path = request.path();
  const std::size_t slash = path.find('/', 1);
  return request.method == "POST" && request.query().empty() &&
         (slash == std::string_view::npos || slash + 1 == path.size()) &&
         lower(request.headers.get("Content-Type")).starts_with("multipart/form-data") &&
         !request.headers.has("X-Amz-Target") && !request.headers.has("Authorization");
}

Task<Result<FormUpload>> FormUpload::open(Request& request) {
  FormUpload upload;
  upload.path_is_root_ = request.path() == "/";
  const std::string boundary = parameter(request.headers.get("Content-Type"), "boundary");
  if (boundary.empty() || boundary.size() > 200) co_return malformed_form();
  Parts parts(std::move(request.body), boundary);
  CO_TRY(const std::string preamble, co_await parts.until(parts.delimiter()));
  for (;;) {
    CO_TRY(const PartHead head, co_await next_head(parts));
    if (head.name == "file") {
      std::string& key = upload.fields_["key"];
      constexpr std::string_view hole = "${filename}";
      const std::size_t at = key.find(hole);
      if (at != std::string::npos) key.replace(at, hole.size(), head.file_name);
      break;
    }
    CO_TRY(std::string value, co_await parts.until(parts.delimiter()));
    upload.fields_.insert_or_assign(head.name, std::move(value));
  }
  CO_CHECK(become_put(request, upload.fields_));
  request.body = Body(std::make_unique<FileSource>(std::move(parts)), std::nullopt);
  co_return upload;
}

Result<void> FormUpload::check_policy(Request& request, Time now) const {
  const auto policy = fields_.find("policy");
  if (policy == fields_.end()) return {};
  FormFields asked = fields_;
  asked.insert_or_assign("bucket", std::string(bucket_of(request)));
  TRY(const std::optional<SizeRange> range, check_post_policy(policy->second, asked, now));
  if (range)
    request.body = Body(std::make_unique<RangedSource>(std::move(request.body), *range), {});
  return {};
}

void FormUpload::answer(Response& response, const Request& request,
                        const std::string& endpoint) const {
  const std::string etag(response.headers.get("ETag"));
  std::string_view redirect = value_of(fields_, "success_action_redirect");
  if (redirect.empty()) redirect = value_of(fields_, "redirect");
  const std::string bucket(bucket_of(request));
  const std::string key(value_of(fields_, "key"));
  if (redirect.starts_with("http://") || redirect.starts_with("https://")) {
    response.status = 303;
    response.headers.set("Location", with_query(redirect, "bucket=" + percent_encode(bucket) +
                                                              "&key=" + percent_encode(key) +
                                                              "&etag=" + percent_encode(etag)));
    return;
  }
  const std::string_view wanted = value_of(fields_, "success_action_status");
  response.status = wanted == "200" ? 200 : wanted == "201" ? 201 : 204;
  // The host names the bucket already where the path did not.
  const std::string location = endpoint + (path_is_root_ ? "/" + percent_encode(key, Slash::keep)
                                                         : std::string(request.path()));
  response.headers.set("Location", location);
  if (response.status != 201) return;
  std::string body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PostResponse>";
  append_xml(body, "Location", location);
  append_xml(body, "Bucket", bucket);
  append_xml(body, "Key", key);
  append_xml(body, "ETag", etag);
  response.headers.set("Content-Type", "application/xml");
  response.body = Body(body + "</PostResponse>");
}

}  // namespace cloudlet::wire
