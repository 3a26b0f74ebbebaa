// The data folder's owner gets in: who may look into the folder, and the key of the account's root
// that lies in it.
#pragma once

#include <filesystem>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "store/store.h"

namespace cloudlet {

// The folder holds secrets: what other users of the machine may do there is taken away. A folder
// that is not there is made for its owner alone; one that holds something else is left as it is.
Result<void> close_data_folder(const std::filesystem::path& data);

// Makes sure that DATA/credentials holds a working key of the account's root, and says where it is.
// Without the file, or with a key in it that the store does not know, the root gets a new key and
// loses all it had. Blocks; the store has started.
Result<std::filesystem::path> provide_credentials(store::Store& store,
                                                  const std::filesystem::path& data,
                                                  const std::string& account, Random& random,
                                                  const Clock& clock);

}  // namespace cloudlet
