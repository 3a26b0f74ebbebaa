// Amazon S3: buckets and objects. Small bodies lie in the store, large ones are files; both stream.
// https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html
#pragma once

#include "gen/s3/operations.h"
#include "store/store.h"

namespace cloudlet::s3 {

class Service : public Operations {
 public:
  explicit Service(store::Store& store) : store_(store) {}

  // buckets.cc
  Result<CreateBucketOutput> create_bucket(store::Txn&, const wire::Call&,
                                           const CreateBucketInput&) override;
  Result<DeleteBucketOutput> delete_bucket(store::Txn&, const wire::Call&,
                                           const DeleteBucketInput&) override;
  Result<HeadBucketOutput> head_bucket(const store::ReadTxn&, const wire::Call&,
                                       const HeadBucketInput&) override;
  Result<ListBucketsOutput> list_buckets(const store::ReadTxn&, const wire::Call&,
                                         const ListBucketsInput&) override;
  Result<GetBucketLocationOutput> get_bucket_location(const store::ReadTxn&, const wire::Call&,
                                                      const GetBucketLocationInput&) override;
  Result<GetBucketTaggingOutput> get_bucket_tagging(const store::ReadTxn&, const wire::Call&,
                                                    const GetBucketTaggingInput&) override;
  Result<PutBucketTaggingOutput> put_bucket_tagging(store::Txn&, const wire::Call&,
                                                    const PutBucketTaggingInput&) override;
  Result<DeleteBucketTaggingOutput> delete_bucket_tagging(store::Txn&, const wire::Call&,
                                                          const DeleteBucketTaggingInput&) override;
  // put.cc
  Task<Result<PutObjectOutput>> put_object(const wire::Call&, PutObjectInput) override;
  // get.cc
  Task<Result<GetObjectOutput>> get_object(const wire::Call&, GetObjectInput) override;
  Result<HeadObjectOutput> head_object(const store::ReadTxn&, const wire::Call&,
                                       const HeadObjectInput&) override;
  Result<GetObjectAttributesOutput> get_object_attributes(const store::ReadTxn&, const wire::Call&,
                                                          const GetObjectAttributesInput&) override;
  Result<GetObjectTaggingOutput> get_object_tagging(const store::ReadTxn&, const wire::Call&,
                                                    const GetObjectTaggingInput&) override;
  // list.cc
  Result<ListObjectsOutput> list_objects(const store::ReadTxn&, const wire::Call&,
                                         const ListObjectsInput&) override;
  Result<ListObjectsV2Output> list_objects_v2(const store::ReadTxn&, const wire::Call&,
                                              const ListObjectsV2Input&) override;
  // copy.cc
  Task<Result<CopyObjectOutput>> copy_object(const wire::Call&, CopyObjectInput) override;
  // remove.cc
  Result<DeleteObjectOutput> delete_object(store::Txn&, const wire::Call&,
                                           const DeleteObjectInput&) override;
  Result<DeleteObjectsOutput> delete_objects(store::Txn&, const wire::Call&,
                                             const DeleteObjectsInput&) override;
  // multipart.cc
  Result<CreateMultipartUploadOutput> create_multipart_upload(
      store::Txn&, const wire::Call&, const CreateMultipartUploadInput&) override;
  Task<Result<UploadPartOutput>> upload_part(const wire::Call&, UploadPartInput) override;
  Result<AbortMultipartUploadOutput> abort_multipart_upload(
      store::Txn&, const wire::Call&, const AbortMultipartUploadInput&) override;
  // copy_part.cc
  Task<Result<UploadPartCopyOutput>> upload_part_copy(const wire::Call&,
                                                      UploadPartCopyInput) override;
  // complete.cc
  Result<CompleteMultipartUploadOutput> complete_multipart_upload(
      store::Txn&, const wire::Call&, const CompleteMultipartUploadInput&) override;
  // uploads.cc
  Result<ListPartsOutput> list_parts(const store::ReadTxn&, const wire::Call&,
                                     const ListPartsInput&) override;
  Result<ListMultipartUploadsOutput> list_multipart_uploads(
      const store::ReadTxn&, const wire::Call&, const ListMultipartUploadsInput&) override;

 private:
  store::Store& store_;
};

}  // namespace cloudlet::s3
