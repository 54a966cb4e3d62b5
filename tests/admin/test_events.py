"""The event stream: records as they are written."""
import http.client
import json
import socket
import threading
import time
from urllib.parse import urlencode

from admin.api_case import ApiCase

SECONDS = 15.0


class Stream:
    """One open stream; `next` gives (id, event, data)."""

    def __init__(self, api, query=None, last=None, local=False):
        self.connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=SECONDS)
        headers = {"Authorization": f"Bearer {api.token}", **({"Last-Event-ID": last} if last else {})}
        self.connection.request("GET", "/api/v1/events" + ("?" + urlencode(query) if query else ""), headers=headers)
        self.response = self.connection.getresponse()

    def next(self):
        event = {}
        while True:
            line = self.response.readline().decode()
            if not line:
                raise EOFError
            if line == "\n":
                if "data" in event:
                    return event.get("id"), event.get("event"), json.loads(event["data"])
                event = {}
                continue
            name, _, value = line.rstrip("\n").partition(": ")
            event[name] = value

    def until(self, wanted):
        while True:
            event = self.next()
            if wanted(event):
                return event

    def close(self):
        self.response.close()
        self.connection.close()


class Events(ApiCase):
    def stream(self, **options):
        stream = Stream(self.api, **options)
        self.addCleanup(stream.close)
        self.assertEqual((stream.response.status, stream.response.getheader("content-type")), (200, "text/event-stream"))
        self.assertEqual(stream.response.getheader("cache-control"), "no-store")
        # The log is followed from a moment after the opening on: something must be seen before a test relies on it.
        return stream

    def begun(self, stream):
        """Makes records until the first one comes."""
        stop = threading.Event()

        def knock():
            while not stop.wait(0.05):
                self.api.post("/api/v1/reload")
        thread = threading.Thread(target=knock)
        thread.start()
        try:
            return stream.next()
        finally:
            stop.set()
            thread.join()

    def test_changes_and_decisions_come_as_they_are_recorded(self):
        stream = self.stream()
        self.begun(stream)
        self.ok(self.api.post("/api/v1/grants", {"label": "seen", "server": "up"}))
        _, _, data = stream.until(lambda event: event[1] == "grant.created")
        self.assertEqual((data["label"], data["actor"]), ("seen", "token:bootstrap"))
        client = self.gateway.client("agent")
        self.addCleanup(client.close)
        client.initialize()
        place, _, data = stream.until(lambda event: event[2].get("method") == "initialize")
        record = next(record for record in self.gateway.log("--grant", "agent") if record.get("id") == data["id"]
                      and record["event"] == data["event"])
        self.assertEqual(record, data)
        self.assertTrue(place.endswith(f".{data['seq']}"))

    def test_a_filter_lets_only_its_records_through(self):
        stream = self.stream(query={"event": "grant.*"})
        other = self.stream()
        self.begun(other)
        for number in range(3):
            self.ok(self.api.post("/api/v1/reload"))
            self.ok(self.api.post("/api/v1/grants", {"label": f"filtered-{number}", "server": "up"}))
        self.assertEqual([stream.next()[1] for _ in range(3)], ["grant.created"] * 3)
        self.assertEqual(self.api.get("/api/v1/events", query={"sort": "x"}).status, 400)

    def test_what_was_missed_comes_first(self):
        stream = self.stream()
        place, _, _ = self.begun(stream)
        for number in range(3):
            self.ok(self.api.post("/api/v1/grants", {"label": f"missed-{number}", "server": "up"}))
        place, _, _ = stream.until(lambda event: event[2].get("label") == "missed-0")
        stream.until(lambda event: event[2].get("label") == "missed-2")
        stream.close()
        again = self.stream(last=place)
        self.assertEqual([again.next()[2]["label"] for _ in range(2)], ["missed-1", "missed-2"])
        unknown = self.stream(last="gateway-1.1.999999")
        self.assertEqual(unknown.next()[1], "reset")

    def test_a_reader_that_does_not_read_is_dropped(self):
        stream = self.stream()
        self.begun(stream)
        sleeper = socket.create_connection(("127.0.0.1", self.api.port), SECONDS)
        self.addCleanup(sleeper.close)
        sleeper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sleeper.sendall((f"GET /api/v1/events HTTP/1.1\r\nHost: localhost:{self.api.port}\r\n"
                         f"Authorization: Bearer {self.api.token}\r\n\r\n").encode())
        # Rejections are recorded with what the stranger wrote, and cost nothing else.
        def listeners():
            return next(line for line in self.api.get("/metrics").body.decode().splitlines()
                        if line.startswith("doorward_event_listeners"))
        deadline = time.monotonic() + SECONDS
        while not listeners().endswith(" 2") and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertTrue(listeners().endswith(" 2"))
        client = self.gateway.client("agent")
        self.addCleanup(client.close)
        client.initialize()
        reading = threading.Thread(target=self.drain, args=(stream,), daemon=True)
        reading.start()
        deadline = time.monotonic() + 60
        while listeners().endswith(" 2") and time.monotonic() < deadline:
            for _ in range(200):
                client.request("tools/list")
        self.assertTrue(listeners().endswith(" 1"), listeners())

    def drain(self, stream):
        try:
            while True:
                stream.next()
        except (EOFError, OSError, ValueError, AttributeError):
            pass
