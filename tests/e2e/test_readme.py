"""The README's tour, word for word, on the application that ./run starts."""
import pathlib
import re
import subprocess

import pytest

from support.server import BINARY, ROOT, Cloudlet

APPLICATION = BINARY.parent / "apps" / "soil-moisture"


@pytest.fixture
def garden(tmp_path):
    """What ./run does: the application deployed, three sensors publishing over TLS."""
    cloud = Cloudlet(tmp_path)
    cloud.start()
    cloud.cli("deploy", str(APPLICATION / "template.yaml"), "--stack", "soil-moisture")
    device = tmp_path / "device"
    cloud.cli("device", "add", "--thing", "soil-moisture-sensors", "--policy", "soil-moisture-sensors", "--out", str(device))
    sensors = subprocess.Popen([str(APPLICATION / "soil-sensors"), "--host", "localhost", "--port", str(cloud.mqtts_port),
                                "--interval", "1", "--ca", str(device / "ca.pem"), "--cert", str(device / "certificate.pem"),
                                "--key", str(device / "private.key")], stdout=subprocess.PIPE)
    yield cloud
    sensors.terminate()
    sensors.wait(20)
    cloud.stop()


def tour():
    text = (ROOT / "README.md").read_text()
    return re.search(r"<!-- tour -->\n```sh\n(.*?)```\n<!-- end of tour -->", text, re.S)[1]


def test_the_tour_ends_in_what_it_promises(garden):
    script = "set -e\n" + tour().replace("$PWD/build/release", str(BINARY.parent))
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=garden.environment(), cwd=ROOT,
                          timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("device/soilSensor") >= 3, done.stdout
    assert "AWS Notification - Subscription Confirmation" in done.stdout
    assert "Humidity" in done.stdout and "under threshold for device name" in done.stdout
    assert "iot:Rule" in done.stdout and "lambda:" in done.stdout, done.stdout
    assert re.search(r"\d+ device/soilSensor\d/devicePayload/\d{13}", done.stdout), done.stdout
