// CloudFormation: stacks, change sets and what can be asked about them. The work itself is deploy's
// (deploy/engine.h); here stand the operations, which read and write the same records.
#pragma once

#include <optional>
#include <string>

#include "deploy/engine.h"
#include "gen/cloudformation/api.h"
#include "services/cloudformation/change_set.h"
#include "store/store.h"
#include "wire/call.h"

namespace cloudlet::cloudformation {

struct Collaborators {
  store::Store& store;
  deploy::Engine& engine;
  deploy::CallerFor caller;                    // for templates that lie in buckets
  deploy::Strict strict = deploy::Strict::no;  // inert resources are refused in every stack
};

class Service final : public Operations {
 public:
  explicit Service(Collaborators with) : with_(std::move(with)) {}

  // stacks.cc
  Task<Result<CreateStackOutput>> create_stack(const wire::Call&, CreateStackInput) override;
  Task<Result<UpdateStackOutput>> update_stack(const wire::Call&, UpdateStackInput) override;
  // removal.cc
  Result<DeleteStackOutput> delete_stack(store::Txn&, const wire::Call&,
                                         const DeleteStackInput&) override;
  Result<CancelUpdateStackOutput> cancel_update_stack(store::Txn&, const wire::Call&,
                                                      const CancelUpdateStackInput&) override;
  Result<ContinueUpdateRollbackOutput> continue_update_rollback(
      store::Txn&, const wire::Call&, const ContinueUpdateRollbackInput&) override;
  Result<UpdateTerminationProtectionOutput> update_termination_protection(
      store::Txn&, const wire::Call&, const UpdateTerminationProtectionInput&) override;
  // change_sets.cc
  Task<Result<CreateChangeSetOutput>> create_change_set(const wire::Call&,
                                                        CreateChangeSetInput) override;
  Result<ExecuteChangeSetOutput> execute_change_set(store::Txn&, const wire::Call&,
                                                    const ExecuteChangeSetInput&) override;
  Result<DeleteChangeSetOutput> delete_change_set(store::Txn&, const wire::Call&,
                                                  const DeleteChangeSetInput&) override;
  // describe_change_sets.cc
  Result<DescribeChangeSetOutput> describe_change_set(const store::ReadTxn&, const wire::Call&,
                                                      const DescribeChangeSetInput&) override;
  Result<ListChangeSetsOutput> list_change_sets(const store::ReadTxn&, const wire::Call&,
                                                const ListChangeSetsInput&) override;
  // describe.cc
  Result<DescribeStacksOutput> describe_stacks(const store::ReadTxn&, const wire::Call&,
                                               const DescribeStacksInput&) override;
  Result<ListStacksOutput> list_stacks(const store::ReadTxn&, const wire::Call&,
                                       const ListStacksInput&) override;
  Result<ListExportsOutput> list_exports(const store::ReadTxn&, const wire::Call&,
                                         const ListExportsInput&) override;
  Result<ListImportsOutput> list_imports(const store::ReadTxn&, const wire::Call&,
                                         const ListImportsInput&) override;
  // describe_resources.cc
  Result<DescribeStackEventsOutput> describe_stack_events(const store::ReadTxn&, const wire::Call&,
                                                          const DescribeStackEventsInput&) override;
  Result<DescribeStackResourceOutput> describe_stack_resource(
      const store::ReadTxn&, const wire::Call&, const DescribeStackResourceInput&) override;
  Result<DescribeStackResourcesOutput> describe_stack_resources(
      const store::ReadTxn&, const wire::Call&, const DescribeStackResourcesInput&) override;
  Result<ListStackResourcesOutput> list_stack_resources(const store::ReadTxn&, const wire::Call&,
                                                        const ListStackResourcesInput&) override;
  // templates.cc
  Result<GetTemplateOutput> get_template(const store::ReadTxn&, const wire::Call&,
                                         const GetTemplateInput&) override;
  Task<Result<GetTemplateSummaryOutput>> get_template_summary(const wire::Call&,
                                                              GetTemplateSummaryInput) override;
  Task<Result<ValidateTemplateOutput>> validate_template(const wire::Call&,
                                                         ValidateTemplateInput) override;

 private:
  deploy::Strict strictness(const std::map<std::string, std::string>& tags) const;

  Collaborators with_;
};

}  // namespace cloudlet::cloudformation
