"""When the batch outgrows memory, or one machine: the gradient by rows, over the shards of a file, over a cluster."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, ["shards"])
