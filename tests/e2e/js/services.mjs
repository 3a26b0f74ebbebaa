// The newest AWS SDK for JavaScript v3 against the other services: first steps and typed errors.
import assert from "node:assert/strict";
import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { CloudWatchLogsClient, CreateLogGroupCommand, CreateLogStreamCommand, GetLogEventsCommand, PutLogEventsCommand, ResourceAlreadyExistsException } from "@aws-sdk/client-cloudwatch-logs";
import { CreateRoleCommand, GetRoleCommand, IAMClient, NoSuchEntityException } from "@aws-sdk/client-iam";
import { CreateTopicRuleCommand, DescribeEndpointCommand, IoTClient, SqlParseException } from "@aws-sdk/client-iot";
import { GetRetainedMessageCommand, IoTDataPlaneClient, PublishCommand as PublishMqtt } from "@aws-sdk/client-iot-data-plane";
import { GetFunctionCommand, LambdaClient, ResourceNotFoundException } from "@aws-sdk/client-lambda";
import { CreateTopicCommand, NotFoundException, PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const endpoint = process.env.AWS_ENDPOINT_URL;

const who = await new STSClient({ endpoint }).send(new GetCallerIdentityCommand({}));
assert.equal(who.Account, "000000000000");

const sns = new SNSClient({ endpoint });
const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "js" }));
assert.equal(TopicArn, "arn:aws:sns:eu-west-1:000000000000:js");
assert.match((await sns.send(new PublishCommand({ TopicArn, Message: "m" }))).MessageId, /^[0-9a-f-]{36}$/);
await assert.rejects(sns.send(new PublishCommand({ TopicArn: TopicArn + "x", Message: "m" })), (e) => e.name === "NotFoundException" || e instanceof NotFoundException);

const logs = new CloudWatchLogsClient({ endpoint });
await logs.send(new CreateLogGroupCommand({ logGroupName: "js" }));
await assert.rejects(logs.send(new CreateLogGroupCommand({ logGroupName: "js" })), ResourceAlreadyExistsException);
await logs.send(new CreateLogStreamCommand({ logGroupName: "js", logStreamName: "s" }));
await logs.send(new PutLogEventsCommand({ logGroupName: "js", logStreamName: "s", logEvents: [{ timestamp: Date.now(), message: "line" }] }));
const events = await logs.send(new GetLogEventsCommand({ logGroupName: "js", logStreamName: "s", startFromHead: true }));
assert.equal(events.events[0].message, "line");

const iam = new IAMClient({ endpoint });
await assert.rejects(iam.send(new GetRoleCommand({ RoleName: "none" })), NoSuchEntityException);
const trust = JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal: { Service: "iot.amazonaws.com" }, Action: "sts:AssumeRole" }] });
assert.match((await iam.send(new CreateRoleCommand({ RoleName: "js", AssumeRolePolicyDocument: trust }))).Role.Arn, /role\/js$/);

const iot = new IoTClient({ endpoint });
assert.ok((await iot.send(new DescribeEndpointCommand({ endpointType: "iot:Data-ATS" }))).endpointAddress);
await assert.rejects(iot.send(new CreateTopicRuleCommand({ ruleName: "bad", topicRulePayload: { sql: "SELECT FROM", actions: [] } })), SqlParseException);
const data = new IoTDataPlaneClient({ endpoint });
await data.send(new PublishMqtt({ topic: "js/kept", payload: Buffer.from("kept"), qos: 1, retain: true }));
const kept = await data.send(new GetRetainedMessageCommand({ topic: "js/kept" }));
assert.equal(Buffer.from(kept.payload).toString(), "kept");

await assert.rejects(new LambdaClient({ endpoint }).send(new GetFunctionCommand({ FunctionName: "none" })), ResourceNotFoundException);
await assert.rejects(new CloudFormationClient({ endpoint }).send(new DescribeStacksCommand({ StackName: "none" })), /does not exist/);
