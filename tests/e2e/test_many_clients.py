"""More clients than the process may have open files: who is in stays in, who is refused reads an end, HTTP goes on answering."""
import socket

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
