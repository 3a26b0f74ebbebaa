"""The newest AWS SDK for JavaScript v3 and the AWS IoT Device SDK v2, each script a story of its own (js/*.mjs)."""
import pathlib
import subprocess

from support.server import ALLOW_ALL

JS = pathlib.Path(__file__).parent / "js"


def node(cloud, script, *arguments):
    done = subprocess.run(["node", str(JS / script), *arguments], capture_output=True, text=True, timeout=90,
                          env=cloud.environment(), cwd=JS.parent)
    assert done.returncode == 0, done.stdout + done.stderr


def test_s3(cloud):
    node(cloud, "s3.mjs")


def test_the_other_services(cloud):
    node(cloud, "services.mjs")


def test_the_device_sdk_over_tls(cloud, tmp_path):
    files = cloud.device(tmp_path, ALLOW_ALL)
    node(cloud, "device.mjs", "localhost", str(cloud.mqtts_port), files["ca"], files["cert"], files["key"])
