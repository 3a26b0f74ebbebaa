"""Load that remembers what was acknowledged: MQTT QoS 1, S3 PUT and SNS Publish, each on threads of its own."""
import collections
import http.client
import json
import threading
import urllib.parse

import paho.mqtt.client as paho

from support.server import ACCOUNT, REGION

SIGNATURE = (f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/20260101/{REGION}/%s/aws4_request, SignedHeaders=host, "
             f"Signature={'0' * 64}")


class Load:
    """Numbers are unique over all rounds: what is acknowledged once must be found exactly once."""

    def __init__(self, cloud, bucket, topic_arn, round_number):
        self.cloud, self.bucket, self.topic_arn, self.round = cloud, bucket, topic_arn, round_number
        self.acknowledged = {"mqtt": set(), "s3": set(), "sns": set()}
        self.stopping = threading.Event()
        self.enough = threading.Event()
        self.threads = []

    def start(self, publishers=3, putters=3, notifiers=2):
        for n in range(publishers):
            self._spawn(self._publish, n)
        for n in range(putters):
            self._spawn(self._put, n)
        for n in range(notifiers):
            self._spawn(self._notify, n)

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(20)
            assert not thread.is_alive(), "a load thread hangs"

    def _spawn(self, work, n):
        thread = threading.Thread(target=work, args=(n,), daemon=True)
        thread.start()
        self.threads.append(thread)

    def _publish(self, n):
        window = threading.Semaphore(64)
        acknowledged = collections.deque()  # packet ids, from Paho's thread (which holds Paho's locks: no lock of ours there)
        names = {}

        def note(client, userdata, mid):
            acknowledged.append(mid)
            window.release()

        def settle():
            while acknowledged:
                self.acknowledged["mqtt"].add(names.pop(acknowledged.popleft()))
                self._count()

        client = paho.Client(client_id=f"crash-{self.round}-{n}")
        client.on_publish = note
        try:
            client.connect("127.0.0.1", self.cloud.mqtt_port)
        except OSError:
            return
        client.loop_start()
        number = 0
        while not self.stopping.is_set():
            settle()
            if not window.acquire(timeout=0.1):
                continue
            name = f"{self.round}-{n}-{number}"
            number += 1
            names[client.publish(f"crash/{n}", json.dumps({"name": name}), qos=1).mid] = name
        client.loop_stop()
        settle()

    def _put(self, n):
        connection = http.client.HTTPConnection("127.0.0.1", self.cloud.port, timeout=10)
        number = 0
        while not self.stopping.is_set():
            name = f"{self.round}-{n}-{number}"
            number += 1
            # Every hundredth is large enough to become a file.
            body = (name * 20_000 if number % 100 == 0 else name).encode()
            if self._request(connection, "PUT", f"/{self.bucket}/put/{name}", body, "s3"):
                self.acknowledged["s3"].add((name, len(body)))
                self._count()
            else:
                return

    def _notify(self, n):
        connection = http.client.HTTPConnection("127.0.0.1", self.cloud.port, timeout=10)
        number = 0
        # The mailbox keeps the newest thousand of an address; each round has to fit.
        while not self.stopping.is_set() and number < 300:
            name = f"{self.round}-{n}-{number}"
            number += 1
            form = urllib.parse.urlencode({"Action": "Publish", "Version": "2010-03-31", "TopicArn": self.topic_arn,
                                           "Subject": name, "Message": f"message {name}"}).encode()
            if self._request(connection, "POST", "/", form, "sns"):
                self.acknowledged["sns"].add(name)
                self._count()
            else:
                return

    def _request(self, connection, method, path, body, service):
        headers = {"Authorization": SIGNATURE % service, "X-Amz-Date": "20260101T000000Z"}
        if service == "sns":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        else:
            headers["X-Amz-Content-Sha256"] = "UNSIGNED-PAYLOAD"
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            return False
        assert answer.status == 200, (answer.status, text)
        return True

    def _count(self):
        if min(len(names) for names in self.acknowledged.values()) >= 5:
            self.enough.set()
