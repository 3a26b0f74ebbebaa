"""--auth enforce: whoever has no keys gets nothing; whoever may read the data folder, or was given keys, gets in."""
import json
import pathlib
import re
import stat
import subprocess
import urllib.error
import urllib.request

import boto3
import botocore.config
import botocore.exceptions
import pytest

from support.forms import post
from support.server import BINARY, REGION, eventually


@pytest.fixture
def closed(fresh):
    fresh.arguments = ["--auth", "enforce"]
    fresh.start()
    return fresh


def keys_of(server):
    made = json.loads(server.cli("env", "--json").stdout)
    return made["AWS_ACCESS_KEY_ID"], made["AWS_SECRET_ACCESS_KEY"]


def client(server, service, keys, **config):
    settings = botocore.config.Config(retries={"max_attempts": 0}, **config)
    return boto3.client(service, endpoint_url=server.endpoint, region_name=REGION, aws_access_key_id=keys[0],
                        aws_secret_access_key=keys[1], aws_session_token=keys[2] if len(keys) > 2 else None, config=settings)


def refusal(call):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        call()
    return error.value.response["Error"]["Code"]


CALLS = {"s3": lambda s3: s3.list_buckets(), "sns": lambda sns: sns.list_topics(), "iot": lambda iot: iot.list_things(),
         "logs": lambda logs: logs.describe_log_groups(), "lambda": lambda functions: functions.list_functions()}


