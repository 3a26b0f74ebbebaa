"""The command line: deploy, look, invoke, delete; exit codes; errors that say what, why and what next."""
import json

from support.server import BINARY, eventually

APPLICATION = BINARY.parent / "apps" / "soil-moisture"


def test_an_application_from_deploy_to_delete(cloud):
    done = cloud.cli("deploy", str(APPLICATION / "template-python.yaml"), "--stack", "garden", "--param",
                     "AlertEmail=me@example.com")
    assert "CREATE_COMPLETE" in done.stdout and "AWS::Lambda::Function" in done.stdout
    again = cloud.cli("deploy", str(APPLICATION / "template-python.yaml"), "--stack", "garden")
    assert "no changes" in again.stdout
    changed = cloud.cli("deploy", str(APPLICATION / "template-python.yaml"), "--stack", "garden", "--param",
                        "HumidityThreshold=20", "--json")
    assert json.loads(changed.stdout)["status"] == "UPDATE_COMPLETE"

    function = cloud.cli("status", "--stack", "garden", "--output", "Function").stdout.strip()
    answer = cloud.cli("invoke", function, "--event", '{"name": "soilSensor1", "humidity": 5}', "--tail")
    assert "messageId" in json.loads(answer.stdout)
    assert "REPORT RequestId" in answer.stderr
    assert "alert" in cloud.cli("logs", function).stdout
    failed = cloud.cli("invoke", function, "--event", "{}", check=False)
    assert failed.returncode == 1 and "KeyError" in failed.stdout and "next:" in failed.stderr

    # Somebody's data keeps a bucket, and so a stack, from going away.
    bucket = cloud.cli("status", "--stack", "garden", "--output", "Bucket").stdout.strip()
    cloud.client("s3").put_object(Bucket=bucket, Key="kept", Body=b"x")
    refused = cloud.cli("delete", "garden", check=False)
    assert refused.returncode == 1 and "not empty" in refused.stdout
    cloud.client("s3").delete_object(Bucket=bucket, Key="kept")
    assert "DELETE_COMPLETE" in cloud.cli("delete", "garden").stdout


def test_templates_that_cannot_be_are_refused_with_the_reason(cloud, tmp_path):
    def refusal(text):
        path = tmp_path / "t.yaml"
        path.write_text(text)
        done = cloud.cli("deploy", str(path), "--stack", "broken", check=False)
        assert done.returncode == 1
        return done.stdout + done.stderr

    assert "Circular dependency" in refusal(
        "Resources:\n  A: {Type: 'AWS::SNS::Topic', DependsOn: B}\n  B: {Type: 'AWS::SNS::Topic', DependsOn: A}\n")
    assert "AWS::Nobody::Knows" in refusal("Resources:\n  A: {Type: 'AWS::Nobody::Knows'}\n")
    assert "Unresolved resource dependencies [X]" in refusal(
        "Resources:\n  A: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !Ref X}}\n")
    assert refusal("Resources: [")


def test_a_template_too_large_for_a_request_is_deployed_from_a_bucket(cloud, tmp_path):
    path = tmp_path / "large.json"

    def write(size, name):
        topic = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "Name"}}}
        padding = {f"Pad{i}": "x" * 1000 for i in range(size // 1000)}
        path.write_text(json.dumps({"Parameters": {"Name": {"Type": "String", "Default": name}},
                                    "Metadata": padding, "Resources": {"Topic": topic}}))

    write(200_000, "first")
    assert "CREATE_COMPLETE" in cloud.cli("deploy", str(path), "--stack", "large").stdout
    assert "no changes" in cloud.cli("deploy", str(path), "--stack", "large").stdout
    changed = cloud.cli("deploy", str(path), "--stack", "large", "--param", "Name=second")
    assert "UPDATE_COMPLETE" in changed.stdout
    write(1_100_000, "first")
    refused = cloud.cli("deploy", str(path), "--stack", "large", check=False)
    assert refused.returncode == 1 and "may not exceed 1048576 bytes" in refused.stderr
    assert "next:" in refused.stderr


def test_exit_codes_and_json(cloud, fresh):
    assert cloud.cli("status", "--json").returncode == 0
    assert json.loads(cloud.cli("doctor", "--json", check=False).stdout)["checks"]
    assert cloud.cli("no-such-command", check=False).returncode == 2
    assert cloud.cli("--endpoint", "http://127.0.0.1:1", "status", check=False).returncode == 3
    assert cloud.cli("delete", "nobody", check=False).returncode == 1
    assert "version" in json.loads(cloud.cli("version", "--json").stdout)


def test_mqtt_pub_and_sub(cloud):
    cloud.cli("mqtt", "pub", "--retain", "cli/kept", "hello")
    got = cloud.cli("mqtt", "sub", "--count", "1", "cli/#", "--json")
    assert json.loads(got.stdout) == {"topic": "cli/kept", "qos": 1, "retain": True, "payload": "hello"}


def test_the_clock_moves_everything(cloud):
    cloud.cli("clock", "freeze")
    try:
        sns = cloud.client("sns")
        topic = sns.create_topic(Name="clock")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="late@example.com")
        assert len(sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]) == 1
        cloud.cli("clock", "advance", "4d")  # an unconfirmed subscription lives three days
        eventually(lambda: not sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"])
    finally:
        cloud.cli("clock", "resume")
