"""A C++ function with typed clients, as it would find AWS Lambda: a Runtime API over HTTP, and none of this machine's files.

Facts: the Lambda Runtime API, https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.
"""
import http.server
import json
import queue
import subprocess
import threading

import pytest
from support.server import BINARY

BOOTSTRAP = BINARY.parent / "apps" / "soil-moisture" / "function" / "bootstrap"


class RuntimeApi:
    """Hands out one event, takes one answer."""

    def __init__(self, event):
        answers = self.answers = queue.Queue()
        events = queue.Queue()
        events.put(event)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps(events.get()).encode()  # the second request waits until the test ends
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", "1")
                self.send_header("Lambda-Runtime-Deadline-Ms", "99999999999999")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                answers.put((self.path, self.rfile.read(int(self.headers["Content-Length"])).decode()))
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"127.0.0.1:{self.server.server_port}"


def answer_of(tmp_path, **environment):
    root = tmp_path / "root"
    root.mkdir()
    (root / "bootstrap").write_bytes(BOOTSTRAP.read_bytes())
    (root / "bootstrap").chmod(0o755)
    alone = ["unshare", "--user", "--map-root-user", "--root", str(root)]
    if subprocess.run(["unshare", "--user", "--map-root-user", "/bin/true"], capture_output=True).returncode:
        pytest.skip("user namespaces are not allowed here: nothing can be run without the machine's files")
    api = RuntimeApi({"name": "soilSensor2", "humidity": 32})
    process = subprocess.Popen([*alone, "/bootstrap"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               env={"AWS_LAMBDA_RUNTIME_API": api.address, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "000000000000",
                                    "AWS_SECRET_ACCESS_KEY": "secret", **environment})
    try:
        return api.answers.get(timeout=20)
    except queue.Empty:
        process.kill()
        pytest.fail("no answer; it said: " + process.stdout.read())
    finally:
        process.kill()
        process.wait()
        api.server.shutdown()


def test_a_function_with_typed_clients_needs_nothing_of_the_machine(cloud, tmp_path):
    topic = cloud.client("sns").create_topic(Name="static")["TopicArn"]
    path, answer = answer_of(tmp_path, AWS_ENDPOINT_URL=cloud.endpoint, ALERT_TOPIC_ARN=topic)
    assert path.endswith("/invocation/1/response") and "messageId" in json.loads(answer)


def test_without_an_endpoint_it_turns_to_the_public_cloud_and_believes_nobody_blindly(tmp_path):
    path, answer = answer_of(tmp_path, ALERT_TOPIC_ARN="arn:aws:sns:eu-west-1:000000000000:static")
    assert path.endswith("/invocation/1/error")
    assert "no certificate authorities" in json.loads(answer)["errorMessage"]