def test_only_issued_keys_get_in(fresh):
    fresh.start()
    iam = fresh.client("iam")
    iam.create_user(UserName="operator")
    key = iam.create_access_key(UserName="operator")["AccessKey"]
    fresh.stop()

    fresh.arguments = ["--auth", "enforce"]
    fresh.start()
    with pytest.raises(botocore.exceptions.ClientError) as error:
        fresh.client("s3").list_buckets()
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    for path in ("/_cloudlet/mail", "/_cloudlet/trace", "/_cloudlet/clock", "/_cloudlet/doctor", "/_cloudlet/status"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            fresh.get(path)
        assert refused.value.code in (400, 401, 403), path
    assert "BEGIN CERTIFICATE" in fresh.get("/_cloudlet/ca.pem")

    keys = key["AccessKeyId"], key["SecretAccessKey"]
    assert client(fresh, "sts", keys).get_caller_identity()["Arn"].endswith("user/operator")
    # The shell's keys go before those of the data folder.
    environment = fresh.environment
    fresh.environment = lambda account="": {**environment(), "AWS_ACCESS_KEY_ID": keys[0], "AWS_SECRET_ACCESS_KEY": keys[1]}
    assert json.loads(fresh.cli("mail", "list", "--json").stdout) == []
    assert fresh.cli("doctor", "--json", check=False).returncode in (0, 1)
    iam = client(fresh, "iam", keys_of(fresh))
    iam.update_access_key(UserName="operator", AccessKeyId=keys[0], Status="Inactive")
    assert fresh.cli("mail", "list", check=False).returncode == 1


def test_the_first_start_makes_a_key_for_whoever_may_read_the_data_folder(closed):
    file = closed.data / "credentials"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(closed.data.stat().st_mode) & 0o007 == 0
    first = keys_of(closed)
    assert first[1] in file.read_text()
    assert first[1] not in closed.log_text()
    # Every tool that reads such files takes it.
    environment = {**closed.environment(), "AWS_SHARED_CREDENTIALS_FILE": str(file)}
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del environment[name]
    done = subprocess.run(["/usr/bin/aws", "--endpoint-url", closed.endpoint, "sts", "get-caller-identity"], env=environment,
                          capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout)["Arn"] == "arn:aws:iam::000000000000:root"

    script = f'eval "$({BINARY} env)"; aws s3 mb s3://made-with-env && aws s3 ls'
    done = subprocess.run(["bash", "-c", script], env=closed.environment(), capture_output=True, text=True, timeout=60)
    assert "made-with-env" in done.stdout, done.stderr

    closed.stop()
    closed.start()
    assert keys_of(closed) == first
    # The file is lost: the next start makes a new key, and the lost one is nobody's.
    closed.stop()
    file.unlink()
    closed.start()
    second = keys_of(closed)
    assert second != first
    assert client(closed, "s3", second).list_buckets()["Buckets"][0]["Name"] == "made-with-env"
    assert refusal(lambda: client(closed, "s3", first).list_buckets()) == "InvalidAccessKeyId"


def test_who_may_not_read_the_data_folder_is_told_what_to_do(closed):
    (closed.data / "credentials").unlink()
    refused = closed.cli("mail", "list", check=False)
    assert refused.returncode == 1 and "verifies signatures" in refused.stderr and "next:" in refused.stderr
    assert closed.cli("wait", "ready").returncode == 0
    assert closed.cli("env", check=False).stdout == ""


def test_doctor_without_keys_checks_what_needs_none_and_says_which_are_missing(closed):
    (closed.data / "credentials").unlink()
    done = closed.cli("doctor", "--json", check=False)
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert done.returncode == 1 and checks["server"]["state"] == "ok"
    assert checks[f"port {closed.mqtt_port}"]["state"] == checks[f"port {closed.mqtts_port}"]["state"] == "ok"
    assert checks["keys"]["state"] == "problem" and str(closed.data) in checks["keys"]["detail"]
    assert "AWS_ACCESS_KEY_ID" in checks["keys"]["detail"]


def test_a_data_folder_without_keys_is_not_passed_over_for_other_keys(closed, tmp_path):
    keys = keys_of(closed)
    environment = closed.environment
    closed.environment = lambda account="": {**environment(), "AWS_ACCESS_KEY_ID": keys[0], "AWS_SECRET_ACCESS_KEY": keys[1]}
    empty = tmp_path / "empty"
    refused = closed.cli("--data", str(empty), "mail", "list", check=False)
    assert refused.returncode == 1 and f"no keys in {empty}/credentials" in refused.stderr
    assert f"--data {closed.data}" in refused.stderr
    assert closed.cli("--data", str(closed.data), "mail", "list").returncode == 0


def test_the_whole_application_runs_where_signatures_are_verified(closed):
    application = BINARY.parent / "apps" / "soil-moisture"
    closed.cli("deploy", str(application / "template-python.yaml"), "--stack", "garden")
    function = closed.cli("status", "--stack", "garden", "--output", "Function").stdout.strip()
    answer = closed.cli("invoke", function, "--event", '{"name": "soilSensor1", "humidity": 5}')
    assert "messageId" in json.loads(answer.stdout)  # the function's own keys are verified, too
    assert "alert" in closed.cli("logs", function).stdout
    closed.cli("device", "add", "--thing", "sensor", "--policy", "garden-sensors", "--out", "device")
    assert closed.cli("trace", "last").stdout
    refused = closed.cli("mqtt", "pub", "device/x/devicePayload", "{}", check=False)
    assert refused.returncode == 1 and "--device" in refused.stderr
    closed.cli("device", "add", "--policy", "garden-watchers", "--out", "watcher")
    watcher = subprocess.Popen([str(BINARY), "mqtt", "sub", "--device", "watcher", "--client-id", "watcher", "--count", "1", "device/#"],
                               cwd=closed.folder, env=closed.environment(), stdout=subprocess.PIPE, text=True)
    def published_and_seen():
        closed.cli("mqtt", "pub", "--device", "device", "--client-id", "soilSensor9", "device/soilSensor9/devicePayload", '{"humidity": 90}')
        return watcher.poll() == 0
    eventually(published_and_seen)
    assert '"humidity": 90' in watcher.stdout.read()
    assert "DELETE_COMPLETE" in closed.cli("delete", "garden", check=False).stdout


def test_every_wrong_signature_has_the_error_of_its_service(closed):
    keys = keys_of(closed)
    unknown = {"s3": "InvalidAccessKeyId", "sns": "InvalidClientTokenId"}
    mismatch = {"s3": "SignatureDoesNotMatch", "sns": "SignatureDoesNotMatch"}
    for service, call in CALLS.items():
        call(client(closed, service, keys))
        assert refusal(lambda: call(client(closed, service, ("AKIAAAAAAAAAAAAAAAAA", keys[1])))) == \
            unknown.get(service, "UnrecognizedClientException"), service
        assert refusal(lambda: call(client(closed, service, (keys[0], "wrong")))) == \
            mismatch.get(service, "InvalidSignatureException"), service
        missing = refusal(lambda: call(client(closed, service, keys, signature_version=botocore.UNSIGNED)))
        # What is not signed and names no service by itself could be anybody's: S3 refuses it, in XML.
        assert missing in ("AccessDenied", "MissingAuthenticationToken", "MissingAuthenticationTokenException", "403"), service


def test_a_skewed_clock_is_told_so(closed):
    keys = keys_of(closed)
    closed.cli("clock", "advance", "1h")  # the server's clock counts: everybody else is an hour late now
    assert refusal(lambda: client(closed, "s3", keys).list_buckets()) == "RequestTimeTooSkewed"
    assert refusal(lambda: client(closed, "logs", keys).describe_log_groups()) == "InvalidSignatureException"
    assert refusal(lambda: client(closed, "sns", keys).list_topics()) == "SignatureDoesNotMatch"
    assert closed.cli("status").returncode == 0  # the command goes by the server's


def test_lent_keys_and_presigned_links_end(closed):
    keys = keys_of(closed)
    iam = client(closed, "iam", keys)
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
                                                     "Action": "sts:AssumeRole"}]}
    role = iam.create_role(RoleName="guest", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="guest", PolicyName="all", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}))
    lent = client(closed, "sts", keys).assume_role(RoleArn=role, RoleSessionName="guest", DurationSeconds=900)["Credentials"]
    session = lent["AccessKeyId"], lent["SecretAccessKey"], lent["SessionToken"]
    s3 = client(closed, "s3", keys, signature_version="s3v4")
    s3.create_bucket(Bucket="links", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="links", Key="k", Body=b"linked")
    assert client(closed, "s3", session).list_buckets()["Buckets"]
    assert refusal(lambda: client(closed, "s3", session[:2] + ("forged",)).list_buckets()) == "InvalidToken"

    link = s3.generate_presigned_url("get_object", Params={"Bucket": "links", "Key": "k"}, ExpiresIn=60)
    with urllib.request.urlopen(link) as answer:
        assert answer.read() == b"linked"
    closed.cli("clock", "advance", "20m")
    with pytest.raises(urllib.error.HTTPError) as expired:
        urllib.request.urlopen(link)
    assert expired.value.code == 403 and b"Request has expired" in expired.value.read()
    environment = {**closed.environment(), "AWS_ACCESS_KEY_ID": session[0], "AWS_SECRET_ACCESS_KEY": session[1],
                   "AWS_SESSION_TOKEN": session[2]}
    done = subprocess.run([str(BINARY), "status"], env=environment, capture_output=True, text=True)
    assert done.returncode == 1 and "xpired" in done.stderr, done


