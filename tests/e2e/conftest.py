"""A cloudlet of its own for each test module, on free ports and a new data folder, and clients pointed at it."""
import pathlib
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.server import Cloudlet  # noqa: E402


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    """A running server; stopped, and its data removed, after the module."""
    folder = tmp_path_factory.mktemp("cloudlet")
    server = Cloudlet(folder)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def fresh(tmp_path):
    """A server that the test itself starts, kills and starts again."""
    server = Cloudlet(tmp_path)
    yield server
    server.stop()
