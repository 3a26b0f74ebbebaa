// Streams a stored body out: from the record, from chunks, from blobs, any range of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "services/s3/state.h"
#include "store/store.h"
#include "wire/body.h"

namespace cloudlet::s3 {

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t size = 0;
};

// The bytes of `range` of a body that `tx` sees. What is small comes whole; what is a file stays
// readable even if the object is replaced meanwhile.
Result<wire::Body> open_body(store::Store& store, const store::ReadTxn& tx,
                             const std::string& inline_body, const std::vector<Piece>& pieces,
                             ByteRange range);

}  // namespace cloudlet::s3
