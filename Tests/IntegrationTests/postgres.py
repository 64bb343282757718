"""A PostgreSQL server of the tests' own, in a folder of its own."""

import glob
import os
import pathlib
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile

from processes import Process
from raw_http import eventually


def program(name):
    """A program of the newest PostgreSQL on this machine."""
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), key=lambda path: int(path.split("/")[4]))
    return found[-1] if found else shutil.which(name)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def as_server_user():
    """PostgreSQL refuses to run as root: then it runs as the user that Debian's package made for it."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []


class PostgreSQL(Process):
    """`initdb` and `postgres` on a free loopback port, with password sign-in."""

    def __init__(self, folder):
        self.port = free_port()
        self.password = secrets.token_hex(12)
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="kt-postgres-"))
        self.data = self.root / "data"
        password_file = self.root / "password"
        password_file.write_text(self.password)
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            for path in (self.root, password_file):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        subprocess.run(
            [
                *as_server_user(), program("initdb"), "--pgdata", self.data, "--username", "keeptrusts", "--auth",
                "scram-sha-256", "--pwfile", password_file, "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync",
            ],
            check=True, capture_output=True, cwd=self.root,
        )
        super().__init__(
            [
                *as_server_user(), program("postgres"), "-D", self.data, "-p", self.port, "-h", "127.0.0.1",
                "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=50",
            ],
            folder, "postgres",
        )
        # Its own user may not enter the tests' folder.
        self.home = self.root

    def start(self):
        super().start()
        self.wait_for("database system is ready to accept connections")
        eventually(lambda: self._psql("postgres", "SELECT 1").returncode == 0)
        return self

    def create_database(self, name):
        """Makes an empty database; returns its URL."""
        result = self._psql("postgres", f'CREATE DATABASE "{name}"')
        assert result.returncode == 0, result.stderr
        return f"postgres://keeptrusts:{self.password}@127.0.0.1:{self.port}/{name}"

    def query(self, database, statement):
        """The rows of a statement, as lists of text."""
        result = self._psql(database, statement)
        assert result.returncode == 0, result.stderr
        return [line.split("|") for line in result.stdout.splitlines()]

    def refusal(self, database, statement):
        """What the server says against a statement; None when it has done it."""
        result = self._psql(database, statement)
        return result.stderr if result.returncode else None

    def dump(self, database):
        """All that is in a database, as text."""
        command = [program("pg_dump"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "keeptrusts", database]
        return subprocess.run(command, capture_output=True, check=True, env=self._client_environment()).stdout

    def stop(self, timeout=30):
        if self.is_running:
            self.signal(signal.SIGINT)
            self.wait(timeout)
        shutil.rmtree(self.root, ignore_errors=True)

    def _psql(self, database, statement):
        return subprocess.run(
            [
                program("psql"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "keeptrusts", "-d", database,
                "-X", "-q", "-t", "-A", "-c", statement,
            ],
            capture_output=True, text=True, env=self._client_environment(),
        )

    def _client_environment(self):
        return {"PATH": os.environ["PATH"], "PGPASSWORD": self.password, "LANG": "C.UTF-8"}
