"""Count words where there are some."""

import sys

import wordcount

texts = wordcount.Job().inputs["texts"]
if not any(path.is_file() for path in texts.rglob("*")):
    sys.exit("expected at least one text")
sys.exit(wordcount.main())
