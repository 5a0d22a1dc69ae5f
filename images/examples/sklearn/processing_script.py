"""Split a table of measurements into a scaled training and test set."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

PROCESSING = Path("/opt/ml/processing")
MESSAGE = Path("/opt/ml/output/message")
TARGET = "target"


class InputError(Exception):
    """A table that cannot be split; the text is for whoever started the job."""


def read_table(folder: Path) -> pd.DataFrame:
    """The rows of every CSV below the folder."""
    files = sorted(folder.rglob("*.csv"))
    if not files:
        raise InputError(f"no CSV file below {folder}")
    try:
        table = pd.concat([pd.read_csv(file) for file in files], ignore_index=True)
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError(f"a CSV file below {folder} is malformed: {error}") from error
    if TARGET not in table:
        raise InputError(f"the table below {folder} has no column {TARGET!r}")
    features = table.drop(columns=TARGET)
    if table.isna().any(axis=None) or len(features.select_dtypes("number").columns) < len(features.columns):
        raise InputError(f"the table below {folder} has cells that are not numbers")
    return table


def split(table: pd.DataFrame, ratio: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The training and the test set, scaled by what the training set alone shows."""
    train, test = train_test_split(table, test_size=ratio, random_state=0, stratify=table[TARGET])
    features = [column for column in table.columns if column != TARGET]
    scaler = StandardScaler().fit(train[features])
    scaled = []
    for part in (train, test):
        values = pd.DataFrame(scaler.transform(part[features]), columns=features, index=part.index)
        scaled.append(values.assign(**{TARGET: part[TARGET]}))
    return scaled[0], scaled[1]


def say(message: str) -> None:
    """Leave the message that DescribeProcessingJob returns."""
    MESSAGE.parent.mkdir(parents=True, exist_ok=True)
    MESSAGE.write_text(message, encoding="utf-8")


def main() -> int:
    """Run the job."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train-test-split-ratio", type=float, default=0.3, metavar="RATIO")
    options = parser.parse_args()
    print(f"splitting with {options}")
    try:
        table = read_table(PROCESSING / "input" / "data")
        train, test = split(table, options.train_test_split_ratio)
    except (InputError, ValueError) as error:  # scikit-learn says ValueError to what it cannot split
        print(f"error: {error}", file=sys.stderr)
        say(str(error)[:500])
        return 1
    for name, part in (("train", train), ("test", test)):
        folder = PROCESSING / "output" / name
        folder.mkdir(parents=True, exist_ok=True)
        part.to_csv(folder / f"{name}.csv", index=False)
        print(f"wrote {len(part)} rows to {folder / name}.csv")
    say(f"{len(train)} rows to train, {len(test)} rows to test")
    return 0


if __name__ == "__main__":
    sys.exit(main())
