// Streams a stored body out: from the record, from chunks, from blobs, any range of it.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "services/s3/state.h"
#include "store/store.h"
#include "wire/body.h"

namespace cloudlet::s3 {

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t size = 0;
};

// The bytes of `range` of a body that `tx` sees. What is small comes whole; what lies in files
// stays readable to its end, whatever becomes of the object meanwhile. not_found: a file has gone
// since `tx` (see read_latest).
Result<wire::Body> open_body(store::Store& store, const store::ReadTxn& tx,
                             const std::string& inline_body, const std::vector<Piece>& pieces,
                             ByteRange range);

// What `read`, a `Result<T>(const store::ReadTxn&)`, makes of the last commit. An object that is
// replaced between the snapshot and the opening of its files takes them along: then once more, for
// there is a later commit to be seen.
template <class Read>
auto read_latest(const store::Store& store, Read read)
    -> std::invoke_result_t<Read&, const store::ReadTxn&> {
  for (int attempt = 0; attempt < 16; ++attempt) {
    auto outcome = read(*store.snapshot());
    if (!outcome.has_error() || !outcome.error().is(cloudlet::errors::not_found)) return outcome;
  }
  return Error(cloudlet::errors::internal_failure, "a file of the object is missing");
}

}  // namespace cloudlet::s3
