"""Starts and stops the real binary, and hands out unmodified clients that talk to it."""
import json
import os
import pathlib
import re
import resource
import select
import signal
import subprocess
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("CLOUDLET_BINARY", ROOT / "build" / "release" / "cloudlet"))
ACCOUNT = "000000000000"
REGION = "eu-west-1"
DEADLINE_S = 30


class Cloudlet:
    """One server process on free loopback ports."""

    def __init__(self, folder, *arguments, durability="sync"):
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.arguments = list(arguments)
        self.durability = durability
        self.open_files = None  # (soft, hard) limit of the process
        self.process = None
        self.port = self.mqtt_port = self.mqtts_port = 0

    def start(self):
        command = [str(BINARY), "up", "--data", str(self.data), "--port", str(self.port), "--mqtt-port", str(self.mqtt_port),
                   "--mqtts-port", str(self.mqtts_port), "--durability", self.durability, *self.arguments]
        self.log = open(self.folder / "server.log", "ab")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, cwd=self.folder,
                                        env=self.environment(), preexec_fn=self._limit)
        line = self._ready_line()
        ports = re.search(r"http://[^:]+:(\d+).*mqtt (\d+), mqtts (\d+)", line)
        assert ports, f"no ports in the ready line: {line!r}"
        self.port, self.mqtt_port, self.mqtts_port = (int(p) for p in ports.groups())
        return self

    def _limit(self):
        if self.open_files:
            resource.setrlimit(resource.RLIMIT_NOFILE, self.open_files)

    def _ready_line(self):
        deadline = time.monotonic() + DEADLINE_S
        text = b""
        while time.monotonic() < deadline:
            readable, _, _ = select.select([self.process.stdout], [], [], deadline - time.monotonic())
            piece = os.read(self.process.stdout.fileno(), 4096) if readable else b""
            if not piece:
                break
            text += piece
            for line in text.decode(errors="replace").splitlines():
                if "ready" in line:
                    return line
        self.kill()
        raise AssertionError(f"cloudlet did not get ready; it said {text!r}; log:\n{self.log_text()}")

    def log_text(self):
        path = self.folder / "server.log"
        return path.read_text(errors="replace")[-4000:] if path.exists() else ""

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(DEADLINE_S)
        self._forget()

    def kill(self):
        """kill -9: nothing gets the chance to be tidy."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(DEADLINE_S)
        self._forget()

    def _forget(self):
        if self.process and self.process.stdout:
            self.process.stdout.close()
        self.process = None

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def environment(self, account=ACCOUNT):
        kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        return {**kept, "AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": REGION,
                "AWS_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": "", "AWS_ENDPOINT_URL": self.endpoint,
                "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
                "CLOUDLET_ENDPOINT": self.endpoint, "CLOUDLET_MQTT_PORT": str(self.mqtt_port),
                "CLOUDLET_MQTTS_PORT": str(self.mqtts_port), "PYTHONWARNINGS": "ignore"}

    def client(self, service, account=ACCOUNT, region=REGION, **options):
        """An unmodified boto3 client."""
        import boto3
        import botocore.config
        config = botocore.config.Config(retries={"max_attempts": 0}, read_timeout=60, **options.pop("config", {}))
        return boto3.client(service, endpoint_url=self.endpoint, region_name=region, aws_access_key_id=account,
                            aws_secret_access_key="secret", config=config, **options)

    def aws(self, *arguments, check=True, account=ACCOUNT):
        """The AWS CLI of Debian, which has to be told the endpoint."""
        command = ["/usr/bin/aws", "--endpoint-url", self.endpoint, "--output", "json", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=self.environment(account), timeout=120)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        if not check:
            return done
        return json.loads(done.stdout) if done.stdout.strip().startswith(("{", "[")) else done.stdout

    def cli(self, *arguments, check=True, input=None, timeout=120):
        """The `cloudlet` command."""
        done = subprocess.run([str(BINARY), *arguments], capture_output=True, text=True, env=self.environment(),
                              input=input, timeout=timeout, cwd=self.folder)
        if check and done.returncode != 0:
            raise AssertionError(f"cloudlet {' '.join(arguments)}: {done.returncode} {done.stdout}{done.stderr}")
        return done

    def get(self, path):
        with urllib.request.urlopen(self.endpoint + path, timeout=DEADLINE_S) as answer:
            return answer.read().decode()

    def device(self, folder, policy_document, thing=None, policy="e2e-policy"):
        """Issues a certificate through the API and leaves its files in `folder`; returns their paths."""
        iot = self.client("iot")
        made = iot.create_keys_and_certificate(setAsActive=True)
        try:
            iot.create_policy(policyName=policy, policyDocument=json.dumps(policy_document))
        except iot.exceptions.ResourceAlreadyExistsException:
            pass
        iot.attach_policy(policyName=policy, target=made["certificateArn"])
        if thing:
            iot.create_thing(thingName=thing)
            iot.attach_thing_principal(thingName=thing, principal=made["certificateArn"])
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cert.pem").write_text(made["certificatePem"])
        (folder / "key.pem").write_text(made["keyPair"]["PrivateKey"])
        (folder / "ca.pem").write_text(self.get("/_cloudlet/ca.pem"))
        return {"cert": str(folder / "cert.pem"), "key": str(folder / "key.pem"), "ca": str(folder / "ca.pem"),
                "arn": made["certificateArn"], "id": made["certificateId"]}


def eventually(check, timeout_s=DEADLINE_S, every_s=0.02):
    """Waits for something outside our clock (another process) to become true; returns what `check` gave."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = check()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"did not happen within {timeout_s} s: {getattr(check, '__name__', check)}")
        select.select([], [], [], every_s)


ALLOW_ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}]}
