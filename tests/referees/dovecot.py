"""A real IMAP server, dovecot, with a mailbox of its own: started in the foreground on a port of this machine, ended by its process."""

from __future__ import annotations

import getpass
import os
import pwd
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.channels import certificates
from tests.referees import tools

USER, PASSWORD = "care", "correct-horse"
HOST = "localhost"


@dataclass(frozen=True)
class Dovecot:
    port: int
    maildir: Path
    certificate: Path
    owner: tuple[int, int]

    def deliver(self, content: bytes, name: str) -> None:
        """Put a mail into the inbox as a mail server would."""
        path = self.maildir / "new" / name
        draft = self.maildir / "tmp" / name
        draft.write_bytes(content)
        os.chown(draft, *self.owner)
        draft.rename(path)

    def renumber(self) -> None:
        """Lose the numbers of all mails, as a restored mailbox does: UIDVALIDITY changes."""
        for name in ("dovecot-uidlist", "dovecot.index", "dovecot.index.log", "dovecot.index.cache", "dovecot-uidvalidity"):
            (self.maildir / name).unlink(missing_ok=True)
        for each in self.maildir.glob("dovecot-uidvalidity.*"):
            each.unlink()
        (self.maildir / "dovecot-uidlist").write_text(f"3 V{int(time.time()) + 1000} N1\n")
        os.chown(self.maildir / "dovecot-uidlist", *self.owner)


_CONFIG = """\
protocols = imap
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/log
listen = 127.0.0.1
ssl = required
ssl_cert = <{certificate}
ssl_key = <{certificate}
mail_location = maildir:{base}/mail/%u
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
first_valid_uid = 0
first_valid_gid = 0
auth_mechanisms = plain login
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={base}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@contextmanager
def running() -> Iterator[Dovecot]:
    """Skips the test where dovecot isn't installed, or fails it when referees are insisted on."""
    program = tools.program("dovecot", "/usr/sbin/dovecot", package="dovecot-imapd")
    base = Path(tempfile.mkdtemp(prefix="winback-imap-"))
    base.chmod(0o755)
    owner = pwd.getpwnam("nobody") if getpass.getuser() == "root" else pwd.getpwuid(os.getuid())
    import grp

    group = grp.getgrgid(owner.pw_gid).gr_name
    maildir = base / "mail" / USER
    for part in ("new", "cur", "tmp"):
        (maildir / part).mkdir(parents=True)
    for path in (base / "mail", maildir, *maildir.iterdir()):
        os.chown(path, owner.pw_uid, owner.pw_gid)
    certificate = certificates.make(base, HOST)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = base / "dovecot.conf"
    config.write_text(
        _CONFIG.format(
            base=base, certificate=certificate, user=owner.pw_name, group=group, uid=owner.pw_uid, gid=owner.pw_gid, port=port, password=PASSWORD
        )
    )
    server = subprocess.Popen([program, "-F", "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _wait(port, server, base / "log")
        yield Dovecot(port, maildir, certificate, (owner.pw_uid, owner.pw_gid))
    finally:
        server.terminate()
        server.wait(10)
        assert server.stderr is not None
        server.stderr.close()
        subprocess.run(["rm", "-rf", str(base)], check=False)


def _wait(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        if server.poll() is not None:
            assert server.stderr is not None
            raise AssertionError(f"dovecot ended: {server.stderr.read().decode()} {log.read_text() if log.exists() else ''}")
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("dovecot doesn't listen")
