"""`doorward catalogue classify`: JSON lines in, JSON lines out."""
import json
import os
import subprocess
import unittest

from cli.tool import BINARY


def run(text, *options):
    done = subprocess.run([BINARY, "catalogue", "classify", *options], input=text, capture_output=True, timeout=60)
    return done.returncode, [json.loads(line) for line in done.stdout.decode().splitlines()], done.stderr.decode()
