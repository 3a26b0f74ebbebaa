"""Stacks as an exacting user drives them, with boto3 and the AWS CLI: every resource type from creation over a change of
everything that changes in place to a deletion that leaves nothing behind.

Facts: the CloudFormation template reference, type by type; refusals in the service's own sentences.
"""
import json
import subprocess

import botocore.exceptions
import pytest
from support.server import eventually

ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}]}
DEVICE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}]}
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                                                 "Principal": {"Service": "lambda.amazonaws.com"}}]}


def tags(**given):
    return [{"Key": k, "Value": v} for k, v in given.items()]


def signing_request(folder):
    subprocess.run(["openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", str(folder / "key.pem"), "-out",
                    str(folder / "request.pem"), "-subj", "/CN=device"], check=True, capture_output=True)
    return (folder / "request.pem").read_text()


def every_type(request, changed=False):
    """One resource of every type; `changed`: each with other values where values change in place."""
    one = (lambda before, after: after) if changed else (lambda before, after: before)
    get = lambda name, attribute="Arn": {"Fn::GetAtt": [name, attribute]}
    ref = lambda name: {"Ref": name}
    resources = {
        "Bucket": ("AWS::S3::Bucket", {"Tags": tags(own=one("a", "b"))}),
        "Topic": ("AWS::SNS::Topic", {"DisplayName": one("first", "second"), "Tags": tags(own=one("a", "b")),
                                      "Subscription": [{"Protocol": "lambda", "Endpoint": get("Function")}]}),
        "Subscription": ("AWS::SNS::Subscription", {"TopicArn": ref("Topic"), "Protocol": "email", "Endpoint": "a@example.com",
                                                    "FilterPolicy": {"kind": [one("a", "b")]}}),
        "TopicPolicy": ("AWS::SNS::TopicPolicy", {"Topics": [ref("Topic")], "PolicyDocument": {
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": one("sns:Publish", "sns:Subscribe"),
                                                    "Resource": ref("Topic")}]}}),
        "Thing": ("AWS::IoT::Thing", {"AttributePayload": {"Attributes": one({"a": "1"}, {"b": "2"})}}),
        "DevicePolicy": ("AWS::IoT::Policy", {"PolicyDocument": one(DEVICE, {**DEVICE, "Statement": DEVICE["Statement"] * 2}),
                                              "Tags": tags(own=one("a", "b"))}),
        "Certificate": ("AWS::IoT::Certificate", {"CertificateSigningRequest": request, "Status": one("ACTIVE", "INACTIVE")}),
        "Attached": ("AWS::IoT::PolicyPrincipalAttachment", {"PolicyName": ref("DevicePolicy"), "Principal": get("Certificate")}),
        "Belongs": ("AWS::IoT::ThingPrincipalAttachment", {"ThingName": ref("Thing"), "Principal": get("Certificate")}),
        "Rule": ("AWS::IoT::TopicRule", {"Tags": tags(own=one("a", "b")), "TopicRulePayload": {
            "Sql": "SELECT * FROM 'a'", "Description": one("a", "b"), "RuleDisabled": one(False, True),
            "Actions": [{"Lambda": {"FunctionArn": get("Function")}},
                        {"S3": {"BucketName": ref("Bucket"), "Key": "${topic()}", "RoleArn": get("Role"), "CannedAcl": "private"}},
                        {"Sns": {"TargetArn": ref("Topic"), "RoleArn": get("Role"), "MessageFormat": "RAW"}}],
            "ErrorAction": {"Republish": {"Topic": "b", "RoleArn": get("Role"), "Qos": one("0", "1")}}}}),
        "Function": ("AWS::Lambda::Function", {
            "Runtime": "python3.11", "Handler": "index.f", "Role": get("Role"), "Timeout": one(3, 7), "MemorySize": one("128", "256"),
            "Code": {"ZipFile": "def f(event, context): return '" + one("a", "b") + "'"}, "Description": one("a", "b"),
            "Environment": {"Variables": one({"A": "1"}, {"B": "2"})}, "ReservedConcurrentExecutions": one(2, 3),
            "TracingConfig": {"Mode": "PassThrough"}, "Tags": tags(own=one("a", "b"))}),
        "Permission": ("AWS::Lambda::Permission", {"Action": "lambda:InvokeFunction", "FunctionName": ref("Function"),
                                                   "Principal": "iot.amazonaws.com", "SourceAccount": ref("AWS::AccountId")}),
        "Retries": ("AWS::Lambda::EventInvokeConfig", {"FunctionName": ref("Function"), "Qualifier": "$LATEST",
                                                       "MaximumRetryAttempts": one(0, 1), "MaximumEventAgeInSeconds": one(60, 120)}),
        "Logs": ("AWS::Logs::LogGroup", {"RetentionInDays": one(7, 14), "Tags": tags(own=one("a", "b"))}),
        "Role": ("AWS::IAM::Role", {"AssumeRolePolicyDocument": TRUST, "Description": one("a", "b"), "MaxSessionDuration": one(3600, 7200),
                                    "ManagedPolicyArns": one(["arn:aws:iam::aws:policy/AmazonSNSFullAccess"],
                                                             ["arn:aws:iam::aws:policy/AmazonS3FullAccess"]),
                                    "Policies": [{"PolicyName": "inline", "PolicyDocument": one(ALLOW, DENY)}],
                                    "Tags": tags(own=one("a", "b"))}),
        "Managed": ("AWS::IAM::ManagedPolicy", {"PolicyDocument": one(ALLOW, DENY), "Roles": [ref("Role")]}),
        "Policy": ("AWS::IAM::Policy", {"PolicyName": "own", "PolicyDocument": one(ALLOW, DENY), "Roles": [ref("Role")]}),
        "Profile": ("AWS::IAM::InstanceProfile", {"Roles": one([ref("Role")], [])}),
    }
    return json.dumps({"Resources": {k: {"Type": t, "Properties": p} for k, (t, p) in resources.items()}})


