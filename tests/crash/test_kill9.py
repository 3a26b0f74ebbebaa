"""kill -9 at random points under MQTT, S3 and SNS load: everything that was acknowledged is there afterwards, once.

Each round ends with SIGKILL at a moment drawn from a seeded generator (after every kind of work was acknowledged at least a
few times), then the server starts again on the same folder and the next round's load begins. What is checked after each
start: each acknowledged MQTT message is one object in the bucket (the rule's S3 action), each acknowledged PUT has its bytes,
each acknowledged Publish is one mail in the box of the confirmed subscriber.
"""
import json
import os
import random
import select

from load import Load
from support.server import Cloudlet, eventually

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "5"))
SEED = int(os.environ.get("CRASH_SEED", "20261121"))
BUCKET = "crash-archive"


def prepare(cloud):
    cloud.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    cloud.client("iam").create_role(RoleName="rules", AssumeRolePolicyDocument=json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "iot.amazonaws.com"}, "Action": "sts:AssumeRole"}]}))
    cloud.client("iot").create_topic_rule(ruleName="archive", topicRulePayload={
        "sql": "SELECT * FROM 'crash/+'", "awsIotSqlVersion": "2016-03-23", "actions": [{"s3": {
            "roleArn": "arn:aws:iam::000000000000:role/rules", "bucketName": BUCKET,
            "key": "mqtt/${name}/${newuuid()}"}}]})
    sns = cloud.client("sns")
    topic = sns.create_topic(Name="crash")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="reader@example.com")
    mail = eventually(lambda: json.loads(cloud.cli("mail", "list", "--json").stdout))
    cloud.cli("mail", "click", mail[0]["id"])
    return topic


def keys(cloud, prefix):
    found = []
    for page in cloud.client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix):
        found += [(o["Key"], o["Size"]) for o in page.get("Contents", [])]
    return found


def check_round(cloud, load):
    archived = [key.split("/")[1] for key, _ in keys(cloud, f"mqtt/{load.round}-")]
    missing = load.acknowledged["mqtt"] - set(archived)
    assert not missing, f"acknowledged messages that are not archived: {sorted(missing)[:5]}"
    twice = {name for name in load.acknowledged["mqtt"] if archived.count(name) != 1} if len(archived) < 20_000 else \
        load.acknowledged["mqtt"] & {a for a, b in zip(sorted(archived), sorted(archived)[1:]) if a == b}
    assert not twice, f"archived more than once: {sorted(twice)[:5]}"

    stored = {key.split("/")[1]: size for key, size in keys(cloud, f"put/{load.round}-")}
    wrong = [(name, size) for name, size in load.acknowledged["s3"] if stored.get(name) != size]
    assert not wrong, f"acknowledged objects that are missing or cut: {wrong[:5]}"
    for name, size in [item for item in load.acknowledged["s3"] if item[1] > 1000][:2]:
        body = cloud.client("s3").get_object(Bucket=BUCKET, Key=f"put/{name}")["Body"].read()
        assert body == (name * 20_000).encode()

    def all_mails():
        subjects = [m["subject"] for m in json.loads(
            cloud.cli("mail", "list", "--json", "--limit", "100000", "--subject", f"{load.round}-").stdout)]
        return subjects if load.acknowledged["sns"] <= set(subjects) else None

    subjects = eventually(all_mails)
    doubled = sorted({s for s in subjects if s in load.acknowledged["sns"] and subjects.count(s) != 1})
    assert not doubled, f"mails that arrived more than once: {doubled[:5]}"


def test_nothing_acknowledged_is_lost_or_doubled(tmp_path):
    chance = random.Random(SEED)
    cloud = Cloudlet(tmp_path)
    cloud.start()
    topic = prepare(cloud)
    total = {"mqtt": 0, "s3": 0, "sns": 0}
    try:
        for round_number in range(ROUNDS):
            load = Load(cloud, BUCKET, topic, round_number)
            load.start()
            assert load.enough.wait(60), f"no load: {load.acknowledged}"
            select.select([], [], [], chance.random() * 0.6)  # the kill's moment is the point of the test
            cloud.kill()
            load.stop()
            cloud.start()
            check_round(cloud, load)
            for kind, names in load.acknowledged.items():
                total[kind] += len(names)
    finally:
        cloud.stop()
    print(f"{ROUNDS} kills; acknowledged and found: {total}")
    assert all(count >= 5 * ROUNDS for count in total.values())
