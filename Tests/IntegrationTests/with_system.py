#!/usr/bin/env python3
"""Starts a real system, `kt up` from nothing, and runs a command with its addresses in the environment.

    with_system.py pytest -q ui/test_real.py

The command finds KT_GATEWAY_URL, KT_API_URL, KT_CONSOLE_URL, KT_CHAT_URL, KT_KEY and KT_SIGN_IN_LINK. Its exit status
is that of the command.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

from stack import Up


def main():
    with tempfile.TemporaryDirectory(prefix="kt-system-") as folder, Up(pathlib.Path(folder)) as up:
        addresses = {f"KT_{component.upper()}_URL": url for component, url in up.urls.items()}
        environment = {**os.environ, **addresses, "KT_KEY": up.key, "KT_SIGN_IN_LINK": up.sign_in_link}
        status = subprocess.run(sys.argv[1:], env=environment).returncode
        if status != 0:
            print(up.output[-3000:])
    return status


sys.exit(main())
