#include "store/store.h"

#include "store/sequencer.h"

namespace cloudlet::store {

Result<std::unique_ptr<Store>> Store::open(Options options, Clock& clock, Random& random) {
  TRY(auto engine, Engine::open(options));
  TRY(auto blobs, FileBlobs::open(options, random));
  return std::make_unique<Sequencer>(std::move(options), clock, std::move(engine),
                                     std::move(blobs));
}

}  // namespace cloudlet::store
