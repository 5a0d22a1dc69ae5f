"""Images that are built and judged: the reference, examples, and images with exactly one flaw each.

`python -m images.build NAME...` builds them; where the ordinary base of an image cannot be pulled,
a substitute of the same role is made from Debian packages.
"""
