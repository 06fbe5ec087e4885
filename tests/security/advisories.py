"""`make audit`, last step: known vulnerabilities of what the image holds, as pip-audit hears them from the package index.

Exit status: 0, none is known; 1, some are, and stand there; 3, the index could not be asked, and so nothing is known of that.
pip-audit itself ends with 1 for both of the last.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

__all__ = ["CLEAN", "UNKNOWN", "VULNERABLE", "judged"]

CLEAN, VULNERABLE, UNKNOWN = 0, 1, 3
LOCK = Path(__file__).parents[2] / "requirements.lock"
COMMAND = ["pip_audit", "--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off"]
CAUSE_CHARS = 300


def judged(status: int, out: str, errors: str) -> tuple[int, str]:
    """What pip-audit's end means: our exit status, and what to tell."""
    try:
        packages = json.loads(out)["dependencies"]
    except (json.JSONDecodeError, KeyError, TypeError):
        cause = (errors.strip().splitlines() or [f"pip-audit ended with {status}"])[-1][:CAUSE_CHARS]
        return UNKNOWN, (
            "checked: the image's user and hashes, and permissions equal to calls\n"
            f"NOT checked: known vulnerabilities, for the package index could not be asked: {cause}"
        )
    lines = [f"{each['name']} {each['version']}: {found['id']}" for each in packages for found in each.get("vulns", ())]
    if skipped := [
        each["name"] for each in packages if "skip_reason" in each
    ]:  # the index knows nothing of them, or does not say
        checked = f"checked for known vulnerabilities: {len(packages) - len(skipped)} of {len(packages)} packages"
        return UNKNOWN, "\n".join([*lines, checked, f"NOT checked: {', '.join(skipped)}"])
    if lines:
        return VULNERABLE, "\n".join(lines)
    return CLEAN, f"no known vulnerabilities in {len(packages)} packages"


def main() -> None:
    command = [sys.executable, "-m", *COMMAND, "--requirement", str(LOCK)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    status, told = judged(done.returncode, done.stdout, done.stderr)
    print(told, file=sys.stderr if status else sys.stdout)
    sys.exit(status)


if __name__ == "__main__":
    main()
