// Finding and forgetting uploads in progress, and the parts they have.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "services/s3/state.h"
#include "store/txn.h"

namespace cloudlet::s3 {

struct UploadName {
  std::string account;
  std::string bucket;
  std::string key;
  std::string id;
};

Result<StoredUpload> find_upload(const store::ReadTxn& tx, const UploadName& name);

// Removes the upload and its parts; pieces of the parts in `adopted` live on in the object they
// became.
void forget_upload(store::Txn& tx, const UploadName& name, const std::vector<StoredPart>& adopted);

}  // namespace cloudlet::s3
