"""S3 through unmodified clients: boto3 and the AWS CLI do what they do against the service."""
import hashlib
import io
import os
import urllib.request

import botocore.exceptions
import pytest

from support.forms import post

BUCKET = "e2e-objects"


@pytest.fixture(scope="module")
def s3(cloud):
    client = cloud.client("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return client


def code(error):
    return error.value.response["Error"]["Code"]


def test_objects_of_every_size_round_trip(s3):
    for size in (0, 1, 2048, 65536, 65537, 3_000_000):
        body = os.urandom(size)
        put = s3.put_object(Bucket=BUCKET, Key=f"size/{size}", Body=body, Metadata={"Size": str(size)}, ContentType="text/x")
        assert put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
        got = s3.get_object(Bucket=BUCKET, Key=f"size/{size}")
        assert got["Body"].read() == body
        assert got["Metadata"] == {"size": str(size)} and got["ContentType"] == "text/x"


def test_keys_with_every_kind_of_character(s3):
    keys = ["a b", "a+b", "a%20b", "ü/ß", "a//b", "/lead", "trail/", "q?x=1&y", "#hash", "'quote'", "~tilde", "a\tb"]
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key="odd/" + key, Body=key.encode())
    listed = [o["Key"] for o in s3.list_objects_v2(Bucket=BUCKET, Prefix="odd/")["Contents"]]
    assert sorted(listed) == sorted("odd/" + k for k in keys)
    for key in keys:
        assert s3.get_object(Bucket=BUCKET, Key="odd/" + key)["Body"].read() == key.encode()


def test_lists_page_through_thousands(s3):
    for n in range(1203):
        s3.put_object(Bucket=BUCKET, Key=f"many/{n:05}", Body=b"x")
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="many/"))
    assert [p["KeyCount"] for p in pages] == [1000, 203]
    old = list(s3.get_paginator("list_objects").paginate(Bucket=BUCKET, Prefix="many/", PaginationConfig={"PageSize": 500}))
    assert [len(p["Contents"]) for p in old] == [500, 500, 203]
    deleted = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": f"many/{n:05}"} for n in range(1000)]})
    assert len(deleted["Deleted"]) == 1000


def test_refusals_have_the_services_codes(s3):
    with pytest.raises(botocore.exceptions.ClientError) as error:
        s3.get_object(Bucket=BUCKET, Key="nothing")
    assert code(error) == "NoSuchKey"
    with pytest.raises(botocore.exceptions.ClientError) as error:
        s3.head_object(Bucket=BUCKET, Key="nothing")
    assert code(error) == "404"
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.list_objects_v2(Bucket="nobody-made-this")
    with pytest.raises(botocore.exceptions.ClientError) as error:
        s3.put_object(Bucket=BUCKET, Key="k", Body=b"x", ServerSideEncryption="aws:kms")
    assert code(error) == "NotImplemented"
    with pytest.raises(botocore.exceptions.ClientError) as error:
        s3.put_object(Bucket=BUCKET, Key="k" * 1025, Body=b"x")
    assert code(error) == "KeyTooLongError"
    with pytest.raises(botocore.exceptions.ClientError) as error:
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert code(error) == "BucketAlreadyOwnedByYou"


