"""Functions in trouble, through boto3: too slow, throttled, changed or deleted while they run, and the server killed meanwhile."""
import base64
import collections
import concurrent.futures
import io
import json
import os
import pathlib
import zipfile

import botocore.exceptions
import pytest

from support.server import eventually

ROLE = "arn:aws:iam::000000000000:role/functions"
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                                                 "Principal": {"Service": "lambda.amazonaws.com"}}]}
WORKS = "import time\ndef handler(event, context):\n    print('RAN', '{tag}', event)\n    time.sleep({seconds})\n    return '{tag}'\n"


def zipped(code):
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("main.py", code)
    return package.getvalue()


def works(tag, seconds):
    return WORKS.format(tag=tag, seconds=seconds)


@pytest.fixture(scope="module")
def ready(cloud):
    make_role(cloud)
    return cloud


def make_role(server):
    server.client("iam").create_role(RoleName="functions", AssumeRolePolicyDocument=json.dumps(TRUST))


def clients(server):
    return server.client("lambda", config={"max_pool_connections": 64})


def create(functions, name, code, **more):
    return functions.create_function(FunctionName=name, Runtime="python3.11", Handler="main.handler", Role=ROLE,
                                     Code={"ZipFile": zipped(code)}, **more)


def invoke(functions, name, event=None, **more):
    return functions.invoke(FunctionName=name, Payload=json.dumps(event), **more)


def log_lines(server, name):
    """All that a function has logged, once there is a log."""
    logs = server.client("logs")
    try:
        return [event["message"] for page in logs.get_paginator("filter_log_events").paginate(logGroupName="/aws/lambda/" + name)
                for event in page["events"]]
    except logs.exceptions.ResourceNotFoundException:
        return []


def ran(server, name):
    """How often each event ran: (tag, event) -> times."""
    return collections.Counter(tuple(line.split()[1:3]) for line in log_lines(server, name) if line.startswith("RAN"))


def running(word):
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word in process.read_text().split("\0"):
                found.append(process)
        except OSError:
            pass  # it has ended
    return found


def test_one_that_is_too_slow_is_ended_with_all_that_it_started(ready):
    functions, name, mark = clients(ready), "slow", f"86400.{os.getpid()}"
    create(functions, name, "import subprocess, time\ndef handler(event, context):\n"
           f"    for start in [], ['setsid']: subprocess.Popen(start + ['sleep', '{mark}'])\n    time.sleep(60)\n", Timeout=1)
    answer = invoke(functions, name, LogType="Tail")
    request = answer["ResponseMetadata"]["RequestId"]
    what = "Task timed out after 1.00 seconds"
    assert answer["FunctionError"] == "Unhandled"
    assert json.load(answer["Payload"]) == {"errorType": "Sandbox.Timedout", "errorMessage": f"RequestId: {request} Error: {what}"}
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert f"Z {request} {what}\n\nEND RequestId: {request}\n" in tail and "Status: timeout" in tail
    eventually(lambda: not running(mark))
    invoke(functions, name, InvocationType="Event")
    eventually(lambda: sum(what in line for line in log_lines(ready, name)) == 2)
    eventually(lambda: not running(mark))


def test_what_is_beyond_the_reserved_concurrency_is_refused_now_and_waits_later(ready):
    functions, name = clients(ready), "narrow"
    create(functions, name, works("a", 0.3))
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(functions.exceptions.TooManyRequestsException) as refused:
        invoke(functions, name, -1)
    assert refused.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    invoke(functions, name, 0, InvocationType="Event")
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=2)
    for event in range(1, 8):
        invoke(functions, name, event, InvocationType="Event")
    eventually(lambda: ran(ready, name) == {("a", str(event)): 1 for event in range(8)})


def test_a_deleted_function_gives_its_reserved_concurrency_back(ready):
    functions = clients(ready)
    limit = functions.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    for name in ("first", "second"):  # together more than there is
        create(functions, name, works("a", 0))
        functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=limit * 6 // 10)
        invoke(functions, name)
        functions.delete_function(FunctionName=name)
    create(functions, "wide", works("a", 0.2))
    with concurrent.futures.ThreadPoolExecutor(20) as threads:
        answers = [threads.submit(invoke, functions, "wide") for _ in range(20)]
    assert all(answer.result()["StatusCode"] == 200 for answer in answers)


def test_a_change_while_it_runs_leaves_what_runs_and_holds_for_what_comes(ready):
    functions, name = clients(ready), "changing"
    made = create(functions, name, works("old", 1), Timeout=10)
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        old = [threads.submit(invoke, functions, name, n) for n in range(4)]
        eventually(lambda: len(ran(ready, name)) == 4)
        changed = functions.update_function_code(FunctionName=name, ZipFile=zipped(works("new", 0)))
        assert changed["RevisionId"] != made["RevisionId"] and changed["CodeSha256"] != made["CodeSha256"]
        assert changed["LastUpdateStatus"] == "Successful"
        assert json.load(invoke(functions, name)["Payload"]) == "new"
        assert {json.load(answer.result()["Payload"]) for answer in old} == {"old"}
    with pytest.raises(functions.exceptions.PreconditionFailedException):
        functions.update_function_code(FunctionName=name, ZipFile=zipped("x = 1"), RevisionId=made["RevisionId"])


