"""tools/check_floors, seen failing once on each fault that it is there for."""

import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TOOL = ROOT / "tools" / "check_floors"


def run(files):
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "src"
        for name, text in files.items():
            path = source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        ran = subprocess.run(["/usr/bin/python3", str(TOOL), str(source)], capture_output=True, text=True)
        return ran.returncode, ran.stdout


# (what is planted, path, text, line that is named, words in the message)
FAULTS = (
    ("upward include", "plan/plan.cpp", '#include "base/result.hpp"\n#include "engine/run.hpp"\n', 2, "upward"),
    ("upward include with spaces", "base/a.hpp", '  #  include  "model/ids.hpp"\n', 1, "upward"),
    ("sibling include, graph and evidence", "graph/map.cpp", '#include "evidence/leaf.hpp"\n', 1, "sibling"),
    ("sibling include, store and connect", "connect/x/y.cpp", '#include "store/store.hpp"\n', 1, "sibling"),
    ("sibling include, model and net", "net/http.hpp", '#include "model/ids.hpp"\n', 1, "sibling"),
    ("sibling include, cli and api", "api/server.cpp", '#include "cli/table.hpp"\n', 1, "sibling"),
    ("include without its floor", "plan/plan.cpp", '#include "plan.hpp"\n', 1, "names no floor"),
    ("include through ..", "plan/plan.cpp", '#include "../engine/run.hpp"\n', 1, "names no floor"),
    ("include of an unknown floor", "plan/plan.cpp", '#include "util/strings.hpp"\n', 1, "in no floor"),
    ("test code in the product", "engine/run.cpp", '#include "testing/fake_clock.hpp"\n', 1, "only tests"),
    ("system_clock", "engine/run.cpp", "void f() {\n  auto t = std::chrono::system_clock::now();\n}\n", 2, "clock read"),
    ("steady_clock, spaced", "store/a.cpp", "auto t = steady_clock :: now();\n", 1, "clock read"),
    ("clock in a unit test", "store/a_test.cpp", "auto t = std::chrono::steady_clock::now();\n", 1, "clock read"),
    ("time(nullptr)", "cli/a.cpp", "auto t = std::time(nullptr);\n", 1, "clock read"),
    ("clock_gettime", "connect/a/b.cpp", "clock_gettime(CLOCK_REALTIME, &t);\n", 1, "clock read"),
    ("sleep_for", "engine/a.cpp", "std::this_thread::sleep_for(1s);\n", 1, "sleep"),
    ("sleep_until in a header", "engine/a.hpp", "std::this_thread::sleep_until(t);\n", 1, "sleep"),
    ("usleep", "connect/a/b.cpp", "usleep(10);\n", 1, "sleep"),
    ("sleep()", "connect/a/b.cpp", "  ::sleep(1);\n", 1, "sleep"),
    ("random_device", "engine/a.cpp", "std::random_device d;\n", 1, "randomness"),
    ("RAND_bytes", "evidence/a.cpp", "RAND_bytes(p, 32);\n", 1, "randomness"),
    ("randombytes_buf", "service/a.cpp", "randombytes_buf(p, 32);\n", 1, "randomness"),
    ("a key pair from hidden randomness", "evidence/a.cpp", "crypto_sign_keypair(pk, sk);\n", 1, "randomness"),
    ("/dev/urandom", "service/a.cpp", 'auto f = open("/dev/urandom");\n', 1, "randomness"),
    ("rand()", "plan/a.cpp", "int x = rand();\n", 1, "randomness"),
    ("after a character that is a quote", "plan/a.cpp", "char c = '\"';\nint x = std::rand();\n", 2, "randomness"),
    ("a library outside its place", "engine/a.cpp", "#include <vector>\n#include <sqlite3.h>\n", 2, "for store/sqlite/ alone"),
    ("another connector's library", "connect/openssh/a.cpp", "#include <ldap.h>\n", 1, "for connect/openldap/ alone"),
    ("an expensive library in a header", "cli/a.hpp", "#include <CLI/CLI.hpp>\n", 1, "in a header"),
    ("unknown folder", "helpers/a.cpp", "int x;\n", 1, "no floor"),
    ("file beside the floors", "main.cpp", "int main() {}\n", 1, "no floor"),
)

CLEAN = (
    ("lower floors and its own", {"engine/run.cpp": '#include "engine/run.hpp"\n#include "store/store.hpp"\n#include "connect/connector.hpp"\n#include <vector>\n'}),
    ("a test takes testing/", {"engine/run_test.cpp": '#include "testing/fake_clock.hpp"\n'}),
    ("testing/ takes every floor", {"testing/faulty_store.hpp": '#include "store/store.hpp"\n#include "testing/fake_clock.hpp"\n'}),
    ("base/clock reads the clock and sleeps", {"base/clock.cpp": "auto a = std::chrono::system_clock::now();\nstd::this_thread::sleep_for(d);\n"}),
    ("base/random is random", {"base/random.cpp": "RAND_bytes(p, n);\ncrypto_sign_keypair(a, b);\n"}),
    ("words in comments and texts", {"plan/a.cpp": '// never calls system_clock::now() or sleep_for\n/* rand() */ auto a = "std::rand()"; auto b = R"(usleep(1))";\n'}),
    ("names that only resemble", {"plan/a.cpp": "int run_time(int); int operand(); bool asleep(int); auto x = clock.now(); auto y = run_time(0);\n"}),
    ("libraries in their places", {"cli/a.cpp": "#include <CLI/CLI.hpp>\n", "connect/openldap/a.hpp": "#include <ldap.h>\n",
                                   "store/a_test.cpp": "#include <doctest/doctest.h>\n#include <sqlite3.h>\n"}),
    ("a key pair from a seed", {"evidence/a.cpp": "crypto_sign_seed_keypair(pk, sk, seed);\n"}),
    ("app takes every floor", {"app/exeunt.cpp": '#include "cli/cli.hpp"\n#include "api/server.hpp"\n'}),
)


class CheckFloors(unittest.TestCase):
    def test_each_planted_fault_is_named_with_its_line(self):
        for what, path, text, line, words in FAULTS:
            with self.subTest(what):
                status, output = run({path: text})
                self.assertEqual(status, 1, output)
                if "unknown folder" in what or "beside" in what:
                    self.assertIn(path.split("/")[0], output)
                else:
                    self.assertIn(f"src/{path}:{line}: ", output)
                self.assertIn(words, output)
                self.assertEqual(len(output.splitlines()), 1, output)

    def test_what_is_allowed_passes(self):
        for what, files in CLEAN:
            with self.subTest(what):
                self.assertEqual(run(files), (0, ""))

    def test_every_fault_of_a_tree_is_listed(self):
        status, output = run({path: text for what, path, text, _, _ in FAULTS if path in ("net/http.hpp", "plan/a.cpp", "main.cpp")})
        self.assertEqual(status, 1)
        self.assertEqual(len(output.splitlines()), 3, output)

    def test_the_project_itself_passes(self):
        ran = subprocess.run(["/usr/bin/python3", str(TOOL)], capture_output=True, text=True)
        self.assertEqual((ran.returncode, ran.stdout), (0, ""))


if __name__ == "__main__":
    unittest.main()
