// All functions, ready to run: kept current by the commit feed, so that an invocation reads
// nothing.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "runtime/runtime.h"
#include "services/lambda/state.h"
#include "store/view.h"

namespace cloudlet::lambda {

struct ReadyFunction {
  StoredFunction stored;
  runtime::Function runnable;
};

class FunctionsView : public store::View {
 public:
  explicit FunctionsView(runtime::Runtime& runtime) : runtime_(runtime) {}

  // Null: no such function.
  std::shared_ptr<const ReadyFunction> find(const FunctionId& id) const;

  store::Range range() const override;
  void apply(std::string_view key, std::optional<std::string_view> value) override;

 private:
  runtime::Runtime& runtime_;
  mutable std::mutex mutex_;
  std::map<FunctionId, std::shared_ptr<const ReadyFunction>> functions_;
};

}  // namespace cloudlet::lambda