def state(cloud, ids):
    """What the services say of every resource, in words that can be compared."""
    c = cloud.client
    iot, iam, sns, function = c("iot"), c("iam"), c("sns"), c("lambda")
    topic, role = ids["Topic"], ids["Role"]
    rule = iot.get_topic_rule(ruleName=ids["Rule"])
    configuration = function.get_function(FunctionName=ids["Function"])
    statement = lambda document: (document if isinstance(document, dict) else json.loads(document))["Statement"]
    listed = lambda tag_list: {t["Key"]: t["Value"] for t in tag_list}
    own = lambda all_tags: {k: v for k, v in all_tags.items() if not k.startswith("aws:")}
    return {
        "Bucket": own(listed(c("s3").get_bucket_tagging(Bucket=ids["Bucket"])["TagSet"])),
        "Topic": (sns.get_topic_attributes(TopicArn=topic)["Attributes"]["DisplayName"],
                  own(listed(sns.list_tags_for_resource(ResourceArn=topic)["Tags"])),
                  sorted(s["Protocol"] for s in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"])),
        "TopicPolicy": statement(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])[0]["Action"],
        "Thing": iot.describe_thing(thingName=ids["Thing"])["attributes"],
        "DevicePolicy": (len(statement(iot.get_policy(policyName=ids["DevicePolicy"])["policyDocument"])),
                         own(listed(iot.list_tags_for_resource(resourceArn=iot.get_policy(policyName=ids["DevicePolicy"])["policyArn"])["tags"]))),
        "Certificate": iot.describe_certificate(certificateId=ids["Certificate"])["certificateDescription"]["status"],
        "Attached": len(iot.list_targets_for_policy(policyName=ids["DevicePolicy"])["targets"]),
        "Belongs": len(iot.list_thing_principals(thingName=ids["Thing"])["principals"]),
        "Rule": (rule["rule"]["description"], rule["rule"]["ruleDisabled"], sorted(k for a in rule["rule"]["actions"] for k in a),
                 rule["rule"]["errorAction"]["republish"]["qos"], own(listed(iot.list_tags_for_resource(resourceArn=rule["ruleArn"])["tags"]))),
        "Function": ([configuration["Configuration"].get(k) for k in ("Timeout", "MemorySize", "Description", "Environment")],
                     own(configuration["Tags"]), configuration["Concurrency"]["ReservedConcurrentExecutions"],
                     json.loads(function.invoke(FunctionName=ids["Function"])["Payload"].read())),
        "Permission": len(statement(function.get_policy(FunctionName=ids["Function"])["Policy"])),
        "Retries": function.get_function_event_invoke_config(FunctionName=ids["Function"])["MaximumRetryAttempts"],
        "Logs": (c("logs").describe_log_groups(logGroupNamePrefix=ids["Logs"])["logGroups"][0]["retentionInDays"],
                 own(c("logs").list_tags_for_resource(
                     resourceArn=c("logs").describe_log_groups(logGroupNamePrefix=ids["Logs"])["logGroups"][0]["arn"][:-2])["tags"])),
        "Role": (iam.get_role(RoleName=role)["Role"]["Description"], iam.get_role(RoleName=role)["Role"]["MaxSessionDuration"],
                 sorted(p["PolicyName"] for p in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
                        if p["PolicyName"].startswith("Amazon")),
                 statement(iam.get_role_policy(RoleName=role, PolicyName="inline")["PolicyDocument"])[0]["Effect"],
                 own(listed(iam.list_role_tags(RoleName=role)["Tags"]))),
        "Managed": [p["PolicyArn"] for p in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]].count(ids["Managed"]),
        "Policy": statement(iam.get_role_policy(RoleName=role, PolicyName="own")["PolicyDocument"])[0]["Effect"],
        "Profile": len(iam.get_instance_profile(InstanceProfileName=ids["Profile"])["InstanceProfile"]["Roles"]),
    }


