"""A web server for the site on this machine, for trying it."""

import mimetypes
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PORT = 8880  # always the same: a browser keeps answers by the address, port included
TYPES = {".mjs": "text/javascript", ".js": "text/javascript", ".wasm": "application/wasm", ".whl": "application/zip"}


class Handler(SimpleHTTPRequestHandler):
    """Files of a folder, without a line for each on the terminal."""

    extensions_map = mimetypes.types_map | TYPES

    def log_message(self, *_: object) -> None:
        pass


def server(folder: Path, port: int) -> ThreadingHTTPServer:
    """A server of the folder on the loopback address. Raises OSError if the port is taken."""
    return ThreadingHTTPServer(("127.0.0.1", port), partial(Handler, directory=str(folder)))
