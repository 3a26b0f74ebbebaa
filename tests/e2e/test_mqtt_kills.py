"""MQTT clients with kept sessions whose server is killed again and again: QoS 2 means once, in order, whatever happens."""
import pathlib
import subprocess
import threading

import paho.mqtt.client as paho

from support.server import ALLOW_ALL, eventually

JS = pathlib.Path(__file__).parent / "js"
MESSAGES, KILLS = 600, 5


def kept(cloud, name):
    """A Paho client that comes back to its session by itself, fast."""
    client = paho.Client(client_id=name, clean_session=False)
    client.reconnect_delay_set(min_delay=1, max_delay=1)
    client.max_inflight_messages_set(20)
    client.max_queued_messages_set(0)
    client.connect("127.0.0.1", cloud.mqtt_port, keepalive=30)
    return client


def test_qos_2_is_once_and_in_order_across_kills(fresh):
    fresh.start()
    got, ready, done = [], threading.Event(), threading.Event()

    def arrived(_client, _data, message):
        got.append(int(message.payload))
        if len(got) >= MESSAGES:
            done.set()

    reader = kept(fresh, "reader")
    reader.on_message = arrived
    reader.on_subscribe = lambda *_: ready.set()
    reader.loop_start()
    reader.subscribe("orders/#", qos=2)
    assert ready.wait(20)
    writer = kept(fresh, "writer")
    writer.loop_start()
    for n in range(MESSAGES):
        writer.publish(f"orders/{n % 7}", str(n), qos=2)
    for round_ in range(1, KILLS + 1):
        before = len(got)
        eventually(lambda: len(got) > before or done.is_set())
        fresh.kill()
        fresh.start()
    assert done.wait(60), f"{len(got)} of {MESSAGES} came"
    writer.publish("orders/end", str(MESSAGES), qos=2).wait_for_publish(20)
    eventually(lambda: got[-1] == MESSAGES)
    assert got == list(range(MESSAGES + 1))
    for client in (reader, writer):
        client.disconnect()
        client.loop_stop()


def test_the_device_sdk_rejoins_its_session_after_a_kill(fresh, tmp_path):
    fresh.start()
    files = fresh.device(tmp_path / "device", ALLOW_ALL)
    device = subprocess.Popen(["node", str(JS / "rejoin.mjs"), "localhost", str(fresh.mqtts_port), files["ca"], files["cert"], files["key"]],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env=fresh.environment(), cwd=JS.parent)

    said = []

    def says(*expected):
        """All of them, among whatever else, in any order."""
        missing = set(expected) - set(said)
        while missing:
            line = device.stdout.readline()
            assert line, f"the device ended without saying {missing}: {said}"
            said.append(line.strip())
            missing.discard(said[-1])

    def tell(order):
        device.stdin.write(order + "\n")
        device.stdin.flush()

    publish = fresh.client("iot-data").publish
    says("subscribed")
    publish(topic="orders/a", qos=1, payload=b"1")
    says("got 1")
    tell("leave")
    says("left")
    for n in (2, 3):
        publish(topic="orders/a", qos=1, payload=str(n).encode())
    fresh.kill()
    fresh.start()
    publish(topic="orders/a", qos=1, payload=b"4")
    tell("rejoin")
    says("rejoined true", "got 2", "got 3", "got 4")
    assert [line for line in said if line.startswith("got")] == ["got 1", "got 2", "got 3", "got 4"]
    # Killed while it is connected: the SDK comes back by itself.
    fresh.kill()
    fresh.start()
    publish(topic="orders/a", qos=1, payload=b"5")
    says("got 5")
    tell("end")
    assert device.wait(20) == 0