def test_a_form_is_taken_from_who_signed_its_policy(closed):
    keys = keys_of(closed)
    for version in ("s3v4", "s3"):
        s3 = client(closed, "s3", keys, signature_version=version)
        if version == "s3v4":
            s3.create_bucket(Bucket="forms", CreateBucketConfiguration={"LocationConstraint": REGION})
        made = s3.generate_presigned_post("forms", "k", ExpiresIn=60)
        assert post(made["url"], made["fields"], b"posted")[0] == 204
        assert s3.get_object(Bucket="forms", Key="k")["Body"].read() == b"posted"
        wrong = client(closed, "s3", (keys[0], "wrong"), signature_version=version).generate_presigned_post("forms", "k", ExpiresIn=60)
        status, _, text = post(made["url"], wrong["fields"], b"forged")
        assert status == 403 and "SignatureDoesNotMatch" in text
        longer = client(closed, "s3", keys, signature_version=version).generate_presigned_post("forms", "k", ExpiresIn=600)
        swapped = {**made["fields"], "policy": longer["fields"]["policy"]}
        assert "SignatureDoesNotMatch" in post(made["url"], swapped, b"forged")[2]
    unsigned = {"key": "k", "policy": made["fields"]["policy"]}
    assert post(made["url"], {"key": "k"}, b"x")[0] == 403 and post(made["url"], unsigned, b"x")[0] == 403


