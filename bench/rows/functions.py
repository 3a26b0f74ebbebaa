"""Invocations: warm, cold, and by way of a rule from an MQTT message."""
import base64
import http.client
import io
import json
import re
import time
import zipfile

from rows.common import ROOT, Cloudlet, Result, median, mqtt_bench, percentile
from rows.s3 import http_bench

COLD_STARTS = 30


def zipped(path, name):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(path, name)
    return packed.getvalue()


def packages(bench):
    program = bench.build / "bench" / "functions" / "bench_entered" / "bootstrap"
    script = ROOT / "bench" / "functions" / "entered.py"
    return {
        "native": ("provided.al2023", "bootstrap", zipped(program, "bootstrap")),
        "python": ("python3.12", "entered.handler", zipped(script, "entered.py")),
    }


def create(bench, server):
    role = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    made = server.client("iam").create_role(
        RoleName="functions", AssumeRolePolicyDocument=json.dumps(role)
    )
    functions = server.client("lambda")
    for name, (runtime, handler, code) in packages(bench).items():
        functions.create_function(
            FunctionName=name,
            Runtime=runtime,
            Handler=handler,
            Role=made["Role"]["Arn"],
            Code={"ZipFile": code},
            MemorySize=256,
            Timeout=10,
        )
        functions.get_waiter("function_active_v2").wait(FunctionName=name)
    return functions


def warm(bench):
    """Over HTTP, one connection, beside a bare HTTP round trip with the same client."""
    with Cloudlet(bench, bench.work / "warm") as server:
        create(bench, server)
        bare = http_bench(bench, "wire", 0.5)[-2]  # one connection: peer, then the wire room
        path = "/2015-03-31/functions/native/invocations"
        http_bench(bench, "load", server.port, "POST", path, 0, 1, 0.5)
        ours = http_bench(bench, "load", server.port, "POST", path, 0, 1, bench.seconds)[0]
    row = Result(
        work="warm invoke of a C++ function, over a bare HTTP round trip",
        peer="bare HTTP",
        peers=bare[2],
        ours=ours[2],
        unit="us (p50)",
        p50_us=ours[2],
        p99_us=ours[3],
        peer_p50_us=bare[2],
        peer_p99_us=bare[3],
        must="+ 250 us",
        aim="+ 80 us",
        note=f"+ {ours[2] - bare[2]:.0f} us" + (f"; {ours[4]} failed" if ours[4] else ""),
    )
    yield row.judged(1e9 if ours[4] else ours[2] - bare[2], 250, 80, lower_is_better=True)


def first_invocation_ms(server, name):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.connect()
    began = time.perf_counter()
    connection.request(
        "POST",
        f"/2015-03-31/functions/{name}/invocations",
        headers={"X-Amz-Log-Type": "Tail"},
    )
    answer = connection.getresponse()
    body = answer.read()
    took = (time.perf_counter() - began) * 1000
    log = base64.b64decode(answer.getheader("X-Amz-Log-Result") or "").decode()
    connection.close()
    if answer.status != 200 or answer.getheader("X-Amz-Function-Error"):
        raise RuntimeError(f"{name} answered {answer.status} {body!r} {log}")
    init = re.search(r"Init Duration: ([\d.]+) ms", log)
    return took, float(init.group(1)) if init else None


def cold(bench):
    """A change of configuration retires the instances: the next invocation starts one."""
    limits = {"native": ("C++", 10, 3), "python": ("Python with boto3", 25, 6)}
    with Cloudlet(bench, bench.work / "cold") as server:
        functions = create(bench, server)
        for name, (what, must, aim) in limits.items():
            took, inits = [], []
            for i in range(COLD_STARTS):
                functions.update_function_configuration(
                    FunctionName=name, Environment={"Variables": {"ROUND": str(i)}}
                )
                functions.get_waiter("function_updated_v2").wait(FunctionName=name)
                time.sleep(0.2)  # an idle server, as between two deployments
                whole, init = first_invocation_ms(server, name)
                took.append(whole)
                if init is not None:
                    inits.append(init)
            if not inits:
                raise RuntimeError(f"{name}: no invocation reported an Init Duration")
            row = Result(
                work=f"cold start, {what} function: whole first invocation over HTTP",
                ours=median(took),
                unit="ms (p50)",
                p50_us=median(took) * 1000,
                p99_us=percentile(took, 0.99) * 1000,
                must=f"< {must} ms",
                aim=f"< {aim} ms",
                note=f"Init Duration p50 {median(inits):.1f} ms in {len(inits)} of {len(took)}",
            )
            yield row.judged(median(took), must, aim, lower_is_better=True)


def entered_after_us(server, name, expected):
    """What the function logged, once all of it is there."""
    logs = server.client("logs")
    end = time.monotonic() + 20
    while True:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/{name}", filterPattern='"entered after"'
        )
        found = [
            int(re.search(r"after (-?\d+) us", event["message"]).group(1))
            for page in pages
            for event in page["events"]
        ]
        if len(found) >= expected or time.monotonic() > end:
            return found
        time.sleep(0.5)


def entered(bench):
    with Cloudlet(bench, bench.work / "entered") as server:
        functions = create(bench, server)
        arn = functions.get_function(FunctionName="native")["Configuration"]["FunctionArn"]
        functions.add_permission(
            FunctionName="native",
            StatementId="rule",
            Action="lambda:InvokeFunction",
            Principal="iot.amazonaws.com",
        )
        server.client("iot").create_topic_rule(
            ruleName="entered",
            topicRulePayload={
                "sql": "SELECT * FROM 'bench/+/entered'",
                "awsIotSqlVersion": "2016-03-23",
                "actions": [{"lambda": {"functionArn": arn}}],
            },
        )
        options = ["--publishers", 1, "--window", 1, "--rate", 50, "--topic", "bench/{}/entered"]
        to = ["--port", server.mqtt]
        mqtt_bench(bench, *to, *options, "--warm-up", 0, seconds=1)  # the first instance
        before = len(entered_after_us(server, "native", 50))
        sent = mqtt_bench(bench, *to, *options, "--warm-up", 0, seconds=8)["published"]
        after = entered_after_us(server, "native", before + sent)[before:]
    if len(after) != sent:
        raise RuntimeError(f"{sent} messages acknowledged, {len(after)} functions entered")
    p99 = percentile(after, 0.99)
    row = Result(
        work="MQTT publish -> C++ function entered, idle server (50/s)",
        ours=p99 / 1000,
        unit="ms (p99)",
        p50_us=median(after),
        p99_us=p99,
        must="< 10 ms",
        aim="< 2 ms",
        note=f"{len(after)} messages, each entered once",
    )
    yield row.judged(p99 / 1000, 10, 2, lower_is_better=True)
