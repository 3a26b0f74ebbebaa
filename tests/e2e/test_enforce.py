"""--auth enforce: whoever has no keys gets nothing, over the API and on the server's own pages."""
import json
import urllib.error
import urllib.request

import botocore.exceptions
import pytest


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
    for path in ("/_cloudlet/mail", "/_cloudlet/trace", "/_cloudlet/clock", "/_cloudlet/doctor"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            fresh.get(path)
        assert refused.value.code in (400, 401, 403), path
    assert "BEGIN CERTIFICATE" in fresh.get("/_cloudlet/ca.pem")

    import boto3
    owner = boto3.client("sts", endpoint_url=fresh.endpoint, region_name="eu-west-1", aws_access_key_id=key["AccessKeyId"],
                         aws_secret_access_key=key["SecretAccessKey"])
    assert owner.get_caller_identity()["Arn"].endswith("user/operator")
    environment = fresh.environment
    fresh.environment = lambda account="": {**environment(), "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
                                            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    assert json.loads(fresh.cli("mail", "list", "--json").stdout) == []
    assert fresh.cli("doctor", "--json", check=False).returncode in (0, 1)
