"""PUBLISH -> PUBACK beside mosquitto: alone, with subscribers, over TLS, with a rule that stores."""
import json
import subprocess
import time

from rows.common import Cloudlet, Mosquitto, Result, median_by, mqtt_bench

EIGHT = ["--publishers", 8, "--window", 16]


def beside(bench, peer_options, our_options, shared):
    """Rounds turn and turn about, so that neither has the quieter machine; the median of each."""
    peers, ours = [], []
    for _ in range(bench.rounds):
        peers.append(mqtt_bench(bench, *peer_options, *shared))
        ours.append(mqtt_bench(bench, *our_options, *shared))
    return middle(peers), middle(ours)


def middle(rounds):
    """The median round, with what was lost in any."""
    chosen = dict(median_by(rounds, lambda f: f["rate"]))
    chosen["lost"] = sum(f["lost"] + f["out_of_order"] for f in rounds)
    return chosen


def result(work, peer, ours, must, aim, note=""):
    row = Result(
        work=work,
        peer="mosquitto",
        peers=peer["rate"],
        ours=ours["rate"],
        p50_us=ours["p50_us"],
        p99_us=ours["p99_us"],
        peer_p50_us=peer["p50_us"],
        peer_p99_us=peer["p99_us"],
        must=f"{must} x",
        aim=f"{aim} x",
        note=f"server CPU {peer['server_cpu_us']:.1f} -> {ours['server_cpu_us']:.1f} us a message"
        + (f"; {note}" if note else ""),
    )
    if peer["lost"]:
        row.note += f"; mosquitto LOST {peer['lost']:,}"
    if ours["lost"]:
        row.note += f"; LOST {ours['lost']:,}"
        return row.judged(0, must, aim)  # the row demands every message
    return row.judged(row.ratio, must, aim)


def target(server, port):
    return ["--port", port, "--server-pid", server.process.pid]


def plain(bench):
    with Mosquitto(bench) as peer, Cloudlet(bench, bench.work / "mqtt") as server:
        for subscribers, qos in ((0, 0), (4, 0), (4, 1)):
            shared = EIGHT + ["--subscribers", subscribers, "--subscriber-qos", qos]
            floor = mqtt_bench(bench, "--bare", *shared)
            peers, ours = beside(
                bench, target(peer, peer.port), target(server, server.mqtt), shared
            )
            work = "MQTT QoS 1 publish"
            if subscribers:
                work += f", 4 subscribers (QoS {qos}) receive each"
            yield result(work, peers, ours, 1.5, 4, f"bare loop {floor['rate']:,.0f}/s")


def make_authority(folder):
    """A CA, a server and a client certificate for mosquitto."""
    folder.mkdir()

    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    openssl(
        *"req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2".split(),
        *"-subj /CN=bench-ca -addext basicConstraints=critical,CA:TRUE".split(),
    )
    for name in ("server", "client"):
        openssl(
            *f"req -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.csr".split(),
            *("-subj", f"/CN={'localhost' if name == 'server' else name}"),
        )
        openssl(
            *f"x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial".split(),
            *f"-out {name}.pem -days 2".split(),
        )


def make_device(server, folder):
    """A certificate that cloudlet issued, with a policy that allows everything."""
    import urllib.request

    folder.mkdir()
    iot = server.client("iot")
    made = iot.create_keys_and_certificate(setAsActive=True)
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}],
    }
    iot.create_policy(policyName="bench", policyDocument=json.dumps(document))
    iot.attach_policy(policyName="bench", target=made["certificateArn"])
    (folder / "client.pem").write_text(made["certificatePem"])
    (folder / "client.key").write_text(made["keyPair"]["PrivateKey"])
    authority = f"http://127.0.0.1:{server.port}/_cloudlet/ca.pem"
    with urllib.request.urlopen(authority, timeout=10) as answer:
        (folder / "ca.pem").write_bytes(answer.read())


def tls_options(folder):
    files = ["--ca", folder / "ca.pem", "--cert", folder / "client.pem"]
    return ["--tls", *files, "--key", folder / "client.key"]


def tls(bench):
    authority, device = bench.work / "authority", bench.work / "device"
    make_authority(authority)
    with Mosquitto(bench, tls=authority) as peer, Cloudlet(bench, bench.work / "tls") as server:
        make_device(server, device)
        peers, ours = beside(
            bench,
            target(peer, peer.port) + tls_options(authority),
            target(server, server.mqtts) + tls_options(device),
            EIGHT,
        )
        note = ours["tls"] if ours["tls"] == peers["tls"] else f"{peers['tls']} / {ours['tls']}"
        yield result("the same over TLS with client certificates", peers, ours, 1, 2, note)


def make_archive(server):
    """A rule that stores each message of devices in the bucket `archive`."""
    role = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "iot.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    allowed = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}],
    }
    iam = server.client("iam")
    arn = iam.create_role(RoleName="archive", AssumeRolePolicyDocument=json.dumps(role))
    iam.put_role_policy(
        RoleName="archive", PolicyName="write", PolicyDocument=json.dumps(allowed)
    )
    server.client("s3").create_bucket(Bucket="archive")
    store = {
        "bucketName": "archive",
        "key": "${topic()}/${newuuid()}",
        "roleArn": arn["Role"]["Arn"],
    }
    server.client("iot").create_topic_rule(
        ruleName="archive",
        topicRulePayload={
            "sql": "SELECT * FROM 'device/+/devicePayload'",
            "awsIotSqlVersion": "2016-03-23",
            "actions": [{"s3": store}],
        },
    )


def check_archive(bench, server):
    """Each acknowledged message is an object: counted on a topic of its own."""
    topic = "device/check{}/devicePayload"
    sent = mqtt_bench(
        bench, *target(server, server.mqtt), "--publishers", 1, "--warm-up", 0, "--topic", topic,
        seconds=0.1,
    )["published"]
    pages = server.client("s3").get_paginator("list_objects_v2")
    found = sum(
        page["KeyCount"] for page in pages.paginate(Bucket="archive", Prefix="device/check1/")
    )
    if found != sent:
        raise RuntimeError(f"{sent} messages acknowledged, {found} objects in the bucket")
    return sent


def rule(bench):
    with Mosquitto(bench) as peer, Cloudlet(bench, bench.work / "rule") as server:
        make_archive(server)
        checked = check_archive(bench, server)
        peers, ours = beside(bench, target(peer, peer.port), target(server, server.mqtt), EIGHT)
        yield result(
            "with a rule that stores each message in S3, synced (mosquitto: no rule)",
            peers, ours, 0.5, 1, f"{checked} acknowledged, {checked} objects found",
        )


def fill(bench, server, objects, seconds):
    """Stores that many small objects by way of the rule; how many there are now."""
    make_archive(server)
    stored, end = 0, time.monotonic() + seconds
    while stored < objects and time.monotonic() < end:
        options = ["--publishers", 8, "--window", 256, "--warm-up", 0]
        stored += mqtt_bench(bench, *target(server, server.mqtt), *options, seconds=2)["published"]
    return stored
