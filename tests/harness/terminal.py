"""A program at a terminal of its own, and the person who types there."""
import fcntl
import os
import pty
import re
import select
import struct
import termios
import time

CTRL_C, CTRL_D = b"\x03", b"\x04"
ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07]*\x07|[()][A-Z0-9]|[=>78])")


class Terminal:
    """`seen` is everything that was written to it, as text."""

    def __init__(self, words, *, width=80, height=24, env=None, cwd=None):
        self.seen = ""
        self._read = 0
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                os.chdir(cwd or ".")
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
                os.execve(str(words[0]), [str(word) for word in words], {**os.environ, "TERM": "xterm-256color", **(env or {})})
            finally:
                os._exit(127)

    def _more(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            piece = os.read(self.fd, 65536)
        except OSError:  # the program has ended
            return False
        self.seen += piece.decode(errors="replace")
        return bool(piece)

    def until(self, text, seconds=30):
        """Reads on until `text` stands behind what was read before; what came with it."""
        deadline = time.monotonic() + seconds
        begin = self._read
        while text not in self.seen[begin:]:
            if time.monotonic() > deadline or not self._more(0.2):
                raise AssertionError(f"{text!r} does not come:\n{self.seen}")
        self._read = self.seen.index(text, begin) + len(text)
        return self.seen[begin:self._read]

    def type(self, keys):
        os.write(self.fd, keys if isinstance(keys, bytes) else keys.encode())

    def answer(self, question, keys):
        """Waits for a question and types a line."""
        said = self.until(question)
        self.type(keys if isinstance(keys, bytes) else keys + "\n")
        return said

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def plain(self):
        """What was seen, without what moves the cursor or paints."""
        return ESCAPES.sub("", self.seen).replace("\r\n", "\n")

    def hang_up(self):
        """The terminal goes away, and with it the program."""
        os.close(self.fd)
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)

    def end(self, seconds=30):
        """Waits until the program ends; its exit code."""
        deadline = time.monotonic() + seconds
        while self._more(0.1) and time.monotonic() < deadline:
            pass
        while True:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid != 0:
                break
            if time.monotonic() > deadline:
                os.kill(self.pid, 9)
            time.sleep(0.02)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status)
