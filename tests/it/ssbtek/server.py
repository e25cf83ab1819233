"""An HTTPS server that takes only clients with the right certificate, for tests/it/ssbtek/tls.rs.

Arguments: its certificate, its key, the certificate of the client it trusts, the file to answer with.
Prints its port when it listens; ends when its input is closed.
"""

import http.server
import ssl
import sys
import threading

certificate, key, trusted, answer = sys.argv[1:]


class Answer(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        with open(answer, "rb") as file:
            body = file.read()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        pass  # A client that is refused ends in an error, which is the point.


tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(certificate, key)
tls.load_verify_locations(trusted)
tls.verify_mode = ssl.CERT_REQUIRED
tls.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
server = Server(("127.0.0.1", 0), Answer)
server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
