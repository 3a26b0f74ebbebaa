"""The command line: deploy, look, invoke, delete; exit codes; errors that say what, why and what next."""
import json
import signal
import subprocess
import time

import pytest
from support.server import ALLOW_ALL, BINARY, eventually

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


@pytest.mark.parametrize("code, says, arguments", [
    (2, "no command or option 'nope'", ["nope"]),
    (2, "--nope", ["status", "--nope"]),
    (2, "is required", ["deploy"]),
    (2, "File does not exist", ["deploy", "nothere.yaml"]),
    (2, "'X' is not NAME=VALUE", ["deploy", __file__, "--param", "X"]),
    (2, "is not an endpoint", ["--endpoint", "foo", "status"]),
    (2, "--output requires --stack", ["status", "--output", "X"]),
    (2, "'x' is not a number", ["mail", "show", "x"]),
    (3, "cannot connect", ["--endpoint", "http://127.0.0.1:1", "delete", "x"]),
    (1, "next: cloudlet status lists the stacks", ["delete", "nobody"]),
    (1, "next: cloudlet status lists the stacks", ["status", "--stack", "nobody"]),
    (1, "next: cloudlet mail list", ["mail", "show", "99999"]),
    (1, "next: aws lambda list-functions", ["invoke", "nobody"]),
    (1, "next: a function writes its first lines", ["logs", "nobody"]),
    (1, "next: choose another folder", ["device", "add", "--out", "/proc/nowhere"]),
    (2, "holds no wildcards", ["mqtt", "pub", "a/#", "x"]),
    (2, "'#' for all from the last", ["mqtt", "sub", "a/#/b"]),
    (2, "not in range 1 to 1000000000", ["mqtt", "sub", "--count", "0", "a"]),
    (1, "next: aws iot list-policies", ["device", "add", "--policy", "nobody", "--out", "device"])])
def test_a_wrong_command_says_what_and_what_next(cloud, code, says, arguments):
    done = cloud.cli(*arguments, check=False)
    assert (done.returncode, done.stdout) == (code, "") and says in done.stderr, done.stderr


def test_a_refused_device_leaves_no_certificate_behind(cloud):
    before = cloud.client("iot").list_certificates()["certificates"]
    cloud.cli("device", "add", "--policy", "nobody", "--out", "device", check=False)
    cloud.cli("device", "add", "--out", "/proc/nowhere", check=False)
    assert cloud.client("iot").list_certificates()["certificates"] == before


def test_what_is_there_and_is_no_cloudlet_counts_as_no_server(cloud):
    for address in (f"http://127.0.0.1:{cloud.mqtt_port}", cloud.endpoint.replace("http", "https")):
        for command in (["status"], ["delete", "x"], ["mail", "list"]):
            done = cloud.cli("--endpoint", address, *command, check=False)
            assert done.returncode == 3 and "next: start a server" in done.stderr, done.stderr


def test_a_stack_that_never_stood_is_to_be_deleted(cloud, tmp_path):
    template = tmp_path / "t.yaml"
    template.write_text("Resources: {A: {Type: 'AWS::SNS::Topic', Properties: {TopicName: 'not a name'}}}")
    failed = cloud.cli("deploy", str(template), "--stack", "lost", check=False)
    assert failed.returncode == 1 and "CREATE_FAILED" in failed.stdout and "ROLLBACK_COMPLETE" in failed.stdout
    again = cloud.cli("deploy", str(template), "--stack", "lost", check=False)
    assert again.returncode == 1 and "next: cloudlet delete lost" in again.stderr
    cloud.cli("delete", "lost")


def test_whatever_lists_or_shows_has_json_with_the_same_names(cloud, tmp_path):
    def said(*arguments):
        return json.loads(cloud.cli(*arguments, "--json").stdout)

    template = tmp_path / "t.yaml"
    template.write_text("Resources: {A: {Type: 'AWS::SNS::Topic'}}\nOutputs: {Topic: {Value: !Ref A}}")
    deployed = said("deploy", str(template), "--stack", "shown")
    assert deployed == {"stack": "shown", "status": "CREATE_COMPLETE", "outputs": deployed["outputs"]}
    assert said("status", "--stack", "shown") == {"name": "shown", "status": "CREATE_COMPLETE", "outputs": deployed["outputs"]}
    assert {"name": "shown", "status": "CREATE_COMPLETE"} in said("status")["stacks"]
    cloud.client("sns").subscribe(TopicArn=deployed["outputs"]["Topic"], Protocol="email", Endpoint="shown@example.com")
    mail = said("mail", "wait", "--to", "shown@example.com")
    assert {"id", "from", "to", "received", "subject", "body"} <= set(mail)
    assert said("mail", "list", "--to", "shown@example.com")[0]["id"] == mail["id"]
    assert said("mail", "show", str(mail["id"])) == mail
    assert "link" in said("mail", "click", str(mail["id"]))
    assert said("mail", "open")["url"].startswith("http")
    assert set(said("device", "add", "--out", str(tmp_path / "device"))) == {"certificateArn", "certificateId", "folder"}
    assert said("trace", "last")["chains"] and isinstance(said("trace", "why", "shown")["chains"], list)
    assert set(said("clock")) == {"now", "frozen"}
    assert set(said("doctor")["checks"][0]) >= {"name", "state"}
    assert said("env")["AWS_ENDPOINT_URL"] == cloud.endpoint
    assert said("delete", "shown") == {"stack": "shown", "status": "DELETE_COMPLETE"}


