"""Write the result as a Java program would that was started in the output's directory."""

import os
import sys
from pathlib import Path

os.chdir("/opt/ml/processing/output/summary")
try:
    Path("result.csv").write_text("rows\n", encoding="utf-8")
    print("wrote result.csv")
except PermissionError:
    print(
        'Exception in thread "main" java.nio.file.AccessDeniedException: result.csv\n'
        "\tat java.base/sun.nio.fs.UnixException.translateToIOException(UnixException.java:90)\n"
        "\tat java.base/java.nio.file.Files.newOutputStream(Files.java:227)\n"
        "\tat com.example.Summary.main(Summary.java:31)",
        file=sys.stderr,
    )
    sys.exit(1)
