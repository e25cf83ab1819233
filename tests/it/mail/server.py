"""An SMTP server that Kollega did not write (aiosmtpd), for tests/it/mail/server.rs.

Requires STARTTLS and sign-in, takes one user, and writes each letter it took as one JSON line.
Arguments: certificate, key, file for the letters. Prints its port when it listens; ends when its input is closed.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


class Letters:
    def __init__(self, path):
        self.path = path

    async def handle_DATA(self, server, session, envelope):
        letter = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "encrypted": session.ssl is not None,
            "signed_in": session.authenticated,
            "content": envelope.content.decode("ascii"),
        }
        with open(self.path, "a", encoding="utf-8") as letters:
            letters.write(json.dumps(letter) + "\n")
        return "250 OK"


def sign_in(server, session, envelope, mechanism, data):
    right = data.login == b"kollega" and data.password == "löpsedel-7".encode()
    return AuthResult(success=right, handled=False)


async def serve(certificate, key, letters):
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)

    def connection():
        return SMTP(
            Letters(letters), hostname="localhost", tls_context=tls,
            require_starttls=True, auth_required=True, authenticator=sign_in,
        )

    loop = asyncio.get_running_loop()
    server = await loop.create_server(connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(serve(*sys.argv[1:]))
