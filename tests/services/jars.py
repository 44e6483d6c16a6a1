"""The jars of a Kafka broker, fetched by Maven once for each state of the pom."""

import fcntl
import hashlib
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.services import UnavailableError

REPOSITORY = Path(__file__).parents[2]
POM = REPOSITORY / "deploy" / "kafka" / "pom.xml"
JARS = REPOSITORY / ".cache" / "kafka"
JAVA_VERSION_MIN = 17


def java_is_missing() -> str | None:
    """Say why this machine's Java cannot run a broker, or None when it can."""
    java = shutil.which("java")
    if java is None:
        return "no Java"
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', told)
    if found is None or int(found[1]) < JAVA_VERSION_MIN:
        return f"no Java {JAVA_VERSION_MIN} or newer"
    return None


def jars() -> Path:
    """Return the folder of the broker's jars, fetched once by Maven for each state of the pom.

    Raises UnavailableError without a usable Java or Maven, or when Maven fails.
    """
    if reason := java_is_missing():
        raise UnavailableError(reason)
    folder = JARS / hashlib.sha256(POM.read_bytes()).hexdigest()[:16]
    JARS.mkdir(parents=True, exist_ok=True)
    with (JARS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            _fetch_jars(folder)
    return folder


def _fetch_jars(folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise UnavailableError("no Maven (mvn) to fetch Kafka's jars")
    with tempfile.TemporaryDirectory(dir=JARS) as scratch:
        command = [
            maven,
            "-q",
            "-B",
            "-Dstyle.color=never",
            "-f",
            str(POM),
            "dependency:copy-dependencies",
        ]
        command.append(f"-DoutputDirectory={scratch}/jars")
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        if told.returncode != 0:
            raise UnavailableError(f"Maven could not fetch Kafka's jars: {told.stdout[:300]}")
        (Path(scratch) / "jars").rename(folder)
