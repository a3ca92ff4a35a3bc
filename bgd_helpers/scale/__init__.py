"""When the batch outgrows memory, or one machine: the gradient by rows, over the shards of a file, over a cluster."""
