"""kill -9 at random points of a stack's life: it ends by itself where it would have ended, and leaves nothing behind.

Each life is a creation (some fail at the end), an update that replaces, an update that fails, and a deletion, each killed at a
moment drawn from a seeded generator. After each restart the stack must come to its end, hold as many resources of each kind as
one that was never killed, and after its deletion the account must list what it listed before.
"""
import json
import os
import random
import select

from support.server import Cloudlet, eventually

LIVES = int(os.environ.get("CRASH_ROUNDS", "5")) // 3 + 1
SEED = int(os.environ.get("CRASH_SEED", "20261121"))
KILL_WITHIN_S = 0.015  # most kills come in the middle
ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
CODE = {"Runtime": "python3.11", "Handler": "index.handler", "Code": {"ZipFile": "def handler(e, c):\n  return 1\n"}}


def trust(service):
    return {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}


def template(suffix="", fails=False):
    """Named resources are replaced when the suffix changes, policies move to other targets, a rule to another bucket."""
    kept = [{"Ref": name} for name in (("RoleA", "RoleB") if suffix else ("RoleB", "RoleC"))]
    resources = {
        "Bucket": ("AWS::S3::Bucket", {"BucketName": "life" + suffix}),
        "Topic": ("AWS::SNS::Topic", {"TopicName": "life" + suffix}),
        "Other": ("AWS::SNS::Topic", {"DisplayName": "other" + suffix}),
        "Subscription": ("AWS::SNS::Subscription", {"TopicArn": {"Ref": "Topic"}, "Protocol": "lambda",
                                                    "Endpoint": {"Fn::GetAtt": ["Function", "Arn"]}}),
        "TopicPolicy": ("AWS::SNS::TopicPolicy", {"Topics": [{"Ref": "Topic"}, {"Ref": "Other"}], "PolicyDocument": {
            "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "iot.amazonaws.com"},
                                                    "Action": "sns:Publish", "Resource": {"Ref": "Topic"}}]}}),
        **{f"Role{name}": ("AWS::IAM::Role", {"AssumeRolePolicyDocument": trust(service + ".amazonaws.com"),
                                              "Description": suffix}) for name, service in zip("ABC", ("lambda", "iot", "iot"))},
        "Policy": ("AWS::IAM::Policy", {"PolicyName": "life" + suffix, "PolicyDocument": ALLOW, "Roles": kept}),
        "Managed": ("AWS::IAM::ManagedPolicy", {"PolicyDocument": ALLOW, "Description": suffix + "x", "Roles": kept}),
        "Function": ("AWS::Lambda::Function", {**CODE, "FunctionName": "life" + suffix,
                                               "Role": {"Fn::GetAtt": ["RoleA", "Arn"]}}),
        "Permission": ("AWS::Lambda::Permission", {"FunctionName": {"Ref": "Function"}, "Principal": "sns.amazonaws.com",
                                                   "Action": "lambda:InvokeFunction", "SourceArn": {"Ref": "Topic"}}),
        "Group": ("AWS::Logs::LogGroup", {"LogGroupName": {"Fn::Sub": "/aws/lambda/${Function}"}}),
        "Thing": ("AWS::IoT::Thing", {"ThingName": "life" + suffix}),
        "Rule": ("AWS::IoT::TopicRule", {"TopicRulePayload": {"Sql": "SELECT * FROM 'life'", "Actions": [{"S3": {
            "RoleArn": {"Fn::GetAtt": ["RoleB", "Arn"]}, "BucketName": {"Ref": "Bucket"}, "Key": "k"}}]}}),
    }
    made = {name: {"Type": kind, "Properties": properties} for name, (kind, properties) in resources.items()}
    if fails:
        made["Taken"] = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "taken"},
                         "DependsOn": ["Rule", "Policy", "TopicPolicy", "Permission", "Group", "Thing"]}
    return json.dumps({"Resources": made})


def listing(cloud):
    sns, iam, iot = cloud.client("sns"), cloud.client("iam"), cloud.client("iot")
    roles = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    return {
        "buckets": [one["Name"] for one in cloud.client("s3").list_buckets()["Buckets"]],
        "topics": [one["TopicArn"] for one in sns.list_topics()["Topics"]],
        "subscriptions": [one["SubscriptionArn"] for one in sns.list_subscriptions()["Subscriptions"]],
        "functions": [one["FunctionName"] for one in cloud.client("lambda").list_functions()["Functions"]],
        "groups": [one["logGroupName"] for one in cloud.client("logs").describe_log_groups()["logGroups"]],
        "roles": roles,
        "inline": [(role, name) for role in roles for name in iam.list_role_policies(RoleName=role)["PolicyNames"]],
        "attached": [role for role in roles for _ in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]],
        "policies": [one["PolicyName"] for one in iam.list_policies(Scope="Local")["Policies"]],
        "things": [one["thingName"] for one in iot.list_things()["things"]],
        "rules": [one["ruleName"] for one in iot.list_topic_rules()["rules"]],
    }


def counts(cloud):
    return {kind: len(names) for kind, names in listing(cloud).items()}


def settled(cloud, stack):
    def status():
        now = cloud.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
        return None if now.endswith("_IN_PROGRESS") else now
    return eventually(status)


def live(cloud, creation_fails, disturb):
    """One life; `disturb` comes between a request and the look at what became of it. Gives what was there after each."""
    client, seen = (lambda: cloud.client("cloudformation")), []

    def act(operation, expected, stack, **parameters):
        answer = getattr(client(), operation)(StackName=stack, **parameters)
        disturb()
        stack = answer.get("StackId", stack)
        assert settled(cloud, stack) == expected, operation
        seen.append(counts(cloud))
        return stack

    allowed = {"Capabilities": ["CAPABILITY_NAMED_IAM"]}
    stack = act("create_stack", "ROLLBACK_COMPLETE" if creation_fails else "CREATE_COMPLETE", "life",
                TemplateBody=template(fails=creation_fails), **allowed)
    if not creation_fails:
        act("update_stack", "UPDATE_ROLLBACK_COMPLETE", stack, TemplateBody=template("-two", fails=True), **allowed)
        act("update_stack", "UPDATE_COMPLETE", stack, TemplateBody=template("-two"), **allowed)
    act("delete_stack", "DELETE_COMPLETE", stack)
    return seen


def test_a_stack_ends_where_it_would_have_and_leaves_nothing(tmp_path):
    chance = random.Random(SEED)
    cloud = Cloudlet(tmp_path)
    cloud.start()
    try:
        cloud.client("s3").create_bucket(Bucket="taken", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        before = listing(cloud)
        undisturbed = {fails: live(cloud, fails, lambda: None) for fails in (False, True)}

        def kill():
            select.select([], [], [], chance.random() * KILL_WITHIN_S)  # the kill's moment is the point of the test
            cloud.kill()
            cloud.start()

        for number in range(LIVES):
            fails = number % 3 == 2
            assert live(cloud, fails, kill) == undisturbed[fails]
            assert listing(cloud) == before
    finally:
        cloud.stop()
