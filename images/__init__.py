"""Images that are built and judged: the reference, examples, and images with exactly one flaw each."""
