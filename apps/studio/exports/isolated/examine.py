"""Examines one untrusted file for our credentials. Runs as ``python -I examine.py JOB``, never imported by the site.

Standard input is the file, standard error receives one JSON report: the fields of ``pipelines.provenance.FileVerdict``.
JOB is JSON: {"trust": PEM text, "sidecar": base64 or ""}. Any other end means that the file can not be examined.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path
from typing import NoReturn


def main() -> NoReturn:
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # its buffers, one a thread, would fill the address space that we allow
    sys.path.insert(0, str(Path(__file__).resolve().parents[4]))
    from apps.assets.isolated.picture import limit_process
    from inference.pipelines.provenance import examine_file

    limit_process()
    report_fd = os.dup(2)
    # Libraries in C and Rust write parts of the file to standard error; only our report may stand there.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    job = json.loads(sys.argv[1])
    sidecar = base64.b64decode(job["sidecar"]) or None
    verdict = examine_file(sys.stdin.buffer.read(), trust_pem=job["trust"].encode(), sidecar=sidecar)
    os.write(report_fd, json.dumps(verdict.as_dict()).encode())
    os._exit(0)


if __name__ == "__main__":
    main()
