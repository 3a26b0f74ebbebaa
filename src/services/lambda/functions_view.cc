#include "services/lambda/functions_view.h"

#include "services/lambda/keys.h"
#include "services/lambda/rules.h"

namespace cloudlet::lambda {
namespace {

std::shared_ptr<const ReadyFunction> make_ready(const FunctionId& id, StoredFunction stored) {
  auto ready = std::make_shared<ReadyFunction>();
  runtime::Function& f = ready->runnable;
  f.scope = id.scope;
  f.name = id.name;
  f.arn = id.arn();
  f.revision = stored.revision;
  f.runtime = stored.runtime;
  f.language = language_of(stored.runtime).value_or(runtime::Language::native);
  f.handler = stored.handler;
  f.package = stored.package();
  f.environment = stored.environment;
  f.memory_mb = stored.memory_mb;
  f.tmp_mb = stored.tmp_mb;
  f.timeout = std::chrono::seconds(stored.timeout_seconds);
  f.reserved = stored.reserved;
  f.log_group = stored.log_group.empty() ? "/aws/lambda/" + stored.name : stored.log_group;
  f.role = stored.role;
  ready->stored = std::move(stored);
  return ready;
}

}  // namespace

store::Range FunctionsView::range() const { return store::prefix(keys::all_functions()); }

std::shared_ptr<const ReadyFunction> FunctionsView::find(const FunctionId& id) const {
  std::scoped_lock lock(mutex_);
  const auto found = functions_.find(id);
  return found == functions_.end() ? nullptr : found->second;
}

void FunctionsView::apply(std::string_view key, std::optional<std::string_view> value) {
  store::KeyReader k(key);
  k.skip(), k.skip();  // "lambda", "function"
  FunctionId id;
  id.scope = k.scope();
  id.name = k.text();
  std::shared_ptr<const ReadyFunction> fresh;
  if (value) fresh = make_ready(id, decode_function(*value));
  {
    std::scoped_lock lock(mutex_);
    if (fresh)
      functions_[id] = fresh;
    else
      functions_.erase(id);
  }
  runtime_.update(id.arn(), fresh ? &fresh->runnable : nullptr);
  if (fresh && fresh->runnable.language == runtime::Language::python)
    runtime_.prepare(runtime::Language::python);
}

}  // namespace cloudlet::lambda