def everything(cloud):
    """Every resource there is, in every service that has resource types."""
    c = cloud.client
    iot, iam, function = c("iot"), c("iam"), c("lambda")
    return {"buckets": c("s3").list_buckets()["Buckets"], "topics": c("sns").list_topics()["Topics"],
            "subscriptions": c("sns").list_subscriptions()["Subscriptions"], "things": iot.list_things()["things"],
            "policies": iot.list_policies()["policies"], "certificates": iot.list_certificates()["certificates"],
            "rules": iot.list_topic_rules()["rules"], "functions": function.list_functions()["Functions"],
            # A function's own log group is nobody's resource: it stays, as at AWS.
            "groups": [g for g in c("logs").describe_log_groups()["logGroups"] if not g["logGroupName"].startswith("/aws/lambda/")],
            "roles": iam.list_roles()["Roles"], "managed": iam.list_policies(Scope="Local")["Policies"],
            "profiles": iam.list_instance_profiles()["InstanceProfiles"]}


def settle(cloud, stack, waiter):
    cloud.client("cloudformation").get_waiter(waiter).wait(StackName=stack, WaiterConfig={"Delay": 0.1, "MaxAttempts": 300})


def ids_of(cloud, stack):
    listed = cloud.client("cloudformation").list_stack_resources(StackName=stack)["StackResourceSummaries"]
    return {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in listed}


