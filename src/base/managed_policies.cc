#include "base/managed_policies.h"

#include "base/digest.h"

namespace cloudlet {
namespace {

#define LOGS_WRITE "logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents"

constexpr ManagedPolicy policies[] = {
    {"AWSIoTLogging", "/service-role/",
     LOGS_WRITE
     " logs:PutMetricFilter logs:PutRetentionPolicy iot:GetLoggingOptions iot:SetLoggingOptions"},
    {"AWSIoTRuleActions", "/service-role/",
     "dynamodb:PutItem kinesis:PutRecord iot:Publish s3:PutObject sns:Publish sqs:SendMessage* "
     "cloudwatch:SetAlarmState cloudwatch:PutMetricData es:ESHttpPut firehose:PutRecord"},
    {"AWSIoTThingsRegistration", "/service-role/",
     "iot:AddThingToThingGroup iot:AttachPolicy iot:AttachPrincipalPolicy iot:AttachThingPrincipal "
     "iot:CreateCertificateFromCsr iot:CreatePolicy iot:CreateThing iot:DescribeCertificate "
     "iot:DescribeThing iot:DescribeThingGroup iot:DescribeThingType iot:DetachPolicy "
     "iot:DetachThingPrincipal iot:GetPolicy iot:ListAttachedPolicies iot:ListPolicyPrincipals "
     "iot:ListPrincipalPolicies iot:ListPrincipalThings iot:ListTargetsForPolicy "
     "iot:ListThingGroupsForThing iot:ListThingPrincipals iot:RegisterCertificate "
     "iot:RegisterThing iot:RemoveThingFromThingGroup iot:UpdateCertificate iot:UpdateThing "
     "iot:UpdateThingGroupsForThing"},
    {"AWSLambdaBasicExecutionRole", "/service-role/", LOGS_WRITE},
    {"AWSLambdaDynamoDBExecutionRole", "/service-role/",
     "dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator "
     "dynamodb:ListStreams " LOGS_WRITE},
    {"AWSLambdaENIManagementAccess", "/service-role/",
     "ec2:CreateNetworkInterface ec2:DescribeNetworkInterfaces ec2:DeleteNetworkInterface "
     "ec2:AssignPrivateIpAddresses ec2:UnassignPrivateIpAddresses"},
    {"AWSLambdaKinesisExecutionRole", "/service-role/",
     "kinesis:DescribeStream kinesis:DescribeStreamSummary kinesis:GetRecords "
     "kinesis:GetShardIterator kinesis:ListShards kinesis:ListStreams "
     "kinesis:SubscribeToShard " LOGS_WRITE},
    {"AWSLambdaMSKExecutionRole", "/service-role/",
     "kafka:DescribeCluster kafka:DescribeClusterV2 kafka:GetBootstrapBrokers "
     "ec2:CreateNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeVpcs "
     "ec2:DeleteNetworkInterface ec2:DescribeSubnets ec2:DescribeSecurityGroups " LOGS_WRITE},
    {"AWSLambdaRole", "/service-role/", "lambda:InvokeFunction"},
    {"AWSLambdaSQSQueueExecutionRole", "/service-role/",
     "sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes " LOGS_WRITE},
    {"AWSLambdaVPCAccessExecutionRole", "/service-role/",
     LOGS_WRITE
     " ec2:CreateNetworkInterface ec2:DescribeNetworkInterfaces ec2:DescribeSubnets "
     "ec2:DeleteNetworkInterface ec2:AssignPrivateIpAddresses ec2:UnassignPrivateIpAddresses"},
    {"AmazonAPIGatewayPushToCloudWatchLogs", "/service-role/",
     LOGS_WRITE
     " logs:DescribeLogGroups logs:DescribeLogStreams logs:GetLogEvents logs:FilterLogEvents"},
    {"AmazonDynamoDBFullAccesswithDataPipeline", "/service-role/",
     "cloudwatch:* dynamodb:* sns:* datapipeline:* lambda:* iam:ListRoles"},
    {"AmazonEC2RoleforSSM", "/service-role/",
     "ssm:DescribeAssociation ssm:GetDeployablePatchSnapshotForInstance ssm:GetDocument "
     "ssm:DescribeDocument ssm:GetManifest ssm:GetParameters ssm:ListAssociations "
     "ssm:ListInstanceAssociations ssm:PutInventory ssm:PutComplianceItems "
     "ssm:PutConfigurePackageResult ssm:UpdateAssociationStatus "
     "ssm:UpdateInstanceAssociationStatus ssm:UpdateInstanceInformation "
     "ssmmessages:CreateControlChannel ssmmessages:CreateDataChannel "
     "ssmmessages:OpenControlChannel ssmmessages:OpenDataChannel ec2messages:AcknowledgeMessage "
     "ec2messages:DeleteMessage ec2messages:FailMessage ec2messages:GetEndpoint "
     "ec2messages:GetMessages ec2messages:SendReply cloudwatch:PutMetricData "
     "ec2:DescribeInstanceStatus ds:CreateComputer ds:DescribeDirectories " LOGS_WRITE
     " logs:DescribeLogGroups logs:DescribeLogStreams s3:GetBucketLocation s3:PutObject "
     "s3:GetObject s3:GetEncryptionConfiguration s3:AbortMultipartUpload "
     "s3:ListMultipartUploadParts s3:ListBucket s3:ListBucketMultipartUploads"},
    {"AmazonSNSRole", "/service-role/", LOGS_WRITE " logs:PutMetricFilter logs:PutRetentionPolicy"},
    {"CloudWatchEventsInvocationAccess", "/service-role/", "kinesis:PutRecord"},
    {"AWSCloudFormationFullAccess", "/", "cloudformation:*"},
    {"AWSCloudFormationReadOnlyAccess", "/",
     "cloudformation:Describe* cloudformation:EstimateTemplateCost cloudformation:Get* "
     "cloudformation:List* cloudformation:ValidateTemplate cloudformation:Detect*"},
    {"AWSIoTConfigAccess", "/", "iot:*"},
    {"AWSIoTConfigReadOnlyAccess", "/", "iot:Describe* iot:Get* iot:List*"},
    {"AWSIoTDataAccess", "/",
     "iot:Connect iot:Publish iot:Subscribe iot:Receive iot:GetThingShadow iot:UpdateThingShadow "
     "iot:DeleteThingShadow iot:ListNamedShadowsForThing"},
    {"AWSIoTEventsFullAccess", "/", "iotevents:*"},
    {"AWSIoTFullAccess", "/", "iot:* iotjobsdata:*"},
    {"AWSLambdaExecute", "/", "logs:* s3:GetObject s3:PutObject"},
    {"AWSLambdaInvocation-DynamoDB", "/",
     "lambda:InvokeFunction dynamodb:DescribeStream dynamodb:GetRecords dynamodb:GetShardIterator "
     "dynamodb:ListStreams"},
    {"AWSLambdaReadOnlyAccess", "/",
     "lambda:Get* lambda:List* logs:Describe* logs:Get* logs:FilterLogEvents"},
    {"AWSLambda_FullAccess", "/",
     "lambda:* cloudformation:DescribeStacks cloudformation:ListStackResources "
     "cloudwatch:ListMetrics cloudwatch:GetMetricData ec2:DescribeSecurityGroups "
     "ec2:DescribeSubnets ec2:DescribeVpcs kms:ListAliases iam:GetPolicy iam:GetPolicyVersion "
     "iam:GetRole iam:GetRolePolicy iam:ListAttachedRolePolicies iam:ListRolePolicies "
     "iam:ListRoles states:DescribeStateMachine states:ListStateMachines tag:GetResources "
     "xray:GetTraceSummaries xray:BatchGetTraces logs:DescribeLogGroups"},
    {"AWSLambda_ReadOnlyAccess", "/",
     "cloudformation:DescribeStacks cloudformation:ListStackResources cloudwatch:GetMetricData "
     "cloudwatch:ListMetrics kms:ListAliases iam:GetPolicy iam:GetPolicyVersion iam:GetRole "
     "iam:GetRolePolicy iam:ListAttachedRolePolicies iam:ListRolePolicies iam:ListRoles "
     "logs:DescribeLogGroups lambda:Get* lambda:List* states:DescribeStateMachine "
     "states:ListStateMachines tag:GetResources xray:GetTraceSummaries xray:BatchGetTraces"},
    {"AWSStepFunctionsFullAccess", "/", "states:*"},
    {"AWSStepFunctionsReadOnlyAccess", "/",
     "states:List* states:Describe* states:GetExecutionHistory"},
    {"AWSXRayDaemonWriteAccess", "/",
     "xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSamplingRules xray:GetSamplingTargets "
     "xray:GetSamplingStatisticSummaries"},
    {"AWSXrayFullAccess", "/", "xray:*"},
    {"AWSXrayReadOnlyAccess", "/", "xray:Get* xray:BatchGet* xray:List*"},
    {"AWSXrayWriteOnlyAccess", "/",
     "xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSamplingRules xray:GetSamplingTargets "
     "xray:GetSamplingStatisticSummaries"},
    {"AdministratorAccess", "/", "*"},
    {"AmazonAPIGatewayInvokeFullAccess", "/", "execute-api:Invoke execute-api:ManageConnections"},
    {"AmazonCognitoPowerUser", "/",
     "cognito-identity:* cognito-idp:* cognito-sync:* iam:ListRoles iam:ListOpenIdConnectProviders "
     "iam:GetRole iam:ListSAMLProviders iam:GetSAMLProvider kinesis:ListStreams lambda:GetPolicy "
     "lambda:ListFunctions sns:GetSMSSandboxAccountStatus sns:ListPlatformApplications"},
    {"AmazonCognitoReadOnly", "/",
     "cognito-identity:Describe* cognito-identity:Get* cognito-identity:List* "
     "cognito-idp:Describe* cognito-idp:AdminGet* cognito-idp:AdminList* cognito-idp:List* "
     "cognito-idp:Get* cognito-sync:Describe* cognito-sync:Get* cognito-sync:List*"},
    {"AmazonDynamoDBFullAccess", "/",
     "dynamodb:* dax:* cloudwatch:DeleteAlarms cloudwatch:DescribeAlarms "
     "cloudwatch:GetMetricStatistics cloudwatch:ListMetrics cloudwatch:PutMetricAlarm "
     "sns:CreateTopic sns:ListTopics sns:Subscribe lambda:CreateEventSourceMapping "
     "lambda:DeleteEventSourceMapping lambda:ListEventSourceMappings lambda:ListFunctions"},
    {"AmazonDynamoDBReadOnlyAccess", "/",
     "dynamodb:BatchGetItem dynamodb:Describe* dynamodb:List* dynamodb:GetItem dynamodb:GetRecords "
     "dynamodb:GetShardIterator dynamodb:Query dynamodb:Scan dynamodb:PartiQLSelect"},
    {"AmazonEC2FullAccess", "/", "ec2:* elasticloadbalancing:* cloudwatch:* autoscaling:*"},
    {"AmazonEC2ReadOnlyAccess", "/",
     "ec2:Describe* elasticloadbalancing:Describe* cloudwatch:ListMetrics "
     "cloudwatch:GetMetricStatistics cloudwatch:Describe* autoscaling:Describe*"},
    {"AmazonEventBridgeFullAccess", "/", "events:* schemas:* scheduler:* pipes:*"},
    {"AmazonEventBridgeReadOnlyAccess", "/",
     "events:Describe* events:List* events:TestEventPattern schemas:Describe* schemas:Get* "
     "schemas:List* schemas:Search* scheduler:Get* scheduler:List* pipes:Describe* pipes:List*"},
    {"AmazonKinesisFirehoseFullAccess", "/", "firehose:*"},
    {"AmazonKinesisFullAccess", "/", "kinesis:*"},
    {"AmazonKinesisReadOnlyAccess", "/", "kinesis:Get* kinesis:List* kinesis:Describe*"},
    {"AmazonS3FullAccess", "/", "s3:* s3-object-lambda:*"},
    {"AmazonS3ReadOnlyAccess", "/",
     "s3:Get* s3:List* s3:Describe* s3-object-lambda:Get* s3-object-lambda:List*"},
    {"AmazonSESFullAccess", "/", "ses:*"},
    {"AmazonSESReadOnlyAccess", "/", "ses:Get* ses:List* ses:BatchGetMetricData"},
    {"AmazonSNSFullAccess", "/", "sns:*"},
    {"AmazonSNSReadOnlyAccess", "/",
     "sns:GetTopicAttributes sns:List* sns:CheckIfPhoneNumberIsOptedOut sns:GetEndpointAttributes "
     "sns:GetDataProtectionPolicy sns:GetPlatformApplicationAttributes sns:GetSMSAttributes "
     "sns:GetSMSSandboxAccountStatus sns:GetSubscriptionAttributes"},
    {"AmazonSQSFullAccess", "/", "sqs:*"},
    {"AmazonSQSReadOnlyAccess", "/",
     "sqs:GetQueueAttributes sqs:GetQueueUrl sqs:ListDeadLetterSourceQueues sqs:ListQueues "
     "sqs:ListMessageMoveTasks sqs:ListQueueTags"},
    {"AmazonSSMFullAccess", "/",
     "cloudwatch:PutMetricData ds:CreateComputer ds:DescribeDirectories ec2:DescribeInstanceStatus "
     "logs:* ssm:* ec2messages:*"},
    {"AmazonSSMManagedInstanceCore", "/",
     "ssm:DescribeAssociation ssm:GetDeployablePatchSnapshotForInstance ssm:GetDocument "
     "ssm:DescribeDocument ssm:GetManifest ssm:GetParameter ssm:GetParameters ssm:ListAssociations "
     "ssm:ListInstanceAssociations ssm:PutInventory ssm:PutComplianceItems "
     "ssm:PutConfigurePackageResult ssm:UpdateAssociationStatus "
     "ssm:UpdateInstanceAssociationStatus ssm:UpdateInstanceInformation "
     "ssmmessages:CreateControlChannel ssmmessages:CreateDataChannel "
     "ssmmessages:OpenControlChannel ssmmessages:OpenDataChannel ec2messages:AcknowledgeMessage "
     "ec2messages:DeleteMessage ec2messages:FailMessage ec2messages:GetEndpoint "
     "ec2messages:GetMessages ec2messages:SendReply"},
    {"AmazonSSMReadOnlyAccess", "/", "ssm:Describe* ssm:Get* ssm:List*"},
    {"CloudWatchAgentServerPolicy", "/",
     "cloudwatch:PutMetricData ec2:DescribeVolumes ec2:DescribeTags logs:PutLogEvents "
     "logs:PutRetentionPolicy logs:DescribeLogStreams logs:DescribeLogGroups logs:CreateLogStream "
     "logs:CreateLogGroup xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSamplingRules "
     "xray:GetSamplingTargets xray:GetSamplingStatisticSummaries ssm:GetParameter"},
    {"CloudWatchFullAccess", "/",
     "autoscaling:Describe* cloudwatch:* logs:* sns:* iam:GetPolicy iam:GetPolicyVersion "
     "iam:GetRole oam:ListSinks"},
    {"CloudWatchLambdaInsightsExecutionRolePolicy", "/", LOGS_WRITE},
    {"CloudWatchLogsFullAccess", "/", "logs:* cloudwatch:GenerateQuery"},
    {"CloudWatchLogsReadOnlyAccess", "/",
     "logs:Describe* logs:Get* logs:List* logs:StartQuery logs:StopQuery logs:TestMetricFilter "
     "logs:FilterLogEvents logs:StartLiveTail logs:StopLiveTail cloudwatch:GenerateQuery"},
    {"CloudWatchReadOnlyAccess", "/",
     "autoscaling:Describe* cloudwatch:BatchGet* cloudwatch:Describe* cloudwatch:GenerateQuery "
     "cloudwatch:Get* cloudwatch:List* logs:Get* logs:List* logs:StartQuery logs:StopQuery "
     "logs:Describe* logs:TestMetricFilter logs:FilterLogEvents oam:ListSinks sns:Get* sns:List*"},
    {"IAMFullAccess", "/", "iam:*"},
    {"IAMReadOnlyAccess", "/",
     "iam:GenerateCredentialReport iam:GenerateServiceLastAccessedDetails iam:Get* iam:List* "
     "iam:SimulateCustomPolicy iam:SimulatePrincipalPolicy"},
    {"PowerUserAccess", "/", "*"},
    {"ReadOnlyAccess", "/",
     "cloudformation:Describe* cloudformation:Get* cloudformation:List* cloudwatch:Describe* "
     "cloudwatch:Get* cloudwatch:List* dynamodb:BatchGet* dynamodb:Describe* dynamodb:Get* "
     "dynamodb:List* dynamodb:Query dynamodb:Scan events:Describe* events:List* iam:Get* iam:List* "
     "iot:Describe* iot:Get* iot:List* kinesis:Describe* kinesis:Get* kinesis:List* lambda:Get* "
     "lambda:List* logs:Describe* logs:FilterLogEvents logs:Get* logs:List* s3:Get* s3:List* "
     "sns:Get* sns:List* sqs:Get* sqs:List* sqs:Receive* states:Describe* "
     "states:GetExecutionHistory states:List* sts:GetCallerIdentity xray:Get* xray:BatchGet*"},
    {"SecretsManagerReadWrite", "/",
     "secretsmanager:* kms:DescribeKey kms:ListAliases kms:ListKeys lambda:ListFunctions "
     "tag:GetResources"},
    {"SecurityAudit", "/",
     "cloudformation:Describe* cloudformation:Get* cloudformation:List* cloudwatch:Describe* "
     "dynamodb:Describe* dynamodb:List* events:Describe* events:List* iam:GenerateCredentialReport "
     "iam:Get* iam:List* iot:Describe* iot:Get* iot:List* kinesis:Describe* kinesis:List* "
     "lambda:GetAccountSettings lambda:GetFunctionConfiguration lambda:GetPolicy lambda:List* "
     "logs:Describe* s3:GetBucket* s3:GetAccountPublicAccessBlock s3:List* sns:GetTopicAttributes "
     "sns:List* sqs:GetQueueAttributes sqs:List*"},
    {"ViewOnlyAccess", "/",
     "cloudformation:Describe* cloudformation:List* cloudwatch:Describe* cloudwatch:List* "
     "dynamodb:DescribeTable dynamodb:List* events:List* iam:Get*Policy iam:List* iot:List* "
     "kinesis:List* lambda:List* logs:Describe* s3:List* sns:List* sqs:List* states:List*"},
};
#undef LOGS_WRITE

}  // namespace

std::span<const ManagedPolicy> managed_policies() { return policies; }

std::string managed_arn(const ManagedPolicy& policy) {
  return "arn:aws:iam::aws:policy" + std::string(policy.path) + std::string(policy.name);
}

const ManagedPolicy* find_managed(std::string_view arn) {
  if (!arn.starts_with("arn:aws:iam::aws:policy/")) return nullptr;
  for (const ManagedPolicy& policy : policies)
    if (managed_arn(policy) == arn) return &policy;
  return nullptr;
}

const ManagedPolicy* managed_named(std::string_view name) {
  for (const ManagedPolicy& policy : policies)
    if (policy.name == name) return &policy;
  return nullptr;
}

std::string managed_document(const ManagedPolicy& policy) {
  // Everything but IAM and organisations: the one that lists what it leaves out.
  const bool power_user = policy.name == "PowerUserAccess";
  std::string out = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)";
  out += power_user ? R"("NotAction":["iam:*","organizations:*","account:*"])" : "\"Action\":[";
  bool first = true;
  for (std::string_view rest = power_user ? std::string_view() : policy.actions; !rest.empty();) {
    const std::size_t space = rest.find(' ');
    out += first ? "\"" : ",\"";
    out.append(rest.substr(0, space)).append("\"");
    first = false;
    rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
  }
  if (!power_user) out += "]";
  return out + R"(,"Resource":"*"}]})";
}

std::string managed_id(const ManagedPolicy& policy) {
  static constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const std::string hash = sha256(policy.name);
  std::string id = "ANPA";
  for (std::size_t i = 0; i < 17; ++i)
    id += alphabet[static_cast<unsigned char>(hash[i]) % alphabet.size()];
  return id;
}

}  // namespace cloudlet