def test_a_presigned_address_of_version_2_means_what_it_meant_when_it_was_signed(closed):
    s3 = client(closed, "s3", keys_of(closed), signature_version="s3")
    s3.create_bucket(Bucket="version-2", CreateBucketConfiguration={"LocationConstraint": REGION})
    address = s3.generate_presigned_url("put_object", Params={"Bucket": "version-2", "Key": "k"})
    for more in ("", "&x-amz-meta-more=1", "&X-amz-meta-more=1"):
        try:
            put = urllib.request.Request(address + more, data=b"x", headers={"Content-Type": ""}, method="PUT")
            status = urllib.request.urlopen(put).status
        except urllib.error.HTTPError as refused:
            status = refused.code
        assert status == (403 if more else 200), more
    assert s3.head_object(Bucket="version-2", Key="k")["Metadata"] == {}


def test_the_sdk_for_javascript_is_let_in_by_its_signatures(closed):
    keys = keys_of(closed)
    script = pathlib.Path(__file__).parent / "js" / "s3.mjs"

    def run(secret):
        environment = {**closed.environment(), "AWS_ACCESS_KEY_ID": keys[0], "AWS_SECRET_ACCESS_KEY": secret}
        return subprocess.run(["node", str(script)], env=environment, cwd=script.parent.parent, capture_output=True, text=True, timeout=90)
    done = run(keys[1])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SignatureDoesNotMatch" in run("wrong").stderr


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def visit(server, path, method="GET", **headers):
    request = urllib.request.Request(server.endpoint + path, method=method,
                                     headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.build_opener(NoRedirect).open(request) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read().decode()


def test_a_browser_signs_in_with_a_link(closed):
    status, _, text = visit(closed, "/_cloudlet/mail", Accept="text/html")
    assert status == 403 and "cloudlet mail open" in text
    link = closed.cli("mail", "open").stdout.strip().removeprefix(closed.endpoint)
    status, headers, _ = visit(closed, link)
    assert status == 200
    cookie = re.match(r"cloudlet-\d+=\w+", headers["Set-Cookie"])[0]
    assert visit(closed, link)[0] == 403  # it was good once
    status, _, text = visit(closed, "/_cloudlet/mail", Accept="text/html", Cookie=cookie)
    assert status == 200 and "Mailbox" in text
    assert visit(closed, "/_cloudlet/mail/delete", method="POST", Cookie=cookie, Origin="http://localhost:3000")[0] == 403
    assert visit(closed, "/_cloudlet/mail/delete", method="POST", Cookie=cookie, Origin=closed.endpoint)[0] in (200, 303)
    assert visit(closed, "/?Action=ListTopics&Version=2010-03-31", Cookie=cookie)[0] == 403  # pages alone


def test_no_page_of_another_site_uses_an_open_server(cloud):
    for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}):
        for method, path in (("POST", "/"), ("PUT", "/stolen-bucket"), ("POST", "/_cloudlet/clock"), ("GET", "/_cloudlet/mail")):
            status, _, text = visit(cloud, path, method=method, **headers)
            assert status == 403 and "Refused" in text, (path, headers)
    assert cloud.client("s3").list_buckets()["Buckets"] == []
