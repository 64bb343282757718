"""Detection on labelled sets, where they are: every bar that was set for data that the detectors have not seen."""

import os
import pathlib
import subprocess

import pytest

from processes import REPOSITORY, kt_binary

SETS = pathlib.Path(os.environ.get("KT_EVAL_DIR", REPOSITORY.parent / "shared" / "eval"))


@pytest.mark.skipif(not (SETS / "score.py").exists(), reason="the labelled sets (KT_EVAL_DIR) are not there")
def test_every_bar_is_exceeded():
    result = subprocess.run(
        [REPOSITORY / "scripts" / "detection", "--kt", kt_binary(), "--check"],
        env={**os.environ, "KT_EVAL_DIR": str(SETS)}, capture_output=True, text=True, timeout=600)

    assert result.returncode == 0, result.stdout + result.stderr
