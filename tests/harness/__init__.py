"""What whole-process tests stand on: a gateway in a process, upstreams that remember every byte, raw clients."""
