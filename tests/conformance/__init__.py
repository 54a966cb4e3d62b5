"""The public conformance suites directly and through the gateway."""
