"""What the generator makes of names and patterns, and which contradictions of model and overlay it refuses."""
import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from model import Service, Trouble  # noqa: E402
from names import literal, snake, unique  # noqa: E402
from patterns import to_re2  # noqa: E402

MODEL = {
    "metadata": {"apiVersion": "1", "endpointPrefix": "e", "protocol": "json", "serviceFullName": "S", "serviceId": "S"},
    "operations": {"GetThing": {"name": "GetThing", "http": {}, "input": {"shape": "GetThingRequest"}}},
    "shapes": {"GetThingRequest": {"type": "structure", "required": ["Name"],
                                   "members": {"Name": {"shape": "Name"}, "Tags": {"shape": "Tags"}}},
               "Tags": {"type": "list", "member": {"shape": "Name"}},
               "Name": {"type": "string"}},
}


def service(overlay, **shapes):
    with tempfile.TemporaryDirectory() as folder:
        model = json.loads(json.dumps(MODEL))
        model["shapes"].update(shapes)
        path = pathlib.Path(folder) / "thing.json"
        path.write_text(json.dumps(model))
        path.with_suffix(".overlay.json").write_text(json.dumps(overlay))
        return Service(path, path.with_suffix(".overlay.json"), "thing")


class Names(unittest.TestCase):
    def test_acronyms_are_one_word(self):
        for name, wanted in {"QueueUrl": "queue_url", "ETag": "etag", "SSEKMSKeyId": "sse_kms_key_id",
                             "ChecksumCRC32C": "checksum_crc32c", "ListObjectsV2": "list_objects_v2", "default": "default_",
                             "KMSKeyArn": "kms_key_arn", "s3:ObjectCreated:*": "s3_object_created", "1": "v1"}.items():
            self.assertEqual(snake(name), wanted)

    def test_equal_names_get_numbers(self):
        self.assertEqual(unique(["a", "a", "b"]), ["a", "a_2", "b"])

    def test_literals_survive_what_follows_an_escape(self):
        self.assertEqual(literal('\u00e4"1'), '"\\303\\244\\"1"')


class Patterns(unittest.TestCase):
    def test_javas_pairs_become_code_points(self):
        self.assertEqual(to_re2(r"[\u0020-\uD7FF\uD800\uDC00-\uDBFF\uDFFF]+"), r"[\x{0020}-\x{D7FF}\x{10000}-\x{10FFFF}]+")

    def test_what_re2_has_no_word_for_is_refused(self):
        for pattern in ("(?!a)b", "(?<=a)b", "a++", r"(a)\1", "[a&&b]"):
            with self.assertRaises(ValueError):
                to_re2(pattern)


class Overlay(unittest.TestCase):
    def test_required_members_are_plain_and_lists_too_unless_presence_matters(self):
        members = {m.name: m.cpp_type() for m in service({}).shapes["GetThingRequest"].members}
        self.assertEqual(members, {"Name": "std::string", "Tags": "std::vector<std::string>"})
        told = service({"presence": {"GetThingRequest.Tags": "empty clears"}}).shapes["GetThingRequest"].members
        self.assertEqual(told[1].cpp_type(), "std::optional<std::vector<std::string>>")

    def test_contradictions_stop_the_build(self):
        for overlay in ({"reads": ["GetNothing"]}, {"refused": {"GetThingRequest.Nothing": "why"}}, {"unheard": 1}):
            with self.assertRaises(Trouble):
                service(overlay)

    def test_names_of_cloudlets_own_must_be_given_up(self):
        hiding = {"type": "structure", "members": {}}
        with self.assertRaises(Trouble):
            service({}, Error=hiding)
        renamed = service({"rename": {"Error": {"to": "Failure", "reason": "ours"}}}, Error=hiding)
        self.assertEqual(renamed.shapes["Error"].cpp, "Failure")


if __name__ == "__main__":
    unittest.main()
