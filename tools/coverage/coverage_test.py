#!/usr/bin/python3
"""What counts as looking at a member, and what does not."""
import unittest

from sources import Sources

REST = """
Result<Out> Service::other(store::Txn& tx, const wire::Call& call, const OtherInput& in) { return in.token; }
"""


def looked_at(text):
    made_of = Sources()
    made_of.read("namespace cloudlet::x {\n" + REST + text + "}\n")
    return made_of.members_read({"SendInput"})


class Reads(unittest.TestCase):
    def check(self, body, own=(), inner=(), more=""):
        text = more + "Result<Out> Service::send(store::Txn& tx, const wire::Call& call, const SendInput& in) {" + body + "}"
        got = looked_at(text)
        self.assertEqual((set(own), set(inner)), (got[0] & {"name", "tags", "token"}, got[1] & {"key", "value"}))

    def test_a_member_of_the_input(self):
        self.check("use(in.name);", ["name"])

    def test_what_another_operation_reads_does_not_count(self):
        self.check("use(in.name);", ["name"])  # and not OtherInput's token

    def test_the_member_of_something_else_does_not_count(self):
        self.check("Topic topic; use(topic.name); out.tags = {}; make({.token = 1});")

    def test_a_quoted_name_does_not_count(self):
        self.check('return error("the name and the token");')

    def test_through_a_call(self):
        self.check("CHECK(check(tx, in));", ["token"], more="Result<void> check(Txn& tx, const SendInput& given) { return given.token; }\n")
        self.check("CHECK(check(in));", ["name"], more="template <class In> Result<void> check(const In& given) { return given.name; }\n")
        self.check("return answer<Out>(in, 1);", ["tags"], more="template <class O, class I> O answer(const I& in, int n) { return in.tags; }\n")

    def test_a_call_that_is_not_given_the_input_does_not_count(self):
        self.check("CHECK(check(tx));", more="Result<void> check(Txn& given) { return given.token; }\n")

    def test_through_a_local_a_loop_and_a_lambda(self):
        self.check("const auto& all = in.tags; for (const auto& tag : all) use(tag.key);", ["tags"], ["key"])
        self.check("for (const auto& [name, one] : in.tags) use(one.value);", ["tags"], ["value"])
        self.check("std::any_of(in.tags.begin(), in.tags.end(), [](const Tag& one) { return one.key; });", ["tags"], ["key"])
        self.check("TRY(const auto kept, read(in.tags)); use(kept.value);", ["tags"], ["value"])

    def test_through_an_object(self):
        self.check("Work work(tx, in); return work.run();", ["name"],
                   more="class Work { Work(Txn& tx, const SendInput& in) : in_(in) {} int run() { return in_.name; } };\n")

    def test_no_handler(self):
        self.assertIsNone(looked_at(""))


if __name__ == "__main__":
    unittest.main()
