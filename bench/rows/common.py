"""What every row needs: where things are, processes that end with the run, numbers, results."""
import dataclasses
import json
import os
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


@dataclasses.dataclass
class Result:
    """One line of the table. `unit` says what `ours` and `peers` count."""

    work: str
    peer: str = ""
    peers: float = 0
    ours: float = 0
    unit: str = "/s"
    p50_us: float = 0
    p99_us: float = 0
    peer_p50_us: float = 0
    peer_p99_us: float = 0
    must: str = ""
    aim: str = ""
    met: str = ""  # "aim", "must", "no", or "" where nothing is demanded
    note: str = ""
    load_average: float = dataclasses.field(default_factory=lambda: os.getloadavg()[0])

    @property
    def ratio(self):
        return self.ours / self.peers if self.peers else 0

    def judged(self, value, must, aim, lower_is_better=False):
        def reached(limit):
            return value < limit if lower_is_better else value >= limit

        self.met = "aim" if reached(aim) else "must" if reached(must) else "no"
        return self


@dataclasses.dataclass
class Bench:
    """Where the programs are, how long to measure, and the folder that goes away at the end."""

    build: pathlib.Path
    cloudlet: pathlib.Path
    seconds: float
    rounds: int
    objects: int  # in the store that `start` starts on
    work: pathlib.Path  # on the disk that is measured
    keep: pathlib.Path  # what later runs may use again

    def program(self, name):
        return str(self.build / "bench" / name)


def median_by(results, key):
    return sorted(results, key=key)[len(results) // 2]


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for_port(port, process, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise RuntimeError(f"nobody listens on port {port}")


class Mosquitto:
    """Debian's mosquitto with nothing in its configuration that limits it."""

    def __init__(self, bench, tls=None):
        self.port = free_port()
        lines = [
            "user root",
            "per_listener_settings false",
            f"listener {self.port} 127.0.0.1",
            "allow_anonymous true",
            "persistence false",
            "max_inflight_messages 0",
            "max_queued_messages 0",
            "set_tcp_nodelay true",
            "log_type none",
        ]
        if tls:
            lines += [
                f"cafile {tls}/ca.pem",
                f"certfile {tls}/server.pem",
                f"keyfile {tls}/server.key",
                "require_certificate true",
            ]
        config = bench.work / f"mosquitto-{self.port}.conf"
        config.write_text("\n".join(lines) + "\n")
        command = ["/usr/sbin/mosquitto", "-c", str(config)]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def __enter__(self):
        wait_for_port(self.port, self.process)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Cloudlet:
    """`cloudlet up` on free ports. `ready_ms` is the time from its start to its ready line."""

    def __init__(self, bench, data, *options):
        self.bench = bench
        self.log = open(bench.work / "cloudlet.log", "ab")  # pylint: disable=consider-using-with
        command = [str(bench.cloudlet), "up", "--data", str(data), "--port", "0"]
        command += ["--mqtt-port", "0", "--mqtts-port", "0", *options]
        began = time.monotonic()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log)
        line = self.process.stdout.readline().decode()
        self.ready_ms = (time.monotonic() - began) * 1000
        http = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        mqtt = re.search(r"\bmqtt (\d+)", line)
        mqtts = re.search(r"\bmqtts (\d+)", line)
        if not (http and mqtt and mqtts):
            self.stop(signal.SIGKILL)
            raise RuntimeError(f"no ready line but {line!r}; see {self.log.name}")
        self.port, self.mqtt, self.mqtts = (int(m.group(1)) for m in (http, mqtt, mqtts))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def client(self, service):
        import boto3
        import botocore.config

        return boto3.client(
            service,
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=botocore.config.Config(retries={"max_attempts": 0}),
        )

    def resident_mb(self):
        """Of the process itself, and of the processes that it started."""
        parents = {}
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                status = (entry / "status").read_text()
            except OSError:
                continue
            parent = int(re.search(r"PPid:\s+(\d+)", status).group(1))
            rss = re.search(r"VmRSS:\s+(\d+)", status)
            parents[int(entry.name)] = (parent, int(rss.group(1)) / 1024 if rss else 0)
        own = parents.get(self.process.pid, (0, 0.0))[1]
        family = {self.process.pid}
        while more := {p for p, (parent, _) in parents.items() if parent in family} - family:
            family |= more
        return own, sum(parents[p][1] for p in family if p in parents) - own


def mqtt_bench(bench, *options, seconds=None):
    """Runs the load generator; its JSON. Fails when a message was never acknowledged."""
    command = [bench.program("mqtt_bench"), "--json", "--seconds", str(seconds or bench.seconds)]
    command += [str(o) for o in options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    if not done.stdout:
        raise RuntimeError(done.stderr.strip())
    figures = json.loads(done.stdout)
    if figures["unacked"]:
        raise RuntimeError(f"{figures['unacked']} never acknowledged")
    return figures


def temporary_folder(parent):
    parent.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix="run-", dir=parent)


def median(values):
    return statistics.median(values)
