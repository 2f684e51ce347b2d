"""promtool, Prometheus' own check of rules and queries: from the PATH, or out of the image compose uses."""

import shutil
import subprocess
from pathlib import Path

import pytest

IMAGE = "prom/prometheus:v2.53.0"


def promtool(folder: Path, *arguments: str) -> None:
    """Run it in a folder; fails with what it says. Skips the test where it can't be had."""
    if shutil.which("promtool"):
        command = ["promtool", *arguments]
    elif shutil.which("docker"):
        mount = ["--volume", f"{folder}:{folder}:ro", "--workdir", str(folder)]
        command = ["docker", "run", "--rm", "--network", "none", *mount, "--entrypoint", "promtool", IMAGE, *arguments]
    else:
        pytest.skip("neither promtool nor Docker")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode == 125:
        pytest.skip(f"Docker has no {IMAGE}")
    assert done.returncode == 0, done.stdout + done.stderr
