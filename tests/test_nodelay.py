"""Frames leave at once: TCP_NODELAY is set on the websocket, and Jupyter finds the extension that sets it."""

import asyncio
import json
import socket
from pathlib import Path

import pytest
from jupyter_core.paths import ENV_CONFIG_PATH
from jupyter_server.extension.manager import ExtensionPackage
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application
from tornado.websocket import WebSocketHandler, websocket_connect

from bgd_course import nodelay

SETTINGS = Path("jupyter_server_config.d") / "bgd_helpers.json"


@pytest.fixture
def handler():
    """A new websocket handler that says whether its connection waits."""

    class Handler(WebSocketHandler):
        async def open(self):
            await self.write_message(str(self.get_option()))

        def get_option(self):
            return self.ws_connection.stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    return Handler


def said_by(handler):
    """What a client hears from the handler, on a connection of this test."""

    async def listen():
        listener, port = bind_unused_port()
        server = HTTPServer(Application([("/", handler)]))
        server.add_sockets([listener])
        try:
            connection = await websocket_connect(f"ws://127.0.0.1:{port}/")
            said = await connection.read_message()
            connection.close()
            return said
        finally:
            server.stop()

    return asyncio.run(listen())


def test_a_websocket_waits_unless_told_otherwise(handler):
    assert said_by(handler) == "0"


def test_the_option_is_set_when_a_connection_opens(handler):
    nodelay.send_at_once(handler)
    assert int(said_by(handler)) != 0


def test_a_second_call_changes_nothing(handler):
    nodelay.send_at_once(handler)
    once = handler.open
    nodelay.send_at_once(handler)
    assert handler.open is once


def test_a_handler_without_the_option_still_opens():
    class Handler:
        async def open(self, kernel):
            return f"open {kernel}"

    nodelay.send_at_once(Handler)
    assert asyncio.run(Handler().open("k")) == "open k"


def test_the_extension_changes_jupyters_own_handler(monkeypatch):
    before = KernelWebsocketHandler.open
    monkeypatch.setattr(KernelWebsocketHandler, "open", before)
    nodelay._load_jupyter_server_extension(server=None)
    assert KernelWebsocketHandler.open is not before and KernelWebsocketHandler.open.__wrapped__ is before


def test_another_jupyter_server_is_left_alone(monkeypatch):
    lines = []
    server = type("Server", (), {"log": type("Log", (), {"info": lines.append})})
    monkeypatch.setitem(__import__("sys").modules, "jupyter_server.services.kernels.websocket", None)
    nodelay._load_jupyter_server_extension(server)
    assert "TCP_NODELAY is not set" in lines[0]


def test_jupyter_finds_the_extension_in_this_environment():
    found = [Path(folder) / SETTINGS for folder in ENV_CONFIG_PATH]
    settings = next(json.loads(path.read_text()) for path in found if path.exists())
    (name,) = settings["ServerApp"]["jpserver_extensions"]
    assert settings["ServerApp"]["jpserver_extensions"][name] is True
    assert ExtensionPackage(name=name).validate()
