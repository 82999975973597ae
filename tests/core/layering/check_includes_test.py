#!/usr/bin/env python3
"""The include check notices what it is there for: each planted breach is reported, and nothing else."""
import pathlib
import tempfile
import unittest

import check_includes

CLEAN = {
    "core/include/core/a.h": "#include <vector>\n",
    "core/src/a.cpp": '#include "core/a.h"\n#include "a_private.h"\n',
    "events/src/b.cpp": '#include <simdjson.h>\n#include "core/a.h"\n',
    "projections/src/c.cpp": '#include "events/b.h"\n',
    "adapters/openssl/include/ossl/d.h": '#include "core/a.h"\n',
    "adapters/openssl/src/d.cpp": "#include <openssl/evp.h>\n",
    "adapters/http/include/http/e.h": "#include <memory>\n",
    "adapters/http/src/e.cpp": '#include <boost/asio.hpp>\n#include <unistd.h>\n#include "http/e.h"\n',
    "adapters/tls/include/tls/s.h": "#include <string>\n",
    "adapters/tls/src/s.cpp": "#include <openssl/ssl.h>\n",
    "adapters/providers/src/g.cpp": '#include "tls/s.h"\n',
    "adapters/cli/src/f.cpp": '#include "http/e.h"\n#include "ossl/d.h"\n',
}

BREACHES = {
    "core/src/x.cpp": ["#include <simdjson.h>", "#include <unistd.h>", '#include "events/b.h"',
                       '#include "../../events/src/b.h"'],
    "events/include/events/x.h": ["#include <simdjson.h>"],
    "events/src/x.h": ["#include <simdjson.h>"],
    "events/src/x.cpp": ['#include "projections/c.h"', "#include <openssl/evp.h>"],
    "projections/src/x.cpp": ["#include <rocksdb/db.h>", '#include "http/e.h"'],
    "adapters/http/src/x.cpp": ['#include "ossl/d.h"', "#include <rocksdb/db.h>"],
    "adapters/http/include/http/x.h": ["#include <boost/asio.hpp>"],
    "adapters/openssl/src/x.cpp": ['#include "tls/s.h"'],
    "adapters/tls/src/x.cpp": ['#include "http/e.h"', "#include <boost/asio.hpp>"],
    "adapters/newcomer/src/x.cpp": ["#include <vector>"],
}


def breaches(files):
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        return list(check_includes.check_all(root))


class CheckIncludes(unittest.TestCase):
    def test_clean_sources_pass(self):
        self.assertEqual(breaches(CLEAN), [])

    def test_each_breach_is_reported(self):
        for path, lines in BREACHES.items():
            for line in lines:
                with self.subTest(path=path, line=line):
                    self.assertEqual(len(breaches({**CLEAN, path: line + "\n"})), 1)


if __name__ == "__main__":
    unittest.main()
