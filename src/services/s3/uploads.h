// Finding and forgetting uploads in progress, and the parts they have.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "services/s3/intake.h"
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

// InvalidArgument unless 1 to 10,000.
Result<void> check_part_number(std::int32_t number);

// Writes a part whose bytes were taken in, over the one of that number if there is any;
// NoSuchUpload if the upload ended meanwhile.
Result<StoredPart> write_part(store::Txn& tx, const UploadName& name, std::int32_t number,
                              const TakenBody& taken, Time now);

// Removes the upload and its parts; pieces of the parts in `adopted` live on in the object they
// became.
void forget_upload(store::Txn& tx, const UploadName& name, const std::vector<StoredPart>& adopted);

// Removes every upload in progress of a bucket.
void forget_uploads(store::Txn& tx, const std::string& account, const std::string& bucket);

}  // namespace cloudlet::s3
