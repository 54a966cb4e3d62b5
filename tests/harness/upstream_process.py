"""A RecordingUpstream in a process of its own, to be stopped, killed and started again on the same port."""
import os
import pathlib
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = """
import sys, threading
from harness.upstream import RecordingUpstream
upstream = RecordingUpstream(port=int(sys.argv[1]))
print(upstream.port, flush=True)
threading.Event().wait()
"""


class UpstreamProcess:
    def __init__(self, port=0):
        self.process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(port)], cwd=HERE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/mcp"

    def freeze(self):
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
