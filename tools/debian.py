"""Installs Debian packages where this user may, for the few things that pip and npm don't bring."""

import os
import shutil
import subprocess
import sys


def can_install() -> bool:
    """Tell whether packages can be installed here without asking anybody for a password."""
    if shutil.which("apt-get") is None:
        return False
    if os.geteuid() == 0:
        return True
    if shutil.which("sudo") is None:
        return False
    return subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0


def install(*packages: str) -> bool:
    """Install the named packages and tell whether that went well; say what is being done."""
    if not can_install():
        return False
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
    print(f"Installing Debian packages: {' '.join(packages)} …", file=sys.stderr, flush=True)
    for command in (
        ["update", "-q"],
        ["install", "-q", "-y", "--no-install-recommends", *packages],
    ):
        done = subprocess.run(
            [*sudo, *environment, "apt-get", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            print(done.stdout[-4000:], file=sys.stderr)
            return False
    return True
