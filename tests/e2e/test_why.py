"""`cloudlet trace why`: whoever asks why nothing happened reads what stood in the way."""
import io
import json
import subprocess
import zipfile

import pytest

from support.server import eventually

ROLE = "arn:aws:iam::000000000000:role/why"
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                                                 "Principal": {"Service": ["iot.amazonaws.com", "lambda.amazonaws.com"]}}]}
BROKEN = "def handler(event, context):\n    raise ValueError('no such pump')\n"


@pytest.fixture(scope="module")
def ready(cloud):
    cloud.client("iam").create_role(RoleName="why", AssumeRolePolicyDocument=json.dumps(TRUST))
    return cloud


def rule(cloud, name, sql, *actions, region="eu-west-1", **more):
    cloud.client("iot", region=region).create_topic_rule(ruleName=name, topicRulePayload={
        "sql": sql, "awsIotSqlVersion": "2016-03-23", "actions": list(actions), **more})


def republish(topic):
    return {"republish": {"roleArn": ROLE, "topic": topic}}


def pub(cloud, topic, payload="{}", *more):
    subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(cloud.mqtt_port), "-q", "1", "-t", topic, "-m", payload, *more],
                   check=True, timeout=30)


def why(cloud, name, *words):
    """What `trace why NAME` says once it holds all the words."""
    said = ""

    def answered():
        nonlocal said
        said = cloud.cli("trace", "why", name, check=False).stdout
        return all(word in said for word in words)

    try:
        eventually(answered, timeout_s=10)
    except AssertionError:
        raise AssertionError(f"trace why {name} does not say {words}, but:\n{said}") from None
    return said


def test_no_rule_takes_the_topic(ready):
    pub(ready, "lonely/a", "{}", "-i", "loner")
    why(ready, "lonely/a", "iot:Publish lonely/a: skipped", "no subscriber", "no rule takes this topic", "client loner")
    rule(ready, "Near", "SELECT * FROM 'lonely/+/data'", republish("x"))
    pub(ready, "lonely/b/date")
    why(ready, "lonely/b/date", "nearly: rule Near hears 'lonely/+/data'")


def test_the_rule_is_disabled_or_its_condition_false(ready):
    rule(ready, "Off", "SELECT * FROM 'off'", republish("x"), ruleDisabled=True)
    rule(ready, "Dry", "SELECT * FROM 'dry' WHERE humidity < 35", republish("x"))
    pub(ready, "off")
    why(ready, "Off", "rule/Off: skipped", "disabled")
    pub(ready, "dry", '{"humidity": 41}')
    why(ready, "Dry", "rule/Dry: skipped", "humidity = 41")
    assert "rule/Dry" in why(ready, "dry", "humidity = 41"), "asked by the topic as well"
    pub(ready, "dry", "no json")
    why(ready, "Dry", "not JSON")


def test_basic_ingest_to_a_rule_that_is_not_there(ready):
    pub(ready, "$aws/rules/Typo/a")
    why(ready, "Typo", "there is no rule named Typo")


def test_a_rule_of_another_region_does_not_hear_an_api_call(ready):
    rule(ready, "Far", "SELECT * FROM 'far'", republish("x"), region="us-west-2")
    ready.client("iot-data").publish(topic="far", qos=1, payload=b"{}")
    why(ready, "far", "region us-west-2", "region eu-west-1")


def test_the_action_failed(ready):
    rule(ready, "NoBucket", "SELECT * FROM 'nobucket'", {"s3": {"roleArn": ROLE, "bucketName": "not-there", "key": "k"}})
    pub(ready, "nobucket")
    why(ready, "NoBucket", "rule/NoBucket: failed", "not-there")
    rule(ready, "NoTopic", "SELECT * FROM 'notopic'",
         {"sns": {"roleArn": ROLE, "targetArn": "arn:aws:sns:eu-west-1:000000000000:nothing"}})
    pub(ready, "notopic")
    why(ready, "NoTopic", "rule/NoTopic: failed", "nothing")


def test_the_function_is_missing_not_permitted_or_fails(ready):
    functions = ready.client("lambda")
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("main.py", BROKEN)
    arn = functions.create_function(FunctionName="pump", Runtime="python3.11", Handler="main.handler", Role=ROLE,
                                    Code={"ZipFile": package.getvalue()})["FunctionArn"]
    rule(ready, "Pump", "SELECT * FROM 'pump'", {"lambda": {"functionArn": arn}})
    rule(ready, "Ghost", "SELECT * FROM 'ghost'", {"lambda": {"functionArn": arn.replace("pump", "ghost")}})
    pub(ready, "ghost")
    why(ready, "Ghost", "rule/Ghost: failed", "ghost")
    pub(ready, "pump")
    why(ready, "Pump", "rule/Pump: failed", "does not let iot.amazonaws.com invoke it")
    functions.add_permission(FunctionName="pump", StatementId="iot", Action="lambda:InvokeFunction", Principal="iot.amazonaws.com")
    pub(ready, "pump")
    why(ready, "pump", "lambda:Run", "failed, ValueError: no such pump")


def test_the_subscription_is_not_confirmed_or_filters(ready):
    sns = ready.client("sns")
    topic = sns.create_topic(Name="why-alerts")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="late@example.com")
    rule(ready, "Alert", "SELECT * FROM 'alert'", {"sns": {"roleArn": ROLE, "targetArn": topic, "messageFormat": "RAW"}})
    pub(ready, "alert")
    why(ready, "Alert", "late@example.com", "confirmation is pending")
    empty = sns.create_topic(Name="why-empty")["TopicArn"]
    sns.publish(TopicArn=empty, Message="x")
    why(ready, "why-empty", "0 of 0 subscriptions")


def test_a_client_that_may_not(ready, tmp_path):
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"},
        {"Effect": "Allow", "Action": "iot:Subscribe", "Resource": "*"}]}
    files = ready.device(tmp_path / "may-not", policy, policy="may-not")

    def mosquitto(command, *arguments):
        return subprocess.run([command, "-h", "localhost", "-p", str(ready.mqtts_port), "--cafile", files["ca"], "--cert", files["cert"],
                               "--key", files["key"], *arguments], capture_output=True, timeout=30)

    mosquitto("mosquitto_pub", "-i", "maynot", "-q", "1", "-t", "forbidden/a", "-m", "x")
    why(ready, "forbidden/a", "iot:Publish topic/forbidden/a: denied", "client maynot")
    receiver = subprocess.Popen(["stdbuf", "-oL", "mosquitto_sub", "-h", "localhost", "-p", str(ready.mqtts_port), "--cafile", files["ca"], "--cert",
                                 files["cert"], "--key", files["key"], "-i", "deaf", "-t", "unheard/a", "-d", "-C", "1", "-W", "10"],
                                stdout=subprocess.PIPE, text=True)
    for line in receiver.stdout:
        if "Subscribed" in line:
            break
    pub(ready, "unheard/a")
    why(ready, "unheard/a", "1 more may not receive it (iot:Receive)", "client deaf")
    receiver.kill()
    receiver.wait(10)
    stranger = subprocess.run(["mosquitto_pub", "-h", "localhost", "-p", str(ready.mqtts_port), "--cafile", files["ca"], "-i", "bare",
                               "-t", "a", "-m", "x"], capture_output=True, timeout=30)
    assert stranger.returncode != 0
    why(ready, "client/bare", "iot:Connect client/bare: denied", "certificate")
