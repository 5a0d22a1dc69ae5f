"""Count words where there are some."""

import sys

import wordcount

if not wordcount.Job().files("texts"):
    sys.exit("expected at least one text")
sys.exit(wordcount.main())