def http(cloud, method, path, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        answer = urllib.request.urlopen(urllib.request.Request(cloud.endpoint + path, method=method, headers=named))
    except urllib.error.HTTPError as error:
        answer = error
    return answer.status, answer.headers, answer.read()


def test_a_range_is_partial_content_and_one_beyond_the_end_says_the_size(cloud, s3):
    s3.put_object(Bucket=BUCKET, Key="ranged", Body=b"0123456789")
    assert s3.get_object(Bucket=BUCKET, Key="ranged", Range="bytes=2-3")["ResponseMetadata"]["HTTPStatusCode"] == 206
    path = f"/{BUCKET}/ranged"
    for method in ("GET", "HEAD"):
        status, headers, _ = http(cloud, method, path, Range="bytes=-3")
        assert (status, headers["Content-Range"], headers["Content-Length"]) == (206, "bytes 7-9/10", "3")
        status, headers, _ = http(cloud, method, path)
        assert (status, headers["Content-Range"]) == (200, None)
        status, headers, body = http(cloud, method, path, Range="bytes=10-")
        assert (status, headers["Content-Range"]) == (416, "bytes */10")
    status, _, body = http(cloud, "GET", path, Range="bytes=10-")
    assert b"<ActualObjectSize>10</ActualObjectSize>" in body and b"<RangeRequested>bytes=10-</RangeRequested>" in body


def test_what_was_not_modified_says_which_it_is(cloud, s3):
    etag = s3.put_object(Bucket=BUCKET, Key="cached", Body=b"x")["ETag"]
    for method in ("GET", "HEAD"):
        status, headers, body = http(cloud, method, f"/{BUCKET}/cached", If_None_Match=etag)
        assert (status, headers["ETag"], body) == (304, etag, b"") and headers["Last-Modified"].endswith(" GMT")


def test_multipart_with_the_transfer_manager(s3, tmp_path):
    source = tmp_path / "large"
    body = os.urandom(20 << 20)
    source.write_bytes(body)
    s3.upload_file(str(source), BUCKET, "large")
    assert s3.head_object(Bucket=BUCKET, Key="large")["ETag"].endswith('-3"')
    s3.download_file(BUCKET, "large", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == body
    assert s3.get_object(Bucket=BUCKET, Key="large", Range="bytes=8388600-8388620")["Body"].read() == body[8388600:8388621]


def test_presigned_addresses_work_without_credentials(s3):
    s3.put_object(Bucket=BUCKET, Key="signed", Body=b"by address")
    address = s3.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "signed"}, ExpiresIn=60)
    with urllib.request.urlopen(address) as answer:
        assert answer.read() == b"by address"
    put = s3.generate_presigned_url("put_object", {"Bucket": BUCKET, "Key": "signed-put"}, ExpiresIn=60)
    urllib.request.urlopen(urllib.request.Request(put, data=b"put by address", method="PUT")).read()
    assert s3.get_object(Bucket=BUCKET, Key="signed-put")["Body"].read() == b"put by address"


def test_a_browsers_form_uploads_what_its_policy_allows(cloud, s3):
    conditions = [["starts-with", "$x-amz-meta-tag", ""], {"Content-Type": "text/plain"}, ["content-length-range", 1, 300_000],
                  ["eq", "$success_action_status", "201"]]
    made = s3.generate_presigned_post(BUCKET, "forms/${filename}", Conditions=conditions, ExpiresIn=60)
    fields = {**made["fields"], "x-amz-meta-tag": "from a form", "Content-Type": "text/plain", "success_action_status": "201"}
    for body in (b"small", os.urandom(300_000), b"--\r\n----cloudlet-e2\r\n"):
        status, headers, text = post(made["url"], fields, body)
        etag = f'"{hashlib.md5(body).hexdigest()}"'
        assert (status, headers["ETag"]) == (201, etag), text
        assert "<Key>forms/a file.txt</Key>" in text and f"<Bucket>{BUCKET}</Bucket>" in text
        got = s3.get_object(Bucket=BUCKET, Key="forms/a file.txt")
        assert got["Body"].read() == body and got["ContentType"] == "text/plain" and got["Metadata"] == {"tag": "from a form"}

    def refused(body=b"x", **changes):
        sent = {**fields, **{name.replace("_", "-"): value for name, value in changes.items()}}
        status, _, text = post(made["url"], {name: value for name, value in sent.items() if value is not None}, body)
        return status, text.partition("<Code>")[2].partition("</Code>")[0], text
    assert refused(b"")[:2] == (400, "EntityTooSmall")
    assert refused(b"x" * 300_001)[:2] == (400, "EntityTooLarge")
    assert "Extra input fields: cache-control" in refused(Cache_Control="no-store")[2]
    assert "Policy Condition failed" in refused(key="elsewhere")[2]
    assert "Policy Condition failed" in refused(Content_Type="text/html")[2]
    assert refused(policy="bm9uc2Vuc2U=")[1] == "InvalidPolicyDocument"
    assert refused(key=None)[1] == "InvalidArgument"
    assert post(cloud.endpoint + "/nobody-made-this", {"key": "k"}, b"x")[0] == 404
    assert post(cloud.endpoint + "/", {"key": f"{BUCKET}/k"}, b"x")[0] == 405
    status, headers, _ = post(cloud.endpoint + "/", {"key": "by-host"}, b"hosted", host=f"{BUCKET}.s3.localhost:{cloud.port}")
    assert status == 204 and s3.get_object(Bucket=BUCKET, Key="by-host")["Body"].read() == b"hosted"
    assert headers["Location"] == f"http://{BUCKET}.s3.localhost:{cloud.port}/by-host"
    # A path in front of a key that the policy allows would make another key of it.
    for path in ("secret", "secret/", BUCKET):
        assert post(f"{cloud.endpoint}/{path}", {"key": "k"}, b"x", host=f"{BUCKET}.s3.localhost:{cloud.port}")[0] == 405, path
    cloud.cli("clock", "advance", "2m")
    assert "Policy expired" in refused()[2]