def test_a_deleted_function_finishes_what_runs_and_its_namesake_starts_with_nothing(ready):
    functions, name = clients(ready), "phoenix"
    create(functions, name, works("old", 1), Timeout=10)
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    with concurrent.futures.ThreadPoolExecutor(1) as threads:
        last = threads.submit(invoke, functions, name, "last")
        eventually(lambda: ran(ready, name))
        for event in range(5):
            invoke(functions, name, event, InvocationType="Event")
        functions.delete_function(FunctionName=name)
        with pytest.raises(functions.exceptions.ResourceNotFoundException):
            invoke(functions, name)
        create(functions, name, works("new", 0))
        assert json.load(last.result()["Payload"]) == "old"
    invoke(functions, name, "own", InvocationType="Event")
    eventually(lambda: ("new", "own") in ran(ready, name))
    assert not [event for tag, event in ran(ready, name) if tag == "new" and event != "own"]


def test_a_topic_may_invoke_it_only_if_its_policy_names_that_topic(ready):
    functions, sns, name = clients(ready), ready.client("sns"), "told"
    arn = create(functions, name, "def handler(event, context):\n    print('GOT', event['Records'][0]['Sns']['Message'])\n")["FunctionArn"]
    topic, other = (sns.create_topic(Name=topic)["TopicArn"] for topic in ("right", "wrong"))
    sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)

    def published(message):
        sent = sns.publish(TopicArn=topic, Message=message)["MessageId"]
        return eventually(lambda: (lambda said: said if "sns:Deliver" in said else "")(
            ready.cli("trace", "why", sent, check=False).stdout))

    def allow(source):
        functions.add_permission(FunctionName=name, StatementId=source.rpartition(":")[2], Action="lambda:InvokeFunction",
                                 Principal="sns.amazonaws.com", SourceArn=source)

    denied = f"does not let sns.amazonaws.com invoke it for {topic}"
    assert f"{denied}; it has no statement" in published("without")
    allow(other)
    assert f"{denied}; statement wrong asks for the source {other}" in published("foreign")
    allow(topic)
    assert "sns:Deliver" in published("own") and denied not in published("own")
    eventually(lambda: [line for line in log_lines(ready, name) if line.startswith("GOT")] == ["GOT own\n"] * 2)


@pytest.mark.parametrize("code, kind, says", [
    ("import os\ndef handler(e, c): os._exit(7)", "Runtime.ExitError", "exit status 7"),
    ("import ctypes\ndef handler(e, c): ctypes.string_at(0)", "Runtime.ExitError", "signal: segmentation fault"),
    ("def handler(e, c): return bytearray(b'x' * (300 << 20))", "Runtime.ExitError", "signal: killed"),
    ("import os\ndef handler(e, c):\n  while True:\n    try: os.fork()\n    except OSError: pass", "Runtime.ExitError", "signal: killed"),
    ("def handler(e, c): return 'x' * 7000000", "Function.ResponseSizeTooLarge", "6291556 bytes"),
    ("raise RuntimeError('no start')\ndef handler(e, c): pass", "RuntimeError", "no start"),
])
def test_one_that_breaks_is_answered_and_the_next_invocation_gets_an_instance(ready, code, kind, says):
    functions, name = clients(ready), "breaking"
    try:
        functions.delete_function(FunctionName=name)
    except functions.exceptions.ResourceNotFoundException:
        pass
    create(functions, name, code, Timeout=20)
    answer = invoke(functions, name)
    document = json.load(answer["Payload"])
    assert (answer["FunctionError"], document["errorType"]) == ("Unhandled", kind) and says in document["errorMessage"]
    functions.update_function_code(FunctionName=name, ZipFile=zipped("def handler(e, c): return 1"))
    assert json.load(invoke(functions, name)["Payload"]) == 1


@pytest.mark.parametrize("payload, way, code", [
    (b"{no json", "RequestResponse", "InvalidRequestContentException"),
    (b"{no json", "Event", "InvalidRequestContentException"),
    (b'"' + b"x" * 6291455 + b'"', "RequestResponse", "RequestTooLargeException"),
    (b'"' + b"x" * 1048575 + b'"', "Event", "RequestTooLargeException"),
])
def test_a_payload_that_cannot_be_is_refused(ready, payload, way, code):
    functions = clients(ready)
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        functions.invoke(FunctionName="narrow", Payload=payload, InvocationType=way)
    assert refused.value.response["Error"]["Code"] == code


def test_every_accepted_event_runs_although_the_server_is_killed(fresh):
    fresh.start()
    make_role(fresh)
    fresh.client("s3").create_bucket(Bucket="ran", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    # Not the log: its last lines may be lost with the process.
    create(clients(fresh), "kept", "import boto3\ns3 = boto3.client('s3')\n"
           "def handler(event, context): s3.put_object(Bucket='ran', Key=str(event))\n", Timeout=30)
    accepted = []
    for turn in range(3):
        functions = clients(fresh)
        events = range(1000 * turn, 1000 * turn + 100)
        with concurrent.futures.ThreadPoolExecutor(16) as threads:
            accepted += [str(event) for event, answer in zip(events, threads.map(
                lambda event: invoke(functions, "kept", event, InvocationType="Event"), events)) if answer["StatusCode"] == 202]
        fresh.kill()
        fresh.start()
    assert len(accepted) == 300
    s3 = fresh.client("s3")
    eventually(lambda: {found["Key"] for found in s3.list_objects_v2(Bucket="ran").get("Contents", [])} == set(accepted))
