// What put, copy, multipart and the rule action share: describing and writing an object.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "services/s3/rules.h"
#include "services/s3/state.h"

namespace cloudlet::s3 {

struct Place {
  std::string account;
  std::string bucket;
};

std::optional<StoredObject> current_object(const store::ReadTxn& tx, const Place& place,
                                           const std::string& key);
// Puts `object` where `current` was (its pieces go away).
void write_object(store::Txn& tx, const Place& place, const std::optional<StoredObject>& current,
                  const StoredObject& object);

// Content-Encoding without "aws-chunked", which is how the body travelled and not what it is.
std::string stored_encoding(const std::optional<std::string>& content_encoding);

// Metadata names are kept in lower case, as the service does.
std::map<std::string, std::string> lower_case(const std::map<std::string, std::string>& metadata);

// The describing members of PutObject, CopyObject and CreateMultipartUpload. Without a content type
// it is binary/octet-stream, as the service answers.
template <class Input>
Result<Description> describe(const Input& in) {
  TRY(std::string storage_class, check_storage_class(in.storage_class));
  return Description{.content_type = in.content_type.value_or("binary/octet-stream"),
                     .cache_control = in.cache_control.value_or(""),
                     .content_disposition = in.content_disposition.value_or(""),
                     .content_encoding = stored_encoding(in.content_encoding),
                     .content_language = in.content_language.value_or(""),
                     .expires = in.expires.value_or(""),
                     .storage_class = std::move(storage_class),
                     .metadata = lower_case(in.metadata)};
}

}  // namespace cloudlet::s3
