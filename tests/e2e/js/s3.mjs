// The newest AWS SDK for JavaScript v3 against S3: checksums in trailers, streams, errors as classes.
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import {
  CreateBucketCommand, DeleteObjectCommand, DeleteObjectsCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, NoSuchKey,
  PutObjectCommand, S3Client,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const s3 = new S3Client({ endpoint: process.env.AWS_ENDPOINT_URL, forcePathStyle: true });
const Bucket = "js-objects";
await s3.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: "eu-west-1" } }));

const put = await s3.send(new PutObjectCommand({ Bucket, Key: "a/1", Body: "hello", Metadata: { who: "js" } }));
assert.match(put.ETag, /^"[0-9a-f]{32}"$/);
assert.ok(put.ChecksumCRC32, "the default checksum comes back");
const got = await s3.send(new GetObjectCommand({ Bucket, Key: "a/1" }));
assert.equal(await got.Body.transformToString(), "hello");
assert.equal(got.Metadata.who, "js");

// A stream goes out as aws-chunked with its checksum in the trailer.
const bytes = Buffer.alloc(300_000, "stream ");
await s3.send(new PutObjectCommand({
  Bucket, Key: "a/2", Body: Readable.from([bytes.subarray(0, 100_000), bytes.subarray(100_000)]), ContentLength: bytes.length,
}));
const streamed = await s3.send(new GetObjectCommand({ Bucket, Key: "a/2" }));
assert.equal(Buffer.compare(Buffer.from(await streamed.Body.transformToByteArray()), bytes), 0);
assert.equal((await s3.send(new HeadObjectCommand({ Bucket, Key: "a/2" }))).ContentEncoding, undefined);

const list = await s3.send(new ListObjectsV2Command({ Bucket, Delimiter: "/" }));
assert.deepEqual(list.CommonPrefixes, [{ Prefix: "a/" }]);
await assert.rejects(s3.send(new GetObjectCommand({ Bucket, Key: "none" })), NoSuchKey);

const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: "a/1" }), { expiresIn: 60 });
assert.equal(await (await fetch(url)).text(), "hello");
const upload = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: "a/3", Metadata: { who: "a link" }, StorageClass: "STANDARD_IA" }));
assert.equal((await fetch(upload, { method: "PUT", body: "by link" })).status, 200);
const linked = await s3.send(new HeadObjectCommand({ Bucket, Key: "a/3" }));
assert.deepEqual([linked.Metadata, linked.StorageClass], [{ who: "a link" }, "STANDARD_IA"]);
assert.ok((await fetch(`${upload}&x-amz-meta-bad=a%0d%0aSet-Cookie:b`, { method: "PUT", body: "x" })).status >= 400);
await s3.send(new DeleteObjectCommand({ Bucket, Key: "a/3" }));
const deleted = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: "a/1" }, { Key: "a/2" }] } }));
assert.equal(deleted.Deleted.length, 2);
