// AWS Lambda: functions, who may call them, and calling them now or later.
// https://docs.aws.amazon.com/lambda/latest/api/welcome.html
#pragma once

#include <memory>
#include <string>

#include "delivery/roles.h"
#include "delivery/target.h"
#include "gen/lambda/operations.h"
#include "journal/journal.h"
#include "runtime/runtime.h"
#include "services/lambda/code_store.h"
#include "services/lambda/dispatcher.h"
#include "services/lambda/functions_view.h"
#include "store/store.h"
#include "wire/http.h"

namespace cloudlet::lambda {

struct Collaborators {
  store::Store& store;
  runtime::Runtime& runtime;
  const delivery::Targets& targets;  // of destinations and dead letters
  const delivery::Roles& roles;      // IAM's
  journal::Journal& journal;
  Clock& clock;
  Random& random;
  asio::any_io_executor executor;  // of asynchronous invocations
  std::filesystem::path packages;  // the runtime's Options::packages
  CallerFor caller_for;            // reads packages from buckets
};

class Service final : public Operations, public delivery::Target {
 public:
  // Registers its views and its timer: before Store::start.
  explicit Service(const Collaborators& with);
  // After Store::start: begins with asynchronous invocations that were left. Blocks for a moment.
  void start();
  // Stops the runtime, too: what runs in the background is interrupted, and begins again after the
  // next start.
  void stop();

  // functions.cc
  Task<Result<CreateFunctionOutput>> create_function(const wire::Call&,
                                                     CreateFunctionInput) override;
  Result<DeleteFunctionOutput> delete_function(store::Txn&, const wire::Call&,
                                               const DeleteFunctionInput&) override;
  Result<GetFunctionOutput> get_function(const store::ReadTxn&, const wire::Call&,
                                         const GetFunctionInput&) override;
  Result<ListFunctionsOutput> list_functions(const store::ReadTxn&, const wire::Call&,
                                             const ListFunctionsInput&) override;
  Result<ListVersionsByFunctionOutput> list_versions_by_function(
      const store::ReadTxn&, const wire::Call&, const ListVersionsByFunctionInput&) override;
  // configuration.cc
  Result<GetFunctionConfigurationOutput> get_function_configuration(
      const store::ReadTxn&, const wire::Call&, const GetFunctionConfigurationInput&) override;
  Result<UpdateFunctionConfigurationOutput> update_function_configuration(
      store::Txn&, const wire::Call&, const UpdateFunctionConfigurationInput&) override;
  Task<Result<UpdateFunctionCodeOutput>> update_function_code(const wire::Call&,
                                                              UpdateFunctionCodeInput) override;
  // permissions.cc
  Result<AddPermissionOutput> add_permission(store::Txn&, const wire::Call&,
                                             const AddPermissionInput&) override;
  Result<RemovePermissionOutput> remove_permission(store::Txn&, const wire::Call&,
                                                   const RemovePermissionInput&) override;
  Result<GetPolicyOutput> get_policy(const store::ReadTxn&, const wire::Call&,
                                     const GetPolicyInput&) override;
  // concurrency.cc
  Result<GetAccountSettingsOutput> get_account_settings(const store::ReadTxn&, const wire::Call&,
                                                        const GetAccountSettingsInput&) override;
  Result<GetFunctionConcurrencyOutput> get_function_concurrency(
      const store::ReadTxn&, const wire::Call&, const GetFunctionConcurrencyInput&) override;
  Result<PutFunctionConcurrencyOutput> put_function_concurrency(
      store::Txn&, const wire::Call&, const PutFunctionConcurrencyInput&) override;
  Result<DeleteFunctionConcurrencyOutput> delete_function_concurrency(
      store::Txn&, const wire::Call&, const DeleteFunctionConcurrencyInput&) override;
  // event_config.cc
  Result<GetFunctionEventInvokeConfigOutput> get_function_event_invoke_config(
      const store::ReadTxn&, const wire::Call&, const GetFunctionEventInvokeConfigInput&) override;
  Result<PutFunctionEventInvokeConfigOutput> put_function_event_invoke_config(
      store::Txn&, const wire::Call&, const PutFunctionEventInvokeConfigInput&) override;
  Result<UpdateFunctionEventInvokeConfigOutput> update_function_event_invoke_config(
      store::Txn&, const wire::Call&, const UpdateFunctionEventInvokeConfigInput&) override;
  Result<DeleteFunctionEventInvokeConfigOutput> delete_function_event_invoke_config(
      store::Txn&, const wire::Call&, const DeleteFunctionEventInvokeConfigInput&) override;
  // tags.cc
  Result<ListTagsOutput> list_tags(const store::ReadTxn&, const wire::Call&,
                                   const ListTagsInput&) override;
  Result<TagResourceOutput> tag_resource(store::Txn&, const wire::Call&,
                                         const TagResourceInput&) override;
  Result<UntagResourceOutput> untag_resource(store::Txn&, const wire::Call&,
                                             const UntagResourceInput&) override;
  // invoke.cc
  Task<Result<InvokeOutput>> invoke(const wire::Call&, InvokeInput) override;
  // target.cc: being a target ("lambda"): the address is a function, the payload its event,
  // asynchronously.
  Result<void> deliver(store::Txn& tx, const delivery::Address& to,
                       const delivery::Event& event) override;
  // code_page.cc: what GetFunction's Code.Location leads to, under `code_page_path`.
  Task<wire::Response> serve_code(wire::Request request);

 private:
  Task<Result<InvokeOutput>> invoke_now(const wire::Call& call, FunctionId id, InvokeInput in);
  Result<InvokeOutput> invoke_answer(const InvokeInput& in, runtime::Answer answer) const;
  Task<Result<InvokeOutput>> invoke_later(const wire::Call& call, FunctionId id, InvokeInput in);
  std::string code_location(const wire::Call& call, const StoredFunction& function) const;

  Collaborators with_;
  CodeStore code_;
  FunctionsView functions_;
  Dispatcher dispatcher_;
  const std::string secret_;  // signs code locations; of this process
};

inline constexpr const char* code_page_path = "/_cloudlet/lambda/code";

}  // namespace cloudlet::lambda
