"""A mail server on loopback that remembers what it took. RFC 5321.

    with running_smtp() as smtp:
        smtp.answers["RCPT"] = "450 4.2.1 Mailbox busy"
        smtp.hang_at = "DATA"

Steps are the client's verbs, CONNECT before the first, and CONTENT after the message
itself: what is set for CONTENT happens once the message has been remembered, so that
`cut_at = "CONTENT"` is the answer that gets lost after the mail was taken.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Condition, Event, Thread

LONGEST_HANG_SECONDS = 60.0

USUAL_ANSWERS = {
    "CONNECT": "220 smtp.example ESMTP",
    "EHLO": "250-smtp.example\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN",
    "HELO": "250 smtp.example",
    "AUTH": "235 2.7.0 Authenticated",
    "MAIL": "250 2.1.0 Sender ok",
    "RCPT": "250 2.1.5 Recipient ok",
    "DATA": "354 End data with <CR><LF>.<CR><LF>",
    "CONTENT": "250 2.0.0 Queued as {number}",
    "RSET": "250 2.0.0 Reset",
    "NOOP": "250 2.0.0 Ok",
    "QUIT": "221 2.0.0 Bye",
}


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """One message as it arrived; sender and recipients are the envelope's."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"]).strip()  # folding leaves a space

    @property
    def text(self) -> str:
        part = self.message.get_body(("plain",))
        return part.get_content() if part else ""

    @property
    def html(self) -> str:
        part = self.message.get_body(("html",))
        return part.get_content() if part else ""


class FakeSMTP:
    """`answers`, `hang_at` and `cut_at` may be changed at any time."""

    def __init__(self) -> None:
        self.mails: list[ReceivedMail] = []
        self.answers: dict[str, str] = {}
        self.hang_at = ""
        self.cut_at = ""
        self.pause_seconds = 0.0  # before each answer
        self.host = "127.0.0.1"
        self.port = 0
        self.stopping = Event()
        self.changed = Condition()

    @property
    def url(self) -> str:
        """The EMAIL_URL that leads here."""
        return f"smtp://{self.host}:{self.port}"

    def wait_for(self, count: int, *, timeout_seconds: float = 15) -> None:
        """Return as soon as `count` mails are there, else fail."""
        with self.changed:
            arrived = self.changed.wait_for(
                lambda: len(self.mails) >= count, timeout=timeout_seconds
            )
        assert arrived, f"{len(self.mails)} of {count} mails came"

    def take(self, mail: ReceivedMail) -> None:
        with self.changed:
            self.mails.append(mail)
            self.changed.notify_all()

    def answer_to(self, step: str) -> str:
        answer = self.answers.get(step, USUAL_ANSWERS.get(step, "502 5.5.1 Unknown"))
        return answer.replace("{number}", str(len(self.mails)))


class _Dialogue(StreamRequestHandler):
    smtp: FakeSMTP

    def handle(self) -> None:
        self.sender = ""
        self.recipients: list[str] = []
        with suppress(OSError):
            step = "CONNECT"
            while self.react(step) and step != "QUIT":
                line = self.rfile.readline().decode(errors="replace").strip()
                if not line:
                    return
                step = self.understand(line)

    def understand(self, line: str) -> str:
        verb, _, rest = line.partition(" ")
        step = verb.upper()
        if step == "MAIL":
            self.sender, self.recipients = _path(rest), []
        elif step == "RCPT":
            self.recipients.append(_path(rest))
        elif step == "DATA" and self.smtp.answer_to("DATA").startswith("354"):
            if not self.react("DATA"):
                return "QUIT"
            self.read_content()
            return "CONTENT"
        return step

    def read_content(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        if self.smtp.answer_to("CONTENT").startswith("2"):
            message = message_from_bytes(b"".join(lines), EmailMessage, policy=SMTP)
            self.smtp.take(ReceivedMail(self.sender, tuple(self.recipients), message))

    def react(self, step: str) -> bool:
        """Answer as told; return False when the line is to be closed."""
        if self.smtp.hang_at == step:
            self.smtp.stopping.wait(LONGEST_HANG_SECONDS)
            return False
        if self.smtp.cut_at == step:
            return False
        if self.smtp.pause_seconds:
            self.smtp.stopping.wait(self.smtp.pause_seconds)
        answer = self.smtp.answer_to(step)
        self.wfile.write(f"{answer}\r\n".encode())
        return True


def _path(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


@contextmanager
def running_smtp() -> Iterator[FakeSMTP]:
    smtp = FakeSMTP()
    dialogue = type("Dialogue", (_Dialogue,), {"smtp": smtp})
    with _Server((smtp.host, 0), dialogue) as server:
        smtp.port = server.server_address[1]
        thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield smtp
        finally:
            smtp.stopping.set()
            server.shutdown()
            thread.join(timeout=5)
