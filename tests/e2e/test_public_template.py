"""The reference architecture "IoT backend": a template with the constructs of the public one, deployed with the unmodified
AWS CLI; a device publishes with its certificate; the unmodified Python handler alerts; the person confirms and is told.

Facts: aws-samples/lambda-refarch-iotbackend, iot-backend.yaml and its README.
"""
import io
import json
import pathlib
import re
import ssl
import threading
import zipfile

import paho.mqtt.client as paho

from support.server import ALLOW_ALL, eventually

TEMPLATE = pathlib.Path(__file__).parent / "templates" / "iot-backend.yaml"
HANDLER = '''
import os
import boto3

sns = boto3.client('sns')
topic = os.environ['alert_sns']

def lambda_handler(event, context):
    print(event)
    text = "Humidity " + str(event['humidity']) + " under threshold for device name " + event['name']
    sns.publish(TopicArn=topic, Message=text, Subject="Attention:Humidity Under Threshold")
    return ''
'''


def upload_package(cloud):
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("lambda_function.py", HANDLER)
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="reference-architectures", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="reference-architectures", Key="iot-backend/v2/lambda_function.zip", Body=package.getvalue())


def publish(cloud, files, client_id, messages):
    """Publishes QoS 1 with Paho over TLS and waits for every PUBACK."""
    acknowledged = threading.Semaphore(0)
    client = paho.Client(client_id=client_id)
    client.tls_set(ca_certs=files["ca"], certfile=files["cert"], keyfile=files["key"], tls_version=ssl.PROTOCOL_TLS_CLIENT)
    client.on_publish = lambda *_: acknowledged.release()
    client.connect("localhost", cloud.mqtts_port)
    client.loop_start()
    for topic, payload in messages:
        client.publish(topic, json.dumps(payload), qos=1)
    for _ in messages:
        assert acknowledged.acquire(timeout=20), "no PUBACK"
    client.disconnect()
    client.loop_stop()


def reading(name, humidity):
    return (f"device/{name}/devicePayload", {"name": name, "humidity": humidity, "timeStampEpoch": 1598536072677,
                                            "timeStampIso": "2020-08-27T13:47:52.677721"})


