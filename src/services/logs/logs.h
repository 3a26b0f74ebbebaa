// Amazon CloudWatch Logs: groups, streams, events; what functions print ends up here.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/Welcome.html
#pragma once

#include "gen/logs/operations.h"
#include "services/logs/appender.h"
#include "store/store.h"

namespace cloudlet::logs {

class Service : public Operations {
 public:
  // Registers the timer of retention: before Store::start.
  Service(store::Store& store, Clock& clock, asio::any_io_executor executor);

  // What functions write, outside of any call: see appender.h.
  Appender& appender() { return appender_; }

  // groups.cc
  Result<CreateLogGroupOutput> create_log_group(store::Txn&, const wire::Call&,
                                                const CreateLogGroupInput&) override;
  Result<DeleteLogGroupOutput> delete_log_group(store::Txn&, const wire::Call&,
                                                const DeleteLogGroupInput&) override;
  Task<Result<DescribeLogGroupsOutput>> describe_log_groups(const wire::Call&,
                                                            DescribeLogGroupsInput) override;
  Result<TagResourceOutput> tag_resource(store::Txn&, const wire::Call&,
                                         const TagResourceInput&) override;
  Result<UntagResourceOutput> untag_resource(store::Txn&, const wire::Call&,
                                             const UntagResourceInput&) override;
  Result<ListTagsForResourceOutput> list_tags_for_resource(
      const store::ReadTxn&, const wire::Call&, const ListTagsForResourceInput&) override;
  Result<TagLogGroupOutput> tag_log_group(store::Txn&, const wire::Call&,
                                          const TagLogGroupInput&) override;
  Result<UntagLogGroupOutput> untag_log_group(store::Txn&, const wire::Call&,
                                              const UntagLogGroupInput&) override;
  Result<ListTagsLogGroupOutput> list_tags_log_group(const store::ReadTxn&, const wire::Call&,
                                                     const ListTagsLogGroupInput&) override;
  // retention.cc
  Result<PutRetentionPolicyOutput> put_retention_policy(store::Txn&, const wire::Call&,
                                                        const PutRetentionPolicyInput&) override;
  Result<DeleteRetentionPolicyOutput> delete_retention_policy(
      store::Txn&, const wire::Call&, const DeleteRetentionPolicyInput&) override;
  // streams.cc
  Result<CreateLogStreamOutput> create_log_stream(store::Txn&, const wire::Call&,
                                                  const CreateLogStreamInput&) override;
  Result<DeleteLogStreamOutput> delete_log_stream(store::Txn&, const wire::Call&,
                                                  const DeleteLogStreamInput&) override;
  Task<Result<DescribeLogStreamsOutput>> describe_log_streams(const wire::Call&,
                                                              DescribeLogStreamsInput) override;
  // put.cc
  Result<PutLogEventsOutput> put_log_events(store::Txn&, const wire::Call&,
                                            const PutLogEventsInput&) override;
  // get.cc
  Task<Result<GetLogEventsOutput>> get_log_events(const wire::Call&, GetLogEventsInput) override;
  // filter.cc
  Task<Result<FilterLogEventsOutput>> filter_log_events(const wire::Call&,
                                                        FilterLogEventsInput) override;

 private:
  store::Store& store_;
  Appender appender_;
};

}  // namespace cloudlet::logs
