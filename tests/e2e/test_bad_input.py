"""Hostile and broken input over real sockets: a typed error or a clean close, and the server goes on."""
import base64
import http.client
import io
import os
import socket
import struct
import zipfile

import botocore.exceptions
import pytest


def raw(port, data, half_close=False):
    """Sends bytes, returns what comes back until the server closes or is silent."""
    with socket.create_connection(("127.0.0.1", port), timeout=15) as connection:
        connection.sendall(data)
        if half_close:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while piece := connection.recv(65536):
                answer += piece
        except (socket.timeout, ConnectionResetError):
            pass
        return answer


@pytest.mark.parametrize("data, status", [
    (b"NONSENSE\r\n\r\n", b" 400 "),
    (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b" 400 "),
    (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", b" 400 "),
    (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b" 4"),
    (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", b" 431 "),
    (b"PUT /b/k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b" 4"),
])
def test_http_that_is_none(cloud, data, status):
    assert status in raw(cloud.port, data, half_close=True).split(b"\r\n")[0] + b" "
    assert cloud.cli("status").returncode == 0


def test_what_s3_cannot_read_has_the_codes_of_the_service(cloud):
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="unreadable", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="unreadable", Key="k", Body=b"0123456789")

    def ask(method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=10)
        connection.request(method, "/unreadable" + path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        text = answer.read().decode()
        code = text.partition("<Code>")[2].partition("</Code>")[0]
        return answer.status if answer.status < 300 else code, text

    for path in ("?max-keys=abc", "?list-type=2&max-keys=99999999999", "/k?partNumber=x", "?uploads&max-uploads=x"):
        code, text = ask("GET", path)
        assert code == "InvalidArgument" and "<ArgumentName>" in text and "<ArgumentValue>" in text, path
    assert ask("PUT", "/k", b"x", Content_MD5="nonsense")[0] == "InvalidDigest"
    assert ask("GET", "/k", If_Modified_Since="never") == (200, "0123456789")
    assert ask("GET", "/k", If_Unmodified_Since="never") == (200, "0123456789")
    for body in (b"<Delete/>", b"<Delete><Object><Key></Key></Object></Delete>", b"<Delete><Object/></Delete>", b"<Delete>"):
        assert ask("POST", "?delete", body)[0] == "MalformedXML", body
    assert ask("POST", "?delete", b"<Delete><Object><Key>z</Key></Object></Delete>", x_amz_sdk_checksum_algorithm="CRC32")[0] == "InvalidRequest"
    assert ask("PUT", "?tagging", b"<Tagging><TagSet/></Tagging>", x_amz_sdk_checksum_algorithm="CRC32")[0] == "InvalidRequest"


def test_unknown_operations_and_malformed_bodies(cloud):
    def post(headers, body):
        connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=10)
        connection.request("POST", "/", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    status, body = post({"X-Amz-Target": "Logs_20140328.Nonsense", "Content-Type": "application/x-amz-json-1.1"}, b"{}")
    assert status == 400 and b"UnknownOperationException" in body
    status, body = post({"X-Amz-Target": "Logs_20140328.CreateLogGroup", "Content-Type": "application/x-amz-json-1.1"}, b"{")
    assert status == 400 and b"SerializationException" in body
    status, body = post({"X-Amz-Target": "Logs_20140328.CreateLogGroup", "Content-Type": "application/x-amz-json-1.1"},
                        b'{"logGroupName": 5}')
    assert status == 400 and b"SerializationException" in body
    status, body = post({"X-Amz-Target": "Logs_20140328.CreateLogGroup", "Content-Type": "application/x-amz-json-1.1"},
                        b"[" * 100_000)
    assert status == 400
    status, body = post({"Content-Type": "application/x-www-form-urlencoded"}, b"Action=Nonsense&Version=2010-03-31")
    assert status == 400 and b"InvalidAction" in body
    with pytest.raises(botocore.exceptions.ClientError) as error:
        cloud.client("iot").create_topic_rule(ruleName="x", topicRulePayload={"sql": "SELECT * FROM 'a'", "actions": [
            {"sqs": {"roleArn": "arn:aws:iam::000000000000:role/x", "queueUrl": "https://x"}}]})
    assert error.value.response["Error"]["Code"] == "InvalidRequestException"


CONNECT = b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04evil"


@pytest.mark.parametrize("data", [
    b"\x00" * 64, os.urandom(512), b"\x10\xff\xff\xff\xff\xff", b"\x10\x0c\x00\x04MQTX\x04\x02\x00\x3c\x00\x00",
    CONNECT + CONNECT, CONNECT + b"\x36\x05\x00\x01a\x00\x01", CONNECT + b"\x30\xff\xff\xff\x7f",
    CONNECT + b"\x82\x05\x00\x01\x00\x00\x09", CONNECT + b"\x30\x04\x00\x02\xc3\x28", b"\x30\x03\x00\x01a",
])
def test_mqtt_garbage_ends_that_connection_alone(cloud, data):
    with socket.create_connection(("127.0.0.1", cloud.mqtt_port), timeout=15) as good:
        good.sendall(b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04good")
        assert good.recv(4) == b"\x20\x02\x00\x00"
        raw(cloud.mqtt_port, data, half_close=True)
        good.sendall(b"\xc0\x00")
        assert good.recv(2) == b"\xd0\x00"


def function(cloud, entries, name="bad"):
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, body in entries:
            archive.writestr(path, body)
    cloud.client("lambda").create_function(FunctionName=name, Runtime="python3.11", Handler="a.b",
                                           Role="arn:aws:iam::000000000000:role/x", Code={"ZipFile": package.getvalue()})


@pytest.mark.parametrize("entries", [
    [("../../etc/evil.py", b"x")], [("/etc/evil.py", b"x")],
    [(f"bomb{n}", b"\0" * (30 << 20)) for n in range(10)],
])
def test_packages_that_lead_out_or_explode_are_refused(cloud, entries):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        function(cloud, entries)
    assert error.value.response["Error"]["Code"] == "InvalidParameterValueException"
    assert cloud.client("lambda").list_functions()["Functions"] == []


def test_a_body_that_is_no_zip(cloud):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        cloud.client("lambda").create_function(FunctionName="nozip", Runtime="python3.11", Handler="a.b",
                                               Role="arn:aws:iam::000000000000:role/x", Code={"ZipFile": b"not a zip"})
    assert error.value.response["Error"]["Code"] == "InvalidParameterValueException"


def test_a_lying_checksum_changes_nothing(cloud):
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="liars", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    with pytest.raises(botocore.exceptions.ClientError) as error:
        s3.put_object(Bucket="liars", Key="k", Body=b"true", ContentMD5=base64.b64encode(b"\0" * 16).decode())
    assert error.value.response["Error"]["Code"] == "BadDigest"
    assert "Contents" not in s3.list_objects_v2(Bucket="liars")


def test_a_large_mqtt_packet_is_refused_and_nothing_waits_for_it(cloud):
    huge = struct.pack(">BB", 0x30, 0xff) + b"\xff\xff\x7f" + b"\x00\x01a"
    assert raw(cloud.mqtt_port, CONNECT + huge) is not None
    assert cloud.cli("status").returncode == 0