def test_the_reference_architecture_does_its_job(cloud, tmp_path):
    upload_package(cloud)
    cloud.aws("cloudformation", "deploy", "--template-file", str(TEMPLATE), "--stack-name", "iot-backend",
              "--capabilities", "CAPABILITY_NAMED_IAM", "--parameter-overrides", "SNSEmail=gardener@example.com")
    outputs = cloud.aws("cloudformation", "describe-stacks", "--stack-name", "iot-backend")["Stacks"][0]
    assert outputs["StackStatus"] == "CREATE_COMPLETE"
    assert {o["OutputKey"] for o in outputs["Outputs"]} == {"InstanceId", "AZ", "PublicDNS", "PublicIP"}

    # The inert resource says so.
    events = cloud.aws("cloudformation", "describe-stack-events", "--stack-name", "iot-backend")["StackEvents"]
    host = [e for e in events if e["LogicalResourceId"] == "EC2Instance" and e["ResourceStatus"] == "CREATE_COMPLETE"]
    assert "inert" in host[0]["ResourceStatusReason"]

    # The device's certificate from the API, with the template's own policy.
    made = cloud.aws("iot", "create-keys-and-certificate", "--set-as-active")
    cloud.aws("iot", "attach-policy", "--policy-name", "serverless-iot-backend-policy", "--target", made["certificateArn"])
    files = {"cert": tmp_path / "cert.pem", "key": tmp_path / "key.pem", "ca": tmp_path / "ca.pem"}
    files["cert"].write_text(made["certificatePem"])
    files["key"].write_text(made["keyPair"]["PrivateKey"])
    files["ca"].write_text(cloud.get("/_cloudlet/ca.pem"))

    # The person confirms.
    mails = eventually(lambda: json.loads(cloud.cli("mail", "list", "--json").stdout))
    assert mails[0]["subject"] == "AWS Notification - Subscription Confirmation"
    cloud.cli("mail", "click", mails[0]["id"])

    # Dry ones alert (a humidity that is a text compares as a number, as the device's first message has it).
    publish(cloud, {k: str(v) for k, v in files.items()}, "device-1",
            [reading("soilSensor1", "20"), reading("soilSensor2", 32), reading("soilSensor3", 41)])

    def alerts():
        found = [m for m in json.loads(cloud.cli("mail", "list", "--json").stdout)
                 if m["subject"] == "Attention:Humidity Under Threshold"]
        return found if len(found) == 2 else None

    bodies = [cloud.cli("mail", "show", m["id"]).stdout for m in eventually(alerts)]
    assert any("Humidity 32 under threshold for device name soilSensor2" in b for b in bodies)
    assert any("Humidity 20 under threshold for device name soilSensor1" in b for b in bodies)

    # Every message is archived under topic and time, the acknowledged ones at once.
    bucket = [r["PhysicalResourceId"] for r in
              cloud.aws("cloudformation", "list-stack-resources", "--stack-name", "iot-backend")["StackResourceSummaries"]
              if r["LogicalResourceId"] == "RuleFilterBucket"][0]
    keys = [o["Key"] for o in cloud.client("s3").list_objects_v2(Bucket=bucket)["Contents"]]
    assert len(keys) == 3
    assert all(re.fullmatch(r"device/soilSensor\d/devicePayload/\d{13}", k) for k in keys), keys
    archived = json.loads(cloud.client("s3").get_object(Bucket=bucket, Key=keys[2])["Body"].read())
    assert archived["humidity"] == 41

    # The function's own log, with the lines of the service.
    log = cloud.aws("logs", "filter-log-events", "--log-group-name",
                    "/aws/lambda/" + physical(cloud, "IoTFunction"))["events"]
    text = "".join(e["message"] for e in log)
    assert "START RequestId" in text and "REPORT RequestId" in text and "soilSensor2" in text

    # Opting out works, and then there are no more.
    opt_out = re.search(r"https?://\S*Action=Unsubscribe\S*", bodies[0])[0]
    cloud.get(opt_out[len(cloud.endpoint):] if opt_out.startswith(cloud.endpoint) else "/" + opt_out.split("/", 3)[3])
    publish(cloud, {k: str(v) for k, v in files.items()}, "device-1", [reading("soilSensor1", 21)])
    subscriptions = cloud.client("sns").list_subscriptions()["Subscriptions"]
    assert subscriptions == []


def physical(cloud, logical):
    return cloud.aws("cloudformation", "describe-stack-resource", "--stack-name", "iot-backend", "--logical-resource-id",
                     logical)["StackResourceDetail"]["PhysicalResourceId"]


def test_deploying_it_again_changes_nothing(cloud):
    done = cloud.aws("cloudformation", "deploy", "--template-file", str(TEMPLATE), "--stack-name", "iot-backend",
                     "--capabilities", "CAPABILITY_NAMED_IAM", "--parameter-overrides", "SNSEmail=gardener@example.com",
                     "--no-fail-on-empty-changeset")
    assert "No changes to deploy" in done


def test_deleting_it_needs_an_empty_bucket(cloud):
    """As the document says: empty the bucket first; then the stack goes away whole."""
    bucket = physical(cloud, "RuleFilterBucket")
    cloud.aws("s3", "rm", f"s3://{bucket}", "--recursive")
    # The policy is attached to a certificate that the stack does not know.
    for target in cloud.aws("iot", "list-targets-for-policy", "--policy-name", "serverless-iot-backend-policy")["targets"]:
        cloud.aws("iot", "detach-policy", "--policy-name", "serverless-iot-backend-policy", "--target", target)
    cloud.aws("cloudformation", "delete-stack", "--stack-name", "iot-backend")
    cloud.aws("cloudformation", "wait", "stack-delete-complete", "--stack-name", "iot-backend")
    assert cloud.client("lambda").list_functions()["Functions"] == []
    assert cloud.client("iot").list_topic_rules()["rules"] == []


def test_strict_refuses_inert_resources(cloud):
    done = cloud.cli("deploy", str(TEMPLATE), "--stack", "strict", "--strict", check=False)
    assert done.returncode != 0
    assert "AWS::EC2::Instance" in done.stdout + done.stderr
