"""The catalog of a release, read by QuPath's own extension manager."""

from __future__ import annotations

import functools
import importlib.util
import json
import threading
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import pytest

from support.extension import REPOSITORY, InstalledExtension
from support.qupath import SCRIPTS

pytestmark = pytest.mark.qupath


def test_qupaths_manager_reads_the_catalog(qupath: InstalledExtension, tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("release", REPOSITORY / ".ci/release.py")
    assert spec is not None
    assert spec.loader is not None
    release = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(release)
    address = "https://github.com/a-lab/hookpath"
    listed = release.catalog(address, "0.2.0", release.catalog(address, "0.1.0"))
    (tmp_path / "catalog.json").write_text(json.dumps(listed), encoding="utf-8")
    serve = functools.partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with HTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/catalog.json"
        out = tmp_path / "found.json"
        qupath.script(SCRIPTS / "read_catalog.groovy", arguments=(url, out)).ok()
        server.shutdown()
    fits = ["v0.6.0", "v0.7.0"]
    assert json.loads(out.read_text("utf-8")) == [
        {
            "name": "hookpath",
            "releases": [
                {"name": f"v{n}", "fits": fits,
                 "url": f"{address}/releases/download/v{n}/hookpath-qupath-{n}.jar"}
                for n in ("0.2.0", "0.1.0")
            ],
        }
    ]  # fmt: skip