def test_host_style_addresses(cloud, s3):
    s3.put_object(Bucket=BUCKET, Key="hosted", Body=b"by host")
    for host in (f"{BUCKET}.s3.localhost:{cloud.port}", f"{BUCKET}.localhost:{cloud.port}",
                 f"{BUCKET}.s3.eu-west-1.amazonaws.com"):
        request = urllib.request.Request(f"{cloud.endpoint}/hosted", headers={"Host": host})
        with urllib.request.urlopen(request) as answer:
            assert answer.read() == b"by host"


def test_the_aws_cli_copies_and_syncs(cloud, s3, tmp_path):
    folder = tmp_path / "site"
    (folder / "deep").mkdir(parents=True)
    (folder / "index.html").write_text("<p>hi</p>")
    (folder / "deep" / "big.bin").write_bytes(os.urandom(9 << 20))
    cloud.aws("s3", "sync", str(folder), f"s3://{BUCKET}/site")
    assert "site/deep/big.bin" in cloud.aws("s3", "ls", "--recursive", f"s3://{BUCKET}/site")
    assert s3.head_object(Bucket=BUCKET, Key="site/index.html")["ContentType"] == "text/html"
    cloud.aws("s3", "cp", f"s3://{BUCKET}/site/index.html", f"s3://{BUCKET}/copy.html")
    cloud.aws("s3", "cp", f"s3://{BUCKET}/site/deep/big.bin", str(tmp_path / "big.bin"))
    assert (tmp_path / "big.bin").read_bytes() == (folder / "deep" / "big.bin").read_bytes()
    assert cloud.aws("s3", "cp", f"s3://{BUCKET}/copy.html", "-") == "<p>hi</p>"
    assert cloud.aws("s3", "mb", "s3://e2e-made-by-cli", "--region", "eu-west-1").strip()
    cloud.aws("s3", "rb", "s3://e2e-made-by-cli")


def test_large_objects_are_copied_from_bucket_to_bucket(cloud, s3, tmp_path):
    other = f"{BUCKET}-copies"
    s3.create_bucket(Bucket=other, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    body = os.urandom(30_000_000)
    s3.upload_fileobj(io.BytesIO(body), BUCKET, "a large + one")
    cloud.aws("s3", "cp", f"s3://{BUCKET}/a large + one", f"s3://{other}/by-cli")
    s3.copy({"Bucket": BUCKET, "Key": "a large + one"}, other, "by-boto3")
    for key in ("by-cli", "by-boto3"):
        assert s3.head_object(Bucket=other, Key=key)["ETag"].endswith('-4"')
        assert s3.get_object(Bucket=other, Key=key)["Body"].read() == body


def test_a_range_that_cannot_be_copied_is_refused_in_the_services_words(s3):
    s3.put_object(Bucket=BUCKET, Key="ten", Body=b"0123456789")
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="parts")["UploadId"]
    named = {"Bucket": BUCKET, "Key": "parts", "UploadId": upload}
    source = {"CopySource": {"Bucket": BUCKET, "Key": "ten"}, "PartNumber": 1}
    for asked, words in (("bytes=0-10", "Range specified is not valid for source object of size: 10"), ("0-1", "bytes=first-last")):
        with pytest.raises(botocore.exceptions.ClientError) as error:
            s3.upload_part_copy(**named, **source, CopySourceRange=asked)
        assert code(error) == "InvalidArgument" and words in str(error.value)
    assert s3.get_object_tagging(Bucket=BUCKET, Key="ten")["TagSet"] == []
    part = s3.upload_part_copy(**named, **source, CopySourceRange="bytes=2-4")["CopyPartResult"]
    assert part["ETag"] == f'"{hashlib.md5(b"234").hexdigest()}"'
    parts = {"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]}
    done = s3.complete_multipart_upload(**named, MultipartUpload=parts)
    assert s3.complete_multipart_upload(**named, MultipartUpload=parts)["ETag"] == done["ETag"]
    assert s3.get_object(Bucket=BUCKET, Key="parts")["Body"].read() == b"234"


def test_accounts_do_not_meet(cloud, s3):
    other = cloud.client("s3", account="111111111111")
    assert other.list_buckets()["Buckets"] == []
    other.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert "Contents" not in other.list_objects_v2(Bucket=BUCKET)
