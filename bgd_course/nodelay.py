"""A Jupyter Server extension: a slider's frames leave at once (TCP_NODELAY on the kernel's websocket).

Without it each small message waits for the one before it to be acknowledged, some 40 ms. The set-up enables it through
etc/jupyter/jupyter_server_config.d/bgd_helpers.json; where Jupyter Server is built otherwise, nothing happens.
"""

from functools import wraps
from typing import Any


def _jupyter_server_extension_points():
    return [{"module": "bgd_course.nodelay"}]


def _load_jupyter_server_extension(server):
    """Called once when the server starts."""
    try:
        from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
    except ImportError:
        server.log.info("bgd_helpers: this Jupyter Server has another websocket; TCP_NODELAY is not set")
        return
    send_at_once(KernelWebsocketHandler)


def send_at_once(handler: Any) -> None:
    """Have the websocket handler class set TCP_NODELAY when a connection opens; a second call changes nothing."""
    if getattr(handler.open, "sends_at_once", False):
        return
    open_as_before = handler.open

    @wraps(open_as_before)
    async def open_at_once(self, *arguments, **options):
        set_nodelay = getattr(self, "set_nodelay", None)
        if set_nodelay:
            set_nodelay(True)
        return await open_as_before(self, *arguments, **options)

    open_at_once.sends_at_once = True  # type: ignore[attr-defined]
    handler.open = open_at_once
