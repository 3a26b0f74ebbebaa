// Names of AWS's managed policies that templates use without an ARN.
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
#include <algorithm>

#include "deploy/sam/parts.h"

namespace cloudlet::deploy::sam {
namespace {

// Under the path /service-role/.
constexpr std::string_view service_roles[] = {"AWSIoTLogging",
                                              "AWSIoTRuleActions",
                                              "AWSIoTThingsRegistration",
                                              "AWSLambdaBasicExecutionRole",
                                              "AWSLambdaDynamoDBExecutionRole",
                                              "AWSLambdaENIManagementAccess",
                                              "AWSLambdaKinesisExecutionRole",
                                              "AWSLambdaMSKExecutionRole",
                                              "AWSLambdaRole",
                                              "AWSLambdaSQSQueueExecutionRole",
                                              "AWSLambdaVPCAccessExecutionRole",
                                              "AmazonAPIGatewayPushToCloudWatchLogs",
                                              "AmazonDynamoDBFullAccesswithDataPipeline",
                                              "AmazonEC2RoleforSSM",
                                              "AmazonSNSRole",
                                              "CloudWatchEventsInvocationAccess"};

// Without a path.
constexpr std::string_view plain[] = {"AWSCloudFormationReadOnlyAccess",
                                      "AWSIoTConfigAccess",
                                      "AWSIoTConfigReadOnlyAccess",
                                      "AWSIoTDataAccess",
                                      "AWSIoTEventsFullAccess",
                                      "AWSIoTFullAccess",
                                      "AWSLambdaExecute",
                                      "AWSLambdaInvocation-DynamoDB",
                                      "AWSLambdaReadOnlyAccess",
                                      "AWSLambda_FullAccess",
                                      "AWSLambda_ReadOnlyAccess",
                                      "AWSStepFunctionsFullAccess",
                                      "AWSStepFunctionsReadOnlyAccess",
                                      "AWSXRayDaemonWriteAccess",
                                      "AWSXrayFullAccess",
                                      "AWSXrayReadOnlyAccess",
                                      "AWSXrayWriteOnlyAccess",
                                      "AdministratorAccess",
                                      "AmazonAPIGatewayInvokeFullAccess",
                                      "AmazonCognitoPowerUser",
                                      "AmazonCognitoReadOnly",
                                      "AmazonDynamoDBFullAccess",
                                      "AmazonDynamoDBReadOnlyAccess",
                                      "AmazonEC2FullAccess",
                                      "AmazonEC2ReadOnlyAccess",
                                      "AmazonEventBridgeFullAccess",
                                      "AmazonEventBridgeReadOnlyAccess",
                                      "AmazonKinesisFirehoseFullAccess",
                                      "AmazonKinesisFullAccess",
                                      "AmazonKinesisReadOnlyAccess",
                                      "AmazonS3FullAccess",
                                      "AmazonS3ReadOnlyAccess",
                                      "AmazonSESFullAccess",
                                      "AmazonSESReadOnlyAccess",
                                      "AmazonSNSFullAccess",
                                      "AmazonSNSReadOnlyAccess",
                                      "AmazonSQSFullAccess",
                                      "AmazonSQSReadOnlyAccess",
                                      "AmazonSSMReadOnlyAccess",
                                      "CloudWatchFullAccess",
                                      "CloudWatchLambdaInsightsExecutionRolePolicy",
                                      "CloudWatchLogsFullAccess",
                                      "CloudWatchLogsReadOnlyAccess",
                                      "CloudWatchReadOnlyAccess",
                                      "PowerUserAccess",
                                      "ReadOnlyAccess",
                                      "SecretsManagerReadWrite",
                                      "SecurityAudit",
                                      "ViewOnlyAccess"};

template <std::size_t N>
bool contains(const std::string_view (&names)[N], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

}  // namespace

std::string managed_policy_arn(const std::string& name) {
  if (contains(service_roles, name)) return "arn:aws:iam::aws:policy/service-role/" + name;
  if (contains(plain, name)) return "arn:aws:iam::aws:policy/" + name;
  return name;
}

}  // namespace cloudlet::deploy::sam
