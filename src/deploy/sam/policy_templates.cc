// SAM policy templates: a name and parameters stand for IAM statements.
// https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-policy-template-list.html
#include <algorithm>
#include <boost/json/parse.hpp>
#include <cctype>

#include "deploy/sam/parts.h"

namespace cloudlet::deploy::sam {
namespace {

struct PolicyTemplate {
  std::string_view name;
  std::string_view parameters;  // separated by spaces
  // JSON; shortened: %P is the ARN's head with the partition, %A region and account, "%E" allows.
  std::string_view statements;
};

// Those whose actions belong to services that run here or will, and the general ones; others are
// refused by name.
constexpr PolicyTemplate templates[] = {
    {"AWSSecretsManagerGetSecretValuePolicy", "SecretArn",
     R"([{"%E","Action":["secretsmanager:GetSecretValue"],"Resource":{"Fn::Sub":["${secretArn}"]}}])"},
    {"AWSSecretsManagerRotationPolicy", "FunctionName",
     R"([{"Action":["secretsmanager:DescribeSecret","secretsmanager:GetSecretValue",)"
     R"("secretsmanager:PutSecretValue","secretsmanager:UpdateSecretVersionStage"],)"
     R"("Condition":{"StringEquals":{"secretsmanager:resource/AllowRotationLambdaArn":{"Fn::Sub":["%Pla)"
     R"(mbda:%Afunction:${functionName}"]}}},"%E",)"
     R"("Resource":{"Fn::Sub":"%Psecretsmanager:%Asecret:*"}},)"
     R"({"Action":["secretsmanager:GetRandomPassword"],"%E","Resource":"*"}])"},
    {"CloudFormationDescribeStacksPolicy", "",
     R"([{"Action":["cloudformation:DescribeStacks"],"%E",)"
     R"("Resource":{"Fn::Sub":"%Pcloudformation:%Astack/*"}}])"},
    {"CloudWatchDashboardPolicy", "",
     R"([{"Action":["cloudwatch:GetDashboard","cloudwatch:ListDashboards","cloudwatch:PutDashboard",)"
     R"("cloudwatch:ListMetrics"],"%E","Resource":"*"}])"},
    {"CloudWatchDescribeAlarmHistoryPolicy", "",
     R"([{"Action":["cloudwatch:DescribeAlarmHistory"],"%E","Resource":"*"}])"},
    {"CloudWatchPutMetricPolicy", "",
     R"([{"Action":["cloudwatch:PutMetricData"],"%E","Resource":"*"}])"},
    {"DynamoDBCrudPolicy", "TableName",
     R"([{"Action":["dynamodb:GetItem","dynamodb:DeleteItem","dynamodb:PutItem","dynamodb:Scan",)"
     R"("dynamodb:Query","dynamodb:UpdateItem","dynamodb:BatchWriteItem","dynamodb:BatchGetItem",)"
     R"("dynamodb:DescribeTable","dynamodb:ConditionCheckItem"],"%E",)"
     R"("Resource":[{"Fn::Sub":["%Pdynamodb:%Atable/${tableName}"]},)"
     R"({"Fn::Sub":["%Pdynamodb:%Atable/${tableName}/index/*"]}]}])"},
    {"DynamoDBReadPolicy", "TableName",
     R"([{"Action":["dynamodb:GetItem","dynamodb:Scan","dynamodb:Query","dynamodb:BatchGetItem",)"
     R"("dynamodb:DescribeTable"],"%E","Resource":[{"Fn::Sub":["%Pdynamodb:%Atable/${tableName}"]},)"
     R"({"Fn::Sub":["%Pdynamodb:%Atable/${tableName}/index/*"]}]}])"},
    {"DynamoDBReconfigurePolicy", "TableName",
     R"([{"Action":["dynamodb:UpdateTable"],"%E",)"
     R"("Resource":{"Fn::Sub":["%Pdynamodb:%Atable/${tableName}"]}}])"},
    {"DynamoDBStreamReadPolicy", "StreamName TableName",
     R"([{"Action":["dynamodb:DescribeStream","dynamodb:GetRecords","dynamodb:GetShardIterator"],"%E",)"
     R"("Resource":{"Fn::Sub":["%Pdynamodb:%Atable/${tableName}/stream/${streamName}"]}},)"
     R"({"Action":["dynamodb:ListStreams"],"%E",)"
     R"("Resource":{"Fn::Sub":["%Pdynamodb:%Atable/${tableName}/stream/*"]}}])"},
    {"DynamoDBWritePolicy", "TableName",
     R"([{"Action":["dynamodb:PutItem","dynamodb:UpdateItem","dynamodb:BatchWriteItem"],"%E",)"
     R"("Resource":[{"Fn::Sub":["%Pdynamodb:%Atable/${tableName}"]},)"
     R"({"Fn::Sub":["%Pdynamodb:%Atable/${tableName}/index/*"]}]}])"},
    {"EC2DescribePolicy", "",
     R"([{"Action":["ec2:DescribeRegions","ec2:DescribeInstances"],"%E","Resource":"*"}])"},
    {"EventBridgePutEventsPolicy", "EventBusName",
     R"([{"Action":"events:PutEvents","%E",)"
     R"("Resource":{"Fn::Sub":["%Pevents:%Aevent-bus/${eventBusName}"]}}])"},
    {"FilterLogEventsPolicy", "LogGroupName",
     R"([{"Action":["logs:FilterLogEvents"],"%E",)"
     R"("Resource":{"Fn::Sub":["%Plogs:%Alog-group:${logGroupName}:log-stream:*"]}}])"},
    {"KMSDecryptPolicy", "KeyId",
     R"([{"Action":"kms:Decrypt","%E","Resource":{"Fn::Sub":["%Pkms:%Akey/${keyId}"]}}])"},
    {"KMSEncryptPolicy", "KeyId",
     R"([{"Action":"kms:Encrypt","%E","Resource":{"Fn::Sub":["%Pkms:%Akey/${keyId}"]}}])"},
    {"KinesisCrudPolicy", "StreamName",
     R"([{"Action":["kinesis:AddTagsToStream","kinesis:CreateStream",)"
     R"("kinesis:DecreaseStreamRetentionPeriod","kinesis:DeleteStream","kinesis:DescribeStream",)"
     R"("kinesis:DescribeStreamSummary","kinesis:GetShardIterator",)"
     R"("kinesis:IncreaseStreamRetentionPeriod","kinesis:ListTagsForStream","kinesis:MergeShards",)"
     R"("kinesis:PutRecord","kinesis:PutRecords","kinesis:SplitShard","kinesis:RemoveTagsFromStream"],)"
     R"("%E","Resource":{"Fn::Sub":["%Pkinesis:%Astream/${streamName}"]}}])"},
    {"KinesisStreamReadPolicy", "StreamName",
     R"([{"Action":["kinesis:ListStreams","kinesis:DescribeLimits"],"%E",)"
     R"("Resource":{"Fn::Sub":"%Pkinesis:%Astream/*"}},{"Action":["kinesis:DescribeStream",)"
     R"("kinesis:DescribeStreamSummary","kinesis:GetRecords","kinesis:GetShardIterator"],"%E",)"
     R"("Resource":{"Fn::Sub":["%Pkinesis:%Astream/${streamName}"]}}])"},
    {"LambdaInvokePolicy", "FunctionName",
     R"([{"Action":["lambda:InvokeFunction"],"%E",)"
     R"("Resource":{"Fn::Sub":["%Plambda:%Afunction:${functionName}*"]}}])"},
    {"S3CrudPolicy", "BucketName",
     R"([{"Action":["s3:GetObject","s3:ListBucket","s3:GetBucketLocation","s3:GetObjectVersion",)"
     R"("s3:PutObject","s3:PutObjectAcl","s3:GetLifecycleConfiguration","s3:PutLifecycleConfiguration",)"
     R"("s3:DeleteObject"],"%E","Resource":[{"Fn::Sub":["%Ps3:::${bucketName}"]},)"
     R"({"Fn::Sub":["%Ps3:::${bucketName}/*"]}]}])"},
    {"S3FullAccessPolicy", "BucketName",
     R"([{"Action":["s3:GetObject","s3:GetObjectAcl","s3:GetObjectVersion","s3:PutObject",)"
     R"("s3:PutObjectAcl","s3:DeleteObject","s3:DeleteObjectTagging","s3:DeleteObjectVersionTagging",)"
     R"("s3:GetObjectTagging","s3:GetObjectVersionTagging","s3:PutObjectTagging",)"
     R"("s3:PutObjectVersionTagging"],"%E","Resource":[{"Fn::Sub":["%Ps3:::${bucketName}/*"]}]},)"
     R"({"Action":["s3:ListBucket","s3:GetBucketLocation","s3:GetLifecycleConfiguration",)"
     R"("s3:PutLifecycleConfiguration"],"%E","Resource":[{"Fn::Sub":["%Ps3:::${bucketName}"]}]}])"},
    {"S3ReadPolicy", "BucketName",
     R"([{"Action":["s3:GetObject","s3:ListBucket","s3:GetBucketLocation","s3:GetObjectVersion",)"
     R"("s3:GetLifecycleConfiguration"],"%E","Resource":[{"Fn::Sub":["%Ps3:::${bucketName}"]},)"
     R"({"Fn::Sub":["%Ps3:::${bucketName}/*"]}]}])"},
    {"S3WritePolicy", "BucketName",
     R"([{"Action":["s3:PutObject","s3:PutObjectAcl","s3:PutLifecycleConfiguration"],"%E",)"
     R"("Resource":[{"Fn::Sub":["%Ps3:::${bucketName}"]},{"Fn::Sub":["%Ps3:::${bucketName}/*"]}]}])"},
    {"SESCrudPolicy", "IdentityName",
     R"([{"Action":["ses:GetIdentityVerificationAttributes","ses:SendEmail","ses:SendRawEmail",)"
     R"("ses:VerifyEmailIdentity"],"%E","Resource":{"Fn::Sub":["%Pses:%Aidentity/${identityName}"]}}])"},
    {"SESSendBouncePolicy", "IdentityName",
     R"([{"Action":["ses:SendBounce"],"%E",)"
     R"("Resource":{"Fn::Sub":["%Pses:%Aidentity/${identityName}"]}}])"},
    {"SNSCrudPolicy", "TopicName",
     R"([{"Action":["sns:ListSubscriptionsByTopic","sns:CreateTopic","sns:SetTopicAttributes",)"
     R"("sns:Subscribe","sns:Publish"],"%E","Resource":{"Fn::Sub":["%Psns:%A${topicName}*"]}}])"},
    {"SNSPublishMessagePolicy", "TopicName",
     R"([{"Action":["sns:Publish"],"%E","Resource":{"Fn::Sub":["%Psns:%A${topicName}"]}}])"},
    {"SQSPollerPolicy", "QueueName",
     R"([{"Action":["sqs:ChangeMessageVisibility","sqs:ChangeMessageVisibilityBatch",)"
     R"("sqs:DeleteMessage","sqs:DeleteMessageBatch","sqs:GetQueueAttributes","sqs:ReceiveMessage"],)"
     R"("%E","Resource":{"Fn::Sub":["%Psqs:%A${queueName}"]}}])"},
    {"SQSSendMessagePolicy", "QueueName",
     R"([{"Action":["sqs:SendMessage*"],"%E","Resource":{"Fn::Sub":["%Psqs:%A${queueName}"]}}])"},
    {"SSMParameterReadPolicy", "ParameterName",
     R"([{"Action":["ssm:DescribeParameters"],"%E","Resource":"*"},{"Action":["ssm:GetParameters",)"
     R"("ssm:GetParameter","ssm:GetParametersByPath"],"%E",)"
     R"("Resource":{"Fn::Sub":["%Pssm:%Aparameter/${parameterName}"]}}])"},
    {"SSMParameterWithSlashPrefixReadPolicy", "ParameterName",
     R"([{"Action":["ssm:DescribeParameters"],"%E","Resource":"*"},{"Action":["ssm:GetParameters",)"
     R"("ssm:GetParameter","ssm:GetParametersByPath"],"%E",)"
     R"("Resource":{"Fn::Sub":["%Pssm:%Aparameter${parameterName}"]}}])"},
    {"StepFunctionsCallbackPolicy", "StateMachineName",
     R"([{"Action":["states:SendTaskFailure","states:SendTaskHeartbeat","states:SendTaskSuccess"],"%E",)"
     R"("Resource":{"Fn::Sub":["%Pstates:%AstateMachine:${stateMachineName}"]}}])"},
    {"StepFunctionsExecutionPolicy", "StateMachineName",
     R"([{"Action":["states:StartExecution"],"%E",)"
     R"("Resource":{"Fn::Sub":["%Pstates:%AstateMachine:${stateMachineName}"]}}])"},
    {"StepFunctionsExecutionPolicy_v2", "StateMachineName",
     R"([{"Action":["states:StartExecution","states:StartSyncExecution"],"%E",)"
     R"("Resource":{"Fn::Sub":["%Pstates:%AstateMachine:${stateMachineName}"]}}])"},
    {"VPCAccessPolicy", "",
     R"([{"Action":["ec2:CreateNetworkInterface","ec2:DeleteNetworkInterface",)"
     R"("ec2:DescribeNetworkInterfaces","ec2:DetachNetworkInterface"],"%E","Resource":"*"}])"},
};

// The real transform's others.
constexpr std::string_view not_served[] = {
    "AMIDescribePolicy",
    "AcmGetCertificatePolicy",
    "AthenaQueryPolicy",
    "CodeCommitCrudPolicy",
    "CodeCommitReadPolicy",
    "CodePipelineLambdaExecutionPolicy",
    "CodePipelineReadOnlyPolicy",
    "ComprehendBasicAccessPolicy",
    "CostExplorerReadOnlyPolicy",
    "DynamoDBBackupFullAccessPolicy",
    "DynamoDBRestoreFromBackupPolicy",
    "EC2CopyImagePolicy",
    "EKSDescribePolicy",
    "ElasticsearchHttpPostPolicy",
    "KMSDecryptPolicy_v2",
    "KMSEncryptPolicy_v2",
    "MobileAnalyticsWriteOnlyAccessPolicy",
    "OrganizationsListAccountsPolicy",
    "PinpointEndpointAccessPolicy",
    "PollyFullAccessPolicy",
    "RekognitionDetectOnlyPolicy",
    "RekognitionFacesManagementPolicy",
    "RekognitionFacesPolicy",
    "RekognitionLabelsPolicy",
    "RekognitionNoDataAccessPolicy",
    "RekognitionReadPolicy",
    "RekognitionWriteOnlyAccessPolicy",
    "Route53ChangeResourceRecordSetsPolicy",
    "SESBulkTemplatedCrudPolicy",
    "SESBulkTemplatedCrudPolicy_v2",
    "SESEmailTemplateCrudPolicy",
    "ServerlessRepoReadWriteAccessPolicy",
    "TextractDetectAnalyzePolicy",
    "TextractGetResultPolicy",
    "TextractPolicy",
};

std::string expanded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
      continue;
    }
    switch (text[++i]) {
      case 'P': result += "arn:${AWS::Partition}:"; break;
      case 'A': result += "${AWS::Region}:${AWS::AccountId}:"; break;
      default: result += "Effect\":\"Allow"; break;
    }
  }
  return result;
}

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](unsigned char x, unsigned char y) {
           return std::tolower(x) == std::tolower(y);
         });
}

// {"Fn::Sub": ["...${queueName}"]} gets {"queueName": the QueueName parameter}.
void bind(json::value& value, const json::object& parameters) {
  if (auto* list = value.if_array()) {
    for (auto& element : *list) bind(element, parameters);
    return;
  }
  auto* object = value.if_object();
  if (object == nullptr) return;
  auto* sub = object->if_contains("Fn::Sub");
  if (sub == nullptr || !sub->is_array()) {
    for (auto& member : *object) bind(member.value(), parameters);
    return;
  }
  const std::string text(sub->get_array()[0].get_string());
  json::object names;
  for (const auto& parameter : parameters)
    for (auto at = text.find("${"); at != std::string::npos; at = text.find("${", at + 2)) {
      const std::string name = text.substr(at + 2, text.find('}', at) - at - 2);
      if (same_name(name, parameter.key())) names.emplace(name, parameter.value());
    }
  sub->get_array().push_back(std::move(names));
}

}  // namespace

TemplateOutcome policy_template(std::string_view name, const json::object& parameters,
                                json::array& statements) {
  for (const auto& one : templates) {
    if (one.name != name) continue;
    for (std::string_view left = one.parameters; !left.empty();) {
      const auto space = left.find(' ');
      if (!parameters.contains(left.substr(0, space))) return TemplateOutcome::missing_parameter;
      left.remove_prefix(space == std::string_view::npos ? left.size() : space + 1);
    }
    json::value parsed = json::parse(expanded(one.statements));
    bind(parsed, parameters);
    statements = std::move(parsed.get_array());
    return TemplateOutcome::ok;
  }
  return std::find(std::begin(not_served), std::end(not_served), name) == std::end(not_served)
             ? TemplateOutcome::unknown
             : TemplateOutcome::not_served;
}

}  // namespace cloudlet::deploy::sam