def test_every_resource_type_from_creation_over_change_to_deletion(cloud, tmp_path):
    formation = cloud.client("cloudformation")
    before, request = everything(cloud), signing_request(tmp_path)
    formation.create_stack(StackName="all", TemplateBody=every_type(request), Capabilities=["CAPABILITY_IAM"], Tags=tags(team="soil"))
    settle(cloud, "all", "stack_create_complete")
    ids = ids_of(cloud, "all")
    first = state(cloud, ids)
    assert first == {
        "Bucket": {"own": "a", "team": "soil"}, "Topic": ("first", {"own": "a", "team": "soil"}, ["email", "lambda"]),
        "TopicPolicy": "sns:Publish", "Thing": {"a": "1"}, "DevicePolicy": (1, {"own": "a", "team": "soil"}), "Certificate": "ACTIVE",
        "Attached": 1, "Belongs": 1, "Rule": ("a", False, ["lambda", "s3", "sns"], 0, {"own": "a", "team": "soil"}),
        "Function": ([3, 128, "a", {"Variables": {"A": "1"}}], {"own": "a", "team": "soil"}, 2, "a"), "Permission": 1, "Retries": 0,
        "Logs": (7, {"own": "a", "team": "soil"}),
        "Role": ("a", 3600, ["AmazonSNSFullAccess"], "Allow", {"own": "a", "team": "soil"}), "Managed": 1, "Policy": "Allow", "Profile": 1}
    formation.update_stack(StackName="all", TemplateBody=every_type(request, changed=True), Capabilities=["CAPABILITY_IAM"])
    settle(cloud, "all", "stack_update_complete")
    assert ids_of(cloud, "all") == ids, "nothing was replaced"
    assert state(cloud, ids) == {
        "Bucket": {"own": "b", "team": "soil"}, "Topic": ("second", {"own": "b", "team": "soil"}, ["email", "lambda"]),
        "TopicPolicy": "sns:Subscribe", "Thing": {"b": "2"}, "DevicePolicy": (2, {"own": "b", "team": "soil"}), "Certificate": "INACTIVE",
        "Attached": 1, "Belongs": 1, "Rule": ("b", True, ["lambda", "s3", "sns"], 1, {"own": "b", "team": "soil"}),
        "Function": ([7, 256, "b", {"Variables": {"B": "2"}}], {"own": "b", "team": "soil"}, 3, "b"), "Permission": 1, "Retries": 1,
        "Logs": (14, {"own": "b", "team": "soil"}),
        "Role": ("b", 7200, ["AmazonS3FullAccess"], "Deny", {"own": "b", "team": "soil"}), "Managed": 1, "Policy": "Deny", "Profile": 0}
    formation.delete_stack(StackName="all")
    settle(cloud, "all", "stack_delete_complete")
    assert everything(cloud) == before


def test_a_policy_over_several_targets_of_which_one_refuses_leaves_nothing_behind(cloud):
    formation, iam, sns = cloud.client("cloudformation"), cloud.client("iam"), cloud.client("sns")
    iam.create_role(RoleName="several", AssumeRolePolicyDocument=json.dumps(TRUST))
    topic = sns.create_topic(Name="several")["TopicArn"]
    before = sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]
    allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"}]}
    public = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": topic}]}
    for kind, properties in {
            "IAM::Policy": {"PolicyName": "p", "PolicyDocument": allow, "Roles": ["several", "nobody"]},
            "SNS::TopicPolicy": {"PolicyDocument": public, "Topics": [topic, topic + "-none"]}}.items():
        resources = {"A": {"Type": "AWS::" + kind, "Properties": properties}}
        formation.create_stack(StackName="several", TemplateBody=json.dumps({"Resources": resources}),
                               Capabilities=["CAPABILITY_IAM"])
        eventually(lambda: formation.describe_stacks(StackName="several")["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE")
        formation.delete_stack(StackName="several")
        settle(cloud, "several", "stack_delete_complete")
    assert iam.list_role_policies(RoleName="several")["PolicyNames"] == []
    assert json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]) == json.loads(before)


def test_an_update_with_an_empty_list_of_tags_removes_them(cloud):
    template = json.dumps({"Resources": {"A": {"Type": "AWS::SNS::Topic"}}})
    formation = cloud.client("cloudformation")
    formation.create_stack(StackName="tagged", TemplateBody=template, Tags=tags(team="soil"))
    settle(cloud, "tagged", "stack_create_complete")
    formation.update_stack(StackName="tagged", TemplateBody=template, Tags=[])
    settle(cloud, "tagged", "stack_update_complete")
    assert formation.describe_stacks(StackName="tagged")["Stacks"][0]["Tags"] == []
    topic = ids_of(cloud, "tagged")["A"]
    assert cloud.client("sns").list_tags_for_resource(ResourceArn=topic)["Tags"] == []
