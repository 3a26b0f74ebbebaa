"""The examples of README and docs, word for word: each block of shell commands runs as it stands, on an empty server."""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess

import pytest

from support.server import BINARY, ROOT, eventually

PAGES = sorted(p for p in [*(ROOT / "docs").rglob("*.md")] if "```sh\n" in p.read_text())
SEEN = {  # what a reader is promised to see
    "iot": [],
    "lambda": ['{"twice": 2}', "called with {'n': 1}", "REPORT RequestId"],
    "logs": ["ERROR the pump is dry"],
    "s3": ["2026/report.csv"],
    "sns": ["Subscription Confirmation", "sns:Deliver"],
    "trace": ["sns:Publish arn:aws:sns:eu-west-1:000000000000:pumps"],
}


def role_for(cloud, service):
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                                                     "Principal": {"Service": f"{service}.amazonaws.com"}}]}
    made = cloud.client("iam").create_role(RoleName=f"docs-{service}", AssumeRolePolicyDocument=json.dumps(trust))
    return made["Role"]["Arn"]


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.S | re.M)


def shell(script, environment, folder):
    environment = {**environment, "PATH": f"{BINARY.parent}:{environment['PATH']}"}
    return subprocess.run(["bash", "-c", "set -eo pipefail\n" + script], capture_output=True, text=True, env=environment,
                          cwd=folder, timeout=120)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_of_a_page_do_what_it_says(cloud, tmp_path, page):
    script = "\n".join(blocks(page.read_text(), "sh")).replace("8883", str(cloud.mqtts_port))
    done = shell('eval "$(cloudlet env)"\n' + script, cloud.environment(), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    for promised in SEEN[page.stem]:  # a page that is new here says what it promises
        assert promised in done.stdout, done.stdout


def test_the_example_of_rule_sql_is_a_rule(cloud):
    sql = blocks((ROOT / "docs" / "rule-sql.md").read_text(), "sql")[0]
    cloud.client("s3").create_bucket(Bucket="celsius", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    action = {"s3": {"bucketName": "celsius", "key": "${topic(2)}", "roleArn": role_for(cloud, "iot")}}
    cloud.client("iot").create_topic_rule(ruleName="celsius", topicRulePayload={
        "sql": sql, "awsIotSqlVersion": "2016-03-23", "actions": [action]})
    subprocess.run(["mosquitto_pub", "-p", str(cloud.mqtt_port), "-i", "soil1", "-q", "1", "-t", "device/d7/devicePayload",
                    "-m", '{"humidity": 20, "temperature": 212}'], check=True)
    stored = json.loads(cloud.client("s3").get_object(Bucket="celsius", Key="d7")["Body"].read())
    assert stored == {"humidity": 20, "temperature": 212, "device": "d7", "celsius": 100}


def test_the_example_function_in_cpp_runs(cloud):
    """The build compiled it from the page itself: see tests/docs."""
    package = BINARY.parent / "tests" / "docs" / "alert.zip"
    functions = cloud.client("lambda")
    functions.create_function(FunctionName="from-the-docs", Runtime="provided.al2023", Handler="bootstrap",
                              Role=role_for(cloud, "lambda"), Code={"ZipFile": package.read_bytes()})
    functions.get_waiter("function_active_v2").wait(FunctionName="from-the-docs")
    answer = functions.invoke(FunctionName="from-the-docs", Payload=b'{"n": 1}')
    assert json.loads(answer["Payload"].read()) == {"seen": {"n": 1}}


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def test_your_own_application(tmp_path):
    """The README's part on one's own template, from a server's start to the stack's deletion."""
    text = (ROOT / "README.md").read_text()
    script = blocks(text[text.index("## Your own application"):], "sh")[0]
    shutil.copy(ROOT / "tests" / "e2e" / "templates" / "my-stack.yaml", tmp_path / "template.yaml")
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CLOUDLET_"))}
    environment |= {"CLOUDLET_PORT": str(port), "CLOUDLET_MQTT_PORT": "0", "CLOUDLET_MQTTS_PORT": "0",
                    "CLOUDLET_ENDPOINT": f"http://127.0.0.1:{port}"}
    server, rest = script.split("&", 1)
    done = shell(f"{server}&\ntrap 'kill %1; wait %1' EXIT\ncloudlet wait ready --timeout 30\n{rest}", environment, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '{"dry":true}' in done.stdout.replace(" ", ""), done.stdout
    assert "humidity 20" in done.stdout, done.stdout
    assert "files in ./device: certificate.pem private.key ca.pem" in done.stdout
    assert "is gone" in done.stdout and not (tmp_path / "device" / "private.key").exists()


OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def commands(command=(), outer=frozenset()):
    """Every command with its options, as the help tells: {("mail", "list"): {"--to", ...}}."""
    said = subprocess.run([str(BINARY), *command, "--help"], capture_output=True, text=True, check=True).stdout
    found = {command: outer | set(re.findall(r"--[a-z][a-z-]+", said))}
    for name in re.findall(r"^  ([a-z]+) ", said.partition("Subcommands:")[2], re.M):
        found |= commands((*command, name), found[command])
    return found


def test_no_page_names_an_option_that_is_not_there():
    known = commands()
    every, wrong = set().union(*known.values()) | {"--build-only"}, []
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("README.md")]:
        text = page.read_text().replace("\\\n", " ")
        for said in [line for block in blocks(text, "sh") for line in block.splitlines()] + re.findall(r"`([^`\n]+)`", text):
            for piece in re.split(r"(?<![\w/-])cloudlet ", said)[1:]:
                piece = re.split(r"[|)]", piece)[0]
                command = tuple(piece.split())
                while command not in known:  # arguments follow the command's name
                    command = command[:-1]
                wrong += [f"{page.relative_to(ROOT)}: {o} of {piece}" for o in OPTION.findall(piece) if o not in known[command]]
            if said.startswith("--"):
                wrong += [f"{page.relative_to(ROOT)}: {o}" for o in OPTION.findall(said) if o not in every]
    assert not wrong, "\n".join(wrong)
