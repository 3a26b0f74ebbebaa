#include "services/s3/state.h"

#include "base/result.h"
#include "store/record.h"

namespace cloudlet::s3 {
namespace {

using store::RecordReader;
using store::RecordWriter;

std::string encode_pair(std::string_view key, std::string_view value) {
  RecordWriter w;
  w.text(1, key).text(2, value);
  return w.take();
}

std::pair<std::string, std::string> decode_pair(std::string_view bytes) {
  std::pair<std::string, std::string> pair;
  for (RecordReader r(bytes); r.next();) (r.field() == 1 ? pair.first : pair.second) = r.text();
  return pair;
}

std::string encode_checksum(const StoredChecksum& c) {
  RecordWriter w;
  w.text(1, c.algorithm).text(2, c.value).flag(3, c.composite);
  return w.take();
}

StoredChecksum decode_checksum(std::string_view bytes) {
  StoredChecksum c;
  for (RecordReader r(bytes); r.next();) switch (r.field()) {
      case 1: c.algorithm = r.text(); break;
      case 2: c.value = r.text(); break;
      case 3: c.composite = r.flag(); break;
    }
  return c;
}

std::string encode_description(const Description& d) {
  RecordWriter w;
  w.text(1, d.content_type).text(2, d.cache_control).text(3, d.content_disposition);
  w.text(4, d.content_encoding).text(5, d.content_language).text(6, d.expires);
  w.text(7, d.storage_class);
  for (const auto& [name, value] : d.metadata) w.element(8, encode_pair(name, value));
  return w.take();
}

Description decode_description(std::string_view bytes) {
  Description d;
  for (RecordReader r(bytes); r.next();) switch (r.field()) {
      case 1: d.content_type = r.text(); break;
      case 2: d.cache_control = r.text(); break;
      case 3: d.content_disposition = r.text(); break;
      case 4: d.content_encoding = r.text(); break;
      case 5: d.content_language = r.text(); break;
      case 6: d.expires = r.text(); break;
      case 7: d.storage_class = r.text(); break;
      case 8: d.metadata.insert(decode_pair(r.view())); break;
    }
  return d;
}

// The invariant of whatever holds bytes: they are inline, or the pieces add up to the size.
template <class Holder>
void check_size(const Holder& holder) {
  std::uint64_t sum = holder.inline_body.size();
  assert_that(holder.pieces.empty() || sum == 0, "a body is both inline and in pieces");
  for (const Piece& piece : holder.pieces) {
    assert_that((piece.chunk != 0) != !piece.blob.empty(), "a piece is a chunk or a blob");
    sum += piece.size;
  }
  assert_that(sum == holder.size, "the pieces of a body do not add up to its size");
}

}  // namespace

std::string StoredBucket::encode() const {
  RecordWriter w;
  w.text(1, name).text(2, region).time(3, created);
  for (const auto& [key, value] : tags) w.element(4, encode_pair(key, value));
  return w.take();
}

StoredBucket StoredBucket::decode(std::string_view bytes) {
  StoredBucket b;
  for (RecordReader r(bytes); r.next();) switch (r.field()) {
      case 1: b.name = r.text(); break;
      case 2: b.region = r.text(); break;
      case 3: b.created = r.time(); break;
      case 4: b.tags.insert(decode_pair(r.view())); break;
    }
  assert_that(!b.name.empty(), "a stored bucket has a name");
  return b;
}

std::string Piece::encode() const {
  RecordWriter w;
  w.number(1, chunk).text(2, blob).number(3, size);
  return w.take();
}

Piece Piece::decode(std::string_view bytes) {
  Piece p;
  for (RecordReader r(bytes); r.next();) switch (r.field()) {
      case 1: p.chunk = r.number(); break;
      case 2: p.blob = r.text(); break;
      case 3: p.size = r.number(); break;
    }
  return p;
}

std::string StoredObject::encode() const {
  check_size(*this);
  RecordWriter w;
  w.text(1, key).number(2, size).text(3, etag).time(4, modified);
  w.text(5, encode_description(description));
  if (!checksum.algorithm.empty()) w.text(6, encode_checksum(checksum));
  w.text(7, inline_body);
  for (const Piece& piece : pieces) w.element(8, piece.encode());
  for (const std::uint64_t part : part_sizes) {
    RecordWriter one;
    one.number(1, part);
    w.element(9, one.take());
  }
  if (!upload_id.empty()) w.text(10, upload_id);
  return w.take();
}

StoredObject StoredObject::decode(std::string_view bytes) {
  StoredObject o;
  for (RecordReader r(bytes); r.next();) switch (r.field()) {
      case 1: o.key = r.text(); break;
      case 2: o.size = r.number(); break;
      case 3: o.etag = r.text(); break;
      case 4: o.modified = r.time(); break;
      case 5: o.description = decode_description(r.view()); break;
      case 6: o.checksum = decode_checksum(r.view()); break;
      case 7: o.inline_body = r.text(); break;
      case 8: o.pieces.push_back(Piece::decode(r.view())); break;
      case 9: {
        std::uint64_t part = 0;
        for (RecordReader one(r.view()); one.next();) part = one.number();
        o.part_sizes.push_back(part);
        break;
      }
      case 10: o.upload_id = r.text(); break;
    }
  check_size(o);
  return o;
}

std::string StoredUpload::encode() const {
  RecordWriter w;
  w.text(1, id).text(2, key).time(3, initiated).text(4, encode_description(description));
  w.text(5, checksum_algorithm).flag(6, checksum_composite);
  return w.take();
}

StoredUpload StoredUpload::decode(std::string_view bytes) {
  StoredUpload u;
  u.checksum_composite = false;
  for (RecordReader r(bytes); r.next();) switch (r.field()) {
      case 1: u.id = r.text(); break;
      case 2: u.key = r.text(); break;
      case 3: u.initiated = r.time(); break;
      case 4: u.description = decode_description(r.view()); break;
      case 5: u.checksum_algorithm = r.text(); break;
      case 6: u.checksum_composite = r.flag(); break;
    }
  assert_that(!u.id.empty(), "a stored upload has an id");
  return u;
}

std::string StoredPart::encode() const {
  check_size(*this);
  RecordWriter w;
  w.number(1, number).number(2, size).text(3, etag).time(4, modified);
  if (!checksum.algorithm.empty()) w.text(5, encode_checksum(checksum));
  w.text(6, inline_body);
  for (const Piece& piece : pieces) w.element(7, piece.encode());
  return w.take();
}

StoredPart StoredPart::decode(std::string_view bytes) {
  StoredPart p;
  for (RecordReader r(bytes); r.next();) switch (r.field()) {
      case 1: p.number = r.number(); break;
      case 2: p.size = r.number(); break;
      case 3: p.etag = r.text(); break;
      case 4: p.modified = r.time(); break;
      case 5: p.checksum = decode_checksum(r.view()); break;
      case 6: p.inline_body = r.text(); break;
      case 7: p.pieces.push_back(Piece::decode(r.view())); break;
    }
  check_size(p);
  return p;
}

}  // namespace cloudlet::s3
