#!/usr/bin/python3
"""Each rule of tidy.py catches what it is for, and lets the ordinary pass."""
import pathlib
import unittest

import tidy


def findings(name, text, extra=None):
    files = {pathlib.Path(name): text}
    files.update({pathlib.Path(n): t for n, t in (extra or {}).items()})
    return "\n".join(tidy.check(files))


class Rules(unittest.TestCase):
    def test_a_room_below_must_not_include_one_above(self):
        self.assertIn("store must not include wire", findings("src/store/a.cc", '#include "wire/call.h"\n'))
        self.assertIn("must not include services/s3",
                      findings("src/services/sns/a.cc", '#include "services/s3/s3.h"\n'))
        self.assertEqual("", findings("src/wire/a.cc", '#include "base/result.h"\n'))
        self.assertIn("store must not include wire", findings("src/store/a.cc", '  #  include <wire/call.h>\n'))
        self.assertIn("above all rooms", findings("src/base/a.cc", '#include "server.h"\n'))
        self.assertIn("sdk must not include store", findings("sdk/cpp/src/a.cc", '#include "store/store.h"\n'))
        self.assertEqual("", findings("sdk/cpp/src/a.cc", '#include "wire/http_caller.h"\n#include <vector>\n'))

    def test_long_files_functions_and_lines(self):
        self.assertIn("601 lines", findings("src/base/a.cc", "int x;\n" * 601))
        body = "int f(int a) {\n" + "  a++;\n" * 70 + "}\n"
        self.assertIn("function of 72 lines", findings("src/base/a.cc", body))
        self.assertEqual("", findings("src/base/a.cc", "int f(int a) {\n" + "  a++;\n" * 60 + "}\n"))
        for head in ("Task<Result<A>> Service::f(const B& b,\n                            int c) {", "A::A(int a)\n    : a_(a),\n      b_{1} {",
                     "static const int f(int a) {", "bool operator<(const A& a, const A& b) {", "template <class T>\nint f(T a) {",
                     "auto f(int a) -> Result<int> {"):
            self.assertIn("lines, more than 70", findings("src/base/a.cc", head + "\n" + "  a++;\n" * 70 + "}\n"), head)
        method = "class A {\n  struct B {\n    int f(int a) const override {\n" + "      a++;\n" * 70 + "    }\n  };\n};\n"
        self.assertIn("function of 72 lines", findings("src/base/a.cc", method))
        table = "constexpr Row rows[] = {\n" + "    {f(1), 2},\n" * 90 + "};\nclass A : public B<int (*)(int)> {\n" + "  int a;\n" * 90 + "};\n"
        self.assertEqual("", findings("src/base/a.cc", table))
        self.assertIn("columns", findings("src/base/a.cc", "http_client" + "x" * 101))
        self.assertIn("101 columns", findings("src/base/a.cc", "x" * 101))

    def test_words_that_mark_something_unfinished(self):
        self.assertIn("TO" + "DO", findings("src/base/a.cc", "// TO" + "DO later\n"))
        self.assertIn("neither throw nor catch", findings("src/services/s3/a.cc", "  throw 1;\n"))

    def test_headers_that_nobody_includes(self):
        self.assertIn("nobody includes it", findings("src/base/a.h", "int x;\n"))
        self.assertIn("nobody includes it", findings("src/base/a.h", '#include "base/a.h"\n'))
        self.assertIn("nobody includes it", findings("sdk/cpp/src/a.h", "int x;\n"))
        self.assertEqual("", findings("src/base/a.h", "int x;\n", {"src/base/a.cc": '#include "base/a.h"\n'}))


if __name__ == "__main__":
    unittest.main()
