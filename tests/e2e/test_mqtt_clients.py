"""MQTT through mosquitto's clients and Paho: QoS, retained messages, wills, kept sessions, certificates and policies."""
import json
import ssl
import subprocess
import threading

import paho.mqtt.client as paho
import pytest

from support.server import ALLOW_ALL, eventually


def sub(cloud, *arguments, count=1):
    return subprocess.Popen(["stdbuf", "-oL", "mosquitto_sub", "-h", "127.0.0.1", "-p", str(cloud.mqtt_port), "-C", str(count), "-W", "20",
                             "-d", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def subscribed(process):
    """Waits for the SUBACK that -d prints."""
    for line in process.stdout:
        if "Subscribed" in line:
            return process
    raise AssertionError("no SUBACK")


def messages(process):
    text = process.communicate(timeout=30)[0]
    return [line for line in text.splitlines() if not line.startswith(("Client", "Subscribed"))]


def pub(cloud, *arguments):
    subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(cloud.mqtt_port), *arguments], check=True, timeout=30)


@pytest.mark.parametrize("version", ["mqttv311", "mqttv5"])
@pytest.mark.parametrize("qos", ["0", "1", "2"])
def test_a_message_arrives_at_every_qos(cloud, version, qos):
    topic = f"e2e/{version}/{qos}"
    waiting = subscribed(sub(cloud, "-V", version, "-q", qos, "-t", topic))
    pub(cloud, "-V", version, "-q", qos, "-t", topic, "-m", "hello")
    assert messages(waiting) == ["hello"]


def test_retained_messages_outlive_a_kill(fresh):
    fresh.start()
    pub(fresh, "-q", "1", "-r", "-t", "kept/a", "-m", "still here")
    fresh.kill()
    fresh.start()
    assert messages(sub(fresh, "-t", "kept/#")) == ["still here"]
    assert fresh.client("iot-data").get_retained_message(topic="kept/a")["payload"] == b"still here"


def test_a_kept_session_gets_what_it_missed_also_after_a_kill(fresh):
    fresh.start()
    first = subscribed(sub(fresh, "-c", "-i", "reader", "-q", "1", "-t", "missed/#"))
    first.terminate()
    first.wait(10)
    eventually(lambda: fresh.cli("status", "--json"))
    for n in range(5):
        pub(fresh, "-q", "1", "-t", f"missed/{n}", "-m", str(n))
    fresh.kill()
    fresh.start()
    assert messages(sub(fresh, "-c", "-i", "reader", "-q", "1", "-t", "missed/#", count=5)) == list("01234")


def test_a_will_is_published_when_the_connection_is_lost(cloud):
    waiting = subscribed(sub(cloud, "-t", "wills/#"))
    doomed = subscribed(sub(cloud, "-i", "doomed", "-t", "none", "--will-topic", "wills/doomed", "--will-payload", "gone",
                            "--will-qos", "1"))
    doomed.kill()
    assert messages(waiting) == ["gone"]


def tls_client(cloud, files, client_id, version=paho.MQTTv311):
    client = paho.Client(client_id=client_id, protocol=version)
    client.tls_set(ca_certs=files["ca"], certfile=files["cert"], keyfile=files["key"], tls_version=ssl.PROTOCOL_TLS_CLIENT)
    return client


def test_a_will_is_published_at_the_next_start_after_a_kill(fresh):
    fresh.start()
    client = paho.Client(client_id="mortal")
    client.will_set("wills/mortal", "gone", qos=1, retain=True)
    assert connects_plainly(fresh, client) == 0
    fresh.kill()
    client.loop_stop()
    fresh.start()
    assert messages(sub(fresh, "-t", "wills/mortal")) == ["gone"]


def connects_plainly(cloud, client):
    """The return code of CONNACK, over the plain listener."""
    answered, codes = threading.Event(), []
    client.on_connect = lambda _client, _data, _flags, code: (codes.append(code), answered.set())
    client.connect("127.0.0.1", cloud.mqtt_port)
    client.loop_start()
    assert answered.wait(10)
    return codes[0]


def connects(cloud, client):
    """The CONNACK code, or None when the server just closes."""
    answered = threading.Event()
    codes = []

    def done(*arguments):
        codes.append(arguments[3])
        answered.set()

    client.on_connect = done
    client.on_disconnect = lambda *_: answered.set()
    try:
        client.connect("localhost", cloud.mqtts_port)
    except (OSError, ssl.SSLError):
        return None
    client.loop_start()
    answered.wait(15)
    return codes[0] if codes else None