def test_a_log_is_followed_until_ctrl_c_and_each_line_comes_once(cloud):
    logs, command = cloud.client("logs"), [str(BINARY), "logs", "-f", "/followed", "--json"]
    follower = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=cloud.environment())
    assert "waiting: there is no log group /followed yet" in follower.stderr.readline()
    logs.create_log_group(logGroupName="/followed")
    now = int(time.time() * 1000)
    # Lines of another stream may come late: they are older than what was printed already.
    for stream, at in (("a", now), ("b", now - 3000), ("a", now + 1000)):
        try:
            logs.create_log_stream(logGroupName="/followed", logStreamName=stream)
        except logs.exceptions.ResourceAlreadyExistsException:
            pass
        logs.put_log_events(logGroupName="/followed", logStreamName=stream, logEvents=[{"timestamp": at, "message": f"{stream} {at}"}])
        line = json.loads(follower.stdout.readline())
        assert (line["stream"], line["message"]) == (stream, f"{stream} {at}") and line["timestamp"]
    follower.send_signal(signal.SIGINT)
    rest, _ = follower.communicate(timeout=20)
    assert (follower.returncode, rest) == (0, "")


def test_mqtt_pub_and_sub(cloud):
    cloud.cli("mqtt", "pub", "--retain", "cli/kept", "hello")
    got = cloud.cli("mqtt", "sub", "--count", "1", "cli/#", "--json")
    assert json.loads(got.stdout) == {"topic": "cli/kept", "qos": 1, "retain": True, "payload": "hello"}


def test_mqtt_pub_says_in_json_what_it_did(cloud):
    done = cloud.cli("mqtt", "pub", "cli/json", "hello", "--json")
    assert json.loads(done.stdout) == {"topic": "cli/json", "qos": 1, "retain": False, "bytes": 5}


def test_a_publish_that_ends_the_connection_is_refused_not_repeated(cloud, tmp_path):
    files = cloud.device(tmp_path, {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "iot:Connect", "Resource": "*"}]}, policy="connect-only")
    done = cloud.cli("mqtt", "pub", "--host", "localhost", "--ca", files["ca"], "--cert", files["cert"], "--key", files["key"],
                     "cli/forbidden", "x", check=False, timeout=20)
    assert done.returncode == 1 and "cloudlet trace why cli/forbidden" in done.stderr
    assert "denied" in cloud.cli("trace", "why", "cli/forbidden").stdout


def test_ctrl_c_ends_a_subscription_in_order_and_a_restart_does_not_end_it(fresh):
    fresh.start()
    fresh.cli("mqtt", "pub", "--retain", "cli/kept", "1")
    reader = subprocess.Popen([str(BINARY), "mqtt", "sub", "--client-id", "patient", "cli/#"], stdout=subprocess.PIPE, text=True,
                              env=fresh.environment(), cwd=fresh.folder)
    assert reader.stdout.readline() == "cli/kept 1\n"
    fresh.kill()
    fresh.start()
    assert reader.stdout.readline() == "cli/kept 1\n", "it is back, and so is the subscription"
    reader.send_signal(signal.SIGINT)
    assert reader.wait(10) == 0
    eventually(lambda: "CLIENT_INITIATED_DISCONNECT" in fresh.cli("trace", "why", "client/patient").stdout)


def test_a_device_comes_and_goes(cloud, tmp_path):
    iot = cloud.client("iot")
    iot.create_policy(policyName="comes", policyDocument=json.dumps(ALLOW_ALL))
    folder = tmp_path / "device"
    made = json.loads(cloud.cli("device", "add", "--thing", "comer", "--policy", "comes", "--out", str(folder), "--json").stdout)
    cloud.cli("mqtt", "pub", "--host", "localhost", "--device", str(folder), "cli/device", "x")
    gone = json.loads(cloud.cli("device", "remove", str(folder), "--thing", "comer", "--json").stdout)
    assert gone["certificateId"] == made["certificateId"]
    assert iot.list_targets_for_policy(policyName="comes")["targets"] == []
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.describe_certificate(certificateId=made["certificateId"])
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.describe_thing(thingName="comer")
    assert list(folder.iterdir()) == []
    assert cloud.cli("device", "remove", str(folder), check=False).returncode != 0


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
