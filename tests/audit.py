"""What we stand on, looked at: pins and hashes, licences, a word on each in docs/dependencies.md, and known holes where a service can be asked.

python -m tests.audit             what can be looked at here; where no service of known holes answers, that is said and isn't called good
python -m tests.audit --strict    the same, and fails then: for whoever releases
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator

from tests.projects import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-bench.lock")
_GPL = re.compile(r"(?<![L])\b(A?GPL)|(?<!Lesser )General Public License", re.IGNORECASE)
_LESSER = re.compile(r"LGPL|Lesser General Public|Library or Lesser", re.IGNORECASE)
_OTHERS = re.compile(r"\b(MIT|BSD|Apache|Artistic|MPL|ISC|PSF)\b", re.IGNORECASE)
_WITHIN_SECONDS = 60


def pinned(lock: str) -> dict[str, set[str]]:
    """Packages of a lock and their versions (several, for several Pythons), by their plain names."""
    versions: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE):
        versions.setdefault(plain(name), set()).add(version)
    return versions


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


NEVER_FINAL = {"opentelemetry-semantic-conventions", "sphinx-basic-ng"}
"""Of the dev lock: what others of it stand on, and what has never had a release that calls itself finished."""


def faults_of_locks() -> Iterator[str]:
    for lock in LOCKS:
        text = (ROOT / lock).read_text(encoding="utf-8")
        for block in re.split(r"\n(?=[A-Za-z0-9])", text):
            if re.match(r"[A-Za-z0-9]", block) and "--hash=sha256:" not in block:
                yield f"{lock}: {block.split()[0]} has no hash. Write the locks anew: make lock."
        if address := re.search(r"(https?|git|file)(\+\w+)?://\S+|--(extra-)?index-url", text):
            yield f"{lock}: it names an address, {address[0]}. Write the locks anew: make lock."
        yield from (
            f"{lock}: {name} {version} is a draft of a release."
            for name, found in pinned(lock).items()
            for version in found
            if re.search(r"(a|b|rc|dev)\d", version) and name not in NEVER_FINAL
        )


def licence(name: str) -> str:
    """What an installed package says of its licence."""
    about = importlib.metadata.metadata(name)
    stated = about.get("License-Expression") or about.get("License") or ""
    return " ".join([stated[:200], *(each for each in about.get_all("Classifier") or () if each.startswith("License"))])


def is_refused(said: str) -> bool:
    """Whether it is the GPL alone; of several licences one may be chosen."""
    return _GPL.search(said) is not None and not _LESSER.search(said) and not _OTHERS.search(said)


def faults_of_licences() -> Iterator[str]:
    """A library under the Lesser licence may be used as it is; one under the GPL itself, or without a word, may not."""
    for name in sorted({name for lock in LOCKS for name in pinned(lock)}):
        try:
            said = licence(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # of another system, or of make bench
        if is_refused(said):
            yield f"{name}: its licence is {said.strip()}. Take another package."


def faults_of_documentation() -> Iterator[str]:
    told = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *(each for group in project["project"]["optional-dependencies"].values() for each in group)]
    for each in (*wanted, *project["dependency-groups"]["bench"]):
        name = plain(re.split(r"[\[<>=!~ ;]", each)[0])
        if name != "winback" and name.removeprefix("pytest-") not in plain(told):
            yield f"{name} has no word in docs/dependencies.md. Write what for, why this one, its licence and weight."


def faults_of_what_is_installed() -> Iterator[str]:
    locked = {**pinned("requirements-dev.lock"), **pinned("requirements.lock")}
    for name, versions in locked.items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        if found not in versions:
            yield f"{name} {found} is installed, and {' or '.join(versions)} is locked. Install anew: make test."


def known_holes() -> tuple[bool, str]:
    """(whether a service answered about every package, what it said), by pip-audit over requirements.lock.

    pip-audit itself calls it good where the service knows none of the packages: what was skipped counts here as not asked.
    """
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--disable-pip",
        "--require-hashes",
        "--format=json",
        "--progress-spinner=off",
        "--requirement",
        str(ROOT / LOCKS[0]),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        return False, f"no answer within {_WITHIN_SECONDS} seconds"
    return judged(done.stdout, done.stderr)


def judged(found: str, said: str) -> tuple[bool, str]:
    """The same of what pip-audit wrote."""
    try:
        packages = json.loads(found)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return False, next((line.strip() for line in reversed(said.splitlines()) if line.strip()), "pip-audit said nothing")
    holes = [
        f"{each['name']} {each['version']}: {hole['id']}, mended in {', '.join(hole['fix_versions']) or 'no release yet'}"
        for each in packages
        for hole in each.get("vulns", ())
    ]
    skipped = [each for each in packages if "skip_reason" in each]
    if not holes and (skipped or not packages):
        return False, f"{len(skipped)} of {len(packages)} packages are unknown to it"
    return True, "\n".join(holes)


def main() -> int:
    faults = [*faults_of_locks(), *faults_of_licences(), *faults_of_documentation(), *faults_of_what_is_installed()]
    print("\n".join(faults) or "Dependencies: pins, hashes, licences, documentation and what is installed are in order.")
    asked, said = known_holes()
    if not asked:
        print(f"Dependencies: KNOWN HOLES WERE NOT LOOKED FOR, no service could be asked ({said[:200]}). Do so before a release: make audit")
    else:
        print(said or "Dependencies: no known holes.")
    return int(bool(faults) or (asked and bool(said)) or (not asked and "--strict" in sys.argv))


if __name__ == "__main__":
    raise SystemExit(main())
