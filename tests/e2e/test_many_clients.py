"""More clients than the process may have open files: who is in stays in, who is refused reads an end, HTTP goes on answering."""
import socket
import urllib.error

import pytest

from support.server import eventually

CONNECT = b"\x10\x10\x00\x04MQTT\x04\x02\x00\x00\x00\x04%04d"


def connect(port, number):
    """A socket whose CONNECT was answered, or None."""
    client = socket.create_connection(("127.0.0.1", port), timeout=15)
    try:
        client.sendall(CONNECT % number)
        if client.recv(4) == b"\x20\x02\x00\x00":
            return client
    except (ConnectionResetError, BrokenPipeError):
        pass
    client.close()
    return None


def test_the_soft_limit_of_open_files_does_not_count(fresh):
    fresh.open_files = (256, 4096)
    fresh.start()
    clients = [connect(fresh.mqtt_port, n) for n in range(400)]
    assert all(clients)
    assert fresh.cli("status").returncode == 0


def test_idle_mqtt_clients_keep_nobody_else_out(fresh):
    fresh.open_files = (256, 256)
    fresh.start()
    clients = [client for n in range(400) if (client := connect(fresh.mqtt_port, n))]
    assert 100 <= len(clients) < 256
    clients[0].sendall(b"\xc0\x00")
    assert clients[0].recv(2) == b"\xd0\x00", "those who are in are served"
    for _ in range(40):
        assert "sns" in fresh.get("/_localstack/health")
    log = fresh.log_text()
    assert log.count("more are refused") == 1 and "cannot be accepted" not in log, log
    for client in clients:
        client.close()
    eventually(lambda: connect(fresh.mqtt_port, 9000))


def test_http_connections_without_a_descriptor_are_refused_and_others_served(fresh):
    fresh.open_files = (256, 256)
    fresh.start()
    idle = [socket.create_connection(("127.0.0.1", fresh.port), timeout=10) for _ in range(400)]
    device = connect(fresh.mqtt_port, 1)
    assert device, "devices have a share of their own"
    with pytest.raises(urllib.error.HTTPError) as full:
        fresh.get("/_localstack/health")
    assert full.value.code == 503
    log = fresh.log_text()
    assert log.count("more are refused") == 1 and "cannot be accepted" not in log, log
    for client in idle:
        client.close()

    def served_again():
        try:
            return "sns" in fresh.get("/_localstack/health")
        except urllib.error.HTTPError:
            return False
    eventually(served_again)
    device.sendall(b"\xc0\x00")
    assert device.recv(2) == b"\xd0\x00"


def test_two_hundred_hostile_http_connections_keep_nobody_out(fresh):
    fresh.start()
    s3 = fresh.client("s3")
    s3.create_bucket(Bucket="calm", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    put = b"PUT /calm/hostile HTTP/1.1\r\nHost: localhost\r\n"
    openings = [b"GET /x HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", b"\x16\x03\x01\x02\x00" + bytes(range(256)),
                put + b"Content-Length: 999999999\r\n\r\n" + b"x" * 50_000,
                put + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 5_000,
                put + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"a" * 100_000,
                put + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: y\r\n" * 20_000]
    hostile = []
    for n in range(200):
        hostile.append(socket.create_connection(("127.0.0.1", fresh.port), timeout=10))
        try:
            hostile[-1].sendall(openings[n % len(openings)])
        except OSError:
            pass  # it was refused before it had said everything
    for n in range(30):
        s3.put_object(Bucket="calm", Key=f"k{n}", Body=b"v" * 3_000)
        assert s3.get_object(Bucket="calm", Key=f"k{n}")["Body"].read() == b"v" * 3_000
    for client in hostile:
        client.close()
    assert s3.list_objects_v2(Bucket="calm")["KeyCount"] == 30
    assert fresh.cli("status").returncode == 0