POLICY = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "iot:Connect", "Resource": "arn:aws:iot:eu-west-1:000000000000:client/own-*"},
    {"Effect": "Allow", "Action": "iot:Publish", "Resource": "arn:aws:iot:eu-west-1:000000000000:topic/own/${iot:ClientId}"}]}


def test_policies_are_enforced(cloud, tmp_path):
    files = cloud.device(tmp_path, POLICY, policy="narrow")
    stranger = tls_client(cloud, files, "stranger")
    assert connects(cloud, stranger) != 0
    stranger.loop_stop()

    willing = tls_client(cloud, files, "own-2")
    willing.will_set("own/somebody-else", "left behind", qos=1)
    assert connects(cloud, willing) != 0, "a will is a publish, too"
    willing.loop_stop()
    lawful = tls_client(cloud, files, "own-3")
    lawful.will_set("own/own-3", "left behind", qos=1)
    assert connects(cloud, lawful) == 0
    lawful.disconnect()
    lawful.loop_stop()

    allowed = tls_client(cloud, files, "own-1")
    assert connects(cloud, allowed) == 0
    assert allowed.publish("own/own-1", "mine", qos=1).wait_for_publish(10) is None
    gone = threading.Event()
    allowed.on_disconnect = lambda *_: gone.set()
    allowed.publish("own/somebody-else", "theirs", qos=1)
    assert gone.wait(10), "a denied publish ends the connection"
    allowed.loop_stop()
    reason = cloud.cli("trace", "why", "own/somebody-else").stdout
    assert "iot:Publish" in reason and "no statement" in reason.lower()


def test_only_active_known_certificates_connect(cloud, tmp_path):
    files = cloud.device(tmp_path / "known", ALLOW_ALL)
    client = tls_client(cloud, files, "active")
    assert connects(cloud, client) == 0
    gone = threading.Event()
    client.on_disconnect = lambda *_: gone.set()
    cloud.client("iot").update_certificate(certificateId=files["id"], newStatus="REVOKED")
    assert gone.wait(10), "revoking ends the live session"
    client.loop_stop()
    assert connects(cloud, tls_client(cloud, files, "revoked")) != 0

    foreign = tmp_path / "foreign"
    foreign.mkdir()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=foreign",
                    "-keyout", str(foreign / "key.pem"), "-out", str(foreign / "cert.pem")], check=True, capture_output=True)
    stranger = tls_client(cloud, {"ca": files["ca"], "cert": str(foreign / "cert.pem"), "key": str(foreign / "key.pem")}, "x")
    assert connects(cloud, stranger) != 0


def test_a_rule_republishes_and_errors_go_to_the_error_action(cloud):
    cloud.client("iam").create_role(RoleName="republisher", AssumeRolePolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "iot.amazonaws.com"},
                                                "Action": "sts:AssumeRole"}]}))
    role = "arn:aws:iam::000000000000:role/republisher"
    cloud.client("iot").create_topic_rule(ruleName="hot", topicRulePayload={
        "sql": "SELECT temperature * 2 AS double, topic(2) AS device FROM 'room/+/data' WHERE temperature > 20",
        "awsIotSqlVersion": "2016-03-23",
        "actions": [{"republish": {"roleArn": role, "topic": "hot/${topic(2)}", "qos": 1}},
                    {"s3": {"roleArn": role, "bucketName": "not-there", "key": "k"}}],
        "errorAction": {"republish": {"roleArn": role, "topic": "errors/hot", "qos": 1}}})
    hot = subscribed(sub(cloud, "-t", "hot/#", "-t", "errors/#", count=2))
    pub(cloud, "-q", "1", "-t", "room/a/data", "-m", '{"temperature": 19}')
    pub(cloud, "-q", "1", "-t", "room/b/data", "-m", '{"temperature": 21}')
    got = [json.loads(m) for m in messages(hot)]
    assert {"double": 42, "device": "b"} in got
    error = [m for m in got if "failures" in m][0]
    assert error["ruleName"] == "hot" and "not-there" in json.dumps(error["failures"])
    why = cloud.cli("trace", "why", "hot").stdout
    assert "temperature > 20" in why
