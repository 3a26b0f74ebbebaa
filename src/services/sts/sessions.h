// The temporary keys that are out, at hand for whoever verifies signatures: a view of the store.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "store/view.h"
#include "wire/sigv4_verify.h"

namespace cloudlet::sts {

class Sessions : public store::View, public wire::Credentials {
 public:
  store::Range range() const override;
  void apply(std::string_view key, std::optional<std::string_view> value) override;
  std::optional<wire::Credential> find(std::string_view access_key) const override;

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, wire::Credential> sessions_;
};

}  // namespace cloudlet::sts
