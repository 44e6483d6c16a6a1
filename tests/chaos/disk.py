"""A small disk of its own for the database, so that it can be full: a tmpfs, which needs root."""

import atexit
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

SIZE_MB = 8_192  # at most: memory is taken only for what is written
TRIES = 50
WHY_NOT = "a file system of its own needs root and the mount command"


class Disk:
    """Mounted from the start; `fill` leaves nothing free until `free`."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="monitor-disk-"))
        command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=755", "tmpfs"]
        subprocess.run([*command, self.folder], check=True, capture_output=True)
        atexit.register(self.close)

    def fill(self) -> int:
        """Make it as small as what is on it; returns how many bytes that is."""
        for _ in range(TRIES):
            stat = os.statvfs(self.folder)
            used = (stat.f_blocks - stat.f_bfree) * stat.f_frsize
            if self._resized(f"{used}"):
                return used
        raise OSError("the disk grew faster than it could be made small")

    def free(self) -> None:
        """Make it as large as it was."""
        self._resized(f"{SIZE_MB}m")

    def _resized(self, size: str) -> bool:
        command = ["mount", "-o", f"remount,size={size}", str(self.folder)]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0

    def close(self) -> None:
        """Unmount and remove; more than once does no harm."""
        if self.folder.exists():
            subprocess.run(["umount", "-l", self.folder], check=False, capture_output=True)
            shutil.rmtree(self.folder, ignore_errors=True)


def open_disk() -> Disk | None:
    """A disk, or None where it cannot be made (see WHY_NOT)."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return None
    try:
        return Disk()
    except (OSError, subprocess.CalledProcessError):
        return None
