"""A mail server on loopback that keeps what it is given, and misbehaves as the test tells it to."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Self


@dataclass
class Mailbox:
    """`rcpt`, `data`: what these commands are answered with. `hang`: after a whole letter, before its answer,
    nothing is said until the mailbox closes. `drop`: there the connection is cut."""

    rcpt: str = "250 ok"
    data: str = "250 taken"
    hang: bool = False
    drop: bool = False
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    letters: list[EmailMessage] = field(default_factory=list)
    got_one: threading.Event = field(default_factory=threading.Event)
    closing: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        mailbox = self

        class Handler(socketserver.StreamRequestHandler):
            def say(self, line: str) -> None:
                self.wfile.write(f"{line}\r\n".encode())

            def handle(self) -> None:
                sender, to = "", []
                self.say("220 mailbox")
                while line := self.rfile.readline().decode().strip():
                    verb = line[:4].upper()
                    if verb == "MAIL":
                        sender, to = line[10:].partition(">")[0].strip("<> "), []
                        self.say("250 ok")
                    elif verb == "RCPT":
                        to.append(line[8:].strip("<> "))
                        self.say(mailbox.rcpt)
                    elif verb == "DATA":
                        self.say("354 go on")
                        self.take(sender, to)
                        if mailbox.hang:
                            mailbox.closing.wait(60)
                        if mailbox.hang or mailbox.drop:
                            return
                        self.say(mailbox.data)
                    elif verb == "QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("250 ok")

            def take(self, sender: str, to: list[str]) -> None:
                body = b""
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    body += line[1:] if line.startswith(b".") else line
                letter = email.message_from_bytes(body, policy=email.policy.default)
                assert isinstance(letter, EmailMessage)
                mailbox.envelopes.append((sender, to))
                mailbox.letters.append(letter)
                mailbox.got_one.set()

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address, daemon_threads = True, True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()
