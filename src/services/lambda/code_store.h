// A function's code: from a request or a bucket into a blob, and unpacked where its instances find
// it.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/task.h"
#include "services/lambda/state.h"
#include "store/store.h"
#include "wire/caller.h"

namespace cloudlet::lambda {

// Calls other services as somebody of this account, in this region.
using CallerFor = std::function<std::unique_ptr<wire::Caller>(const Scope&)>;

struct Code {
  store::BlobId blob;
  std::string sha256;  // raw bytes
  std::uint64_t bytes = 0;
};

class CodeStore {
 public:
  CodeStore(store::Store& store, std::filesystem::path packages, CallerFor caller_for);
  ~CodeStore();

  // Stores, checks and unpacks. The blob is nobody's until a transaction keeps it.
  struct Source {
    std::optional<std::string> zip_file, bucket, key, version;
  };
  Task<Result<Code>> take(Scope scope, Source source);
  // The unpacked folder is there when this is done: it is a cache and may have been lost.
  Task<Result<void>> ensure_unpacked(store::BlobId blob, std::string package);
  // Removes the folders of packages that no function has. Blocks: at the start.
  void remove_unused(const store::ReadTxn& tx) const;

 private:
  Task<Result<Code>> store_bytes(std::string bytes);
  Task<Result<Code>> store_object(Scope scope, Source source);
  Task<Result<void>> unpack_on_pool(store::BlobId blob, std::string package);

  store::Store& store_;
  const std::filesystem::path packages_;
  const CallerFor caller_for_;
  asio::thread_pool pool_{
      1};  // unzipping is work for the processor and the disk, not for an I/O thread
};

}  // namespace cloudlet::lambda
