"""What programs write when they fail, as their languages' own releases wrote it, with the line that tells of it.

Those of Python 3.11, Node.js 20, Java 17, Rust and g++ are what these printed, with other paths; those of R, Go, .NET,
libc++ and Spark are put together from reports of users.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """A log, with the line that is to be found in it, the place and the cause."""

    language: str
    log: str
    line: str
    place: str = ""
    cause: str = ""


PYTHON = Sample(
    "Python",
    """reading
Traceback (most recent call last):
  File "/app/job.py", line 12, in <module>
    main()
  File "/app/job.py", line 8, in main
    rows = csv.reader(1)
           ^^^^^^^^^^^^^
  File "/usr/lib/python3/dist-packages/csv.py", line 8, in reader
    raise TypeError
TypeError: 'int' object is not iterable
""",
    "TypeError: 'int' object is not iterable",
    'File "/app/job.py", line 8',
)

CHAINED = Sample(
    "Python",
    """Traceback (most recent call last):
  File "/app/job.py", line 3, in total
    return row["amount"]
KeyError: 'amount'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/job.py", line 5, in main
    raise RuntimeError("no total") from error
RuntimeError: no total

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/job.py", line 9, in <module>
    raise SystemExit(Failed())
job.errors.Failed
""",
    "job.errors.Failed",
    'File "/app/job.py", line 9',
    "KeyError: 'amount'",
)

LOGGED = Sample(
    "Python",
    """INFO:root:begin
ERROR:root:preprocessing failed
Traceback (most recent call last):
  File "/app/job.py", line 4, in <module>
    import lightgbm
ModuleNotFoundError: No module named 'lightgbm'
""",
    "ModuleNotFoundError: No module named 'lightgbm'",
    'File "/app/job.py", line 4',
)

OF_A_RANK = Sample(
    "Python",
    """[rank0]: Traceback (most recent call last):
[rank0]:   File "/app/train.py", line 4, in <module>
[rank0]:     fail()
[rank0]: main.<locals>.Lost: peer
""",
    "main.<locals>.Lost: peer",
    'File "/app/train.py", line 4',
)

GROUP = Sample(
    "Python",
    """  + Exception Group Traceback (most recent call last):
  |   File "/app/job.py", line 2, in <module>
  |     raise ExceptionGroup("some files", [ValueError(1)])
  | ExceptionGroup: some files (1 sub-exception)
  +-+---------------- 1 ----------------
    | ValueError: 1
    +------------------------------------
""",
    "ExceptionGroup: some files (1 sub-exception)",
    'File "/app/job.py", line 2',
)

IN_SEVERAL_LINES = Sample(
    "Python",
    """Traceback (most recent call last):
  File "/app/job.py", line 2, in <module>
    client.put_object()
botocore.exceptions.ParamValidationError: Parameter validation failed:
Missing required parameter in input: "Bucket"
Missing required parameter in input: "Key"
""",
    "botocore.exceptions.ParamValidationError: Parameter validation failed: Missing required parameter in input: "
    '"Bucket"',
    'File "/app/job.py", line 2',
)

OF_A_SIGNAL = Sample(
    "Python",
    """Fatal Python error: Segmentation fault

Current thread 0x00007f1 (most recent call first):
  File "/usr/lib/python3.11/ctypes/__init__.py", line 519 in string_at
  File "/app/job.py", line 1 in <module>
""",
    "Fatal Python error: Segmentation fault",
    'File "/app/job.py", line 1',
)

R = Sample(
    "R",
    """Loading required package: stats
Error: the column amount has no values: is its name right?
Execution halted
""",
    "Error: the column amount has no values: is its name right?",
)

R_IN_A_CALL = Sample(
    "R",
    """Error in read.table(file = file, header = header, sep = sep, quote = quote,  : 
  no lines available in input
Calls: do.call -> lapply -> FUN -> read.table
In addition: Warning message:
In file(file, "rt") :
  cannot open file
Execution halted
""",  # noqa: W291 - as R writes it
    "Error in read.table(file = file, header = header, sep = sep, quote = quote,  : no lines available in input",
)

R_TIDY = Sample(
    "R",
    """Error in `read_csv()`:
! 'data.csv' does not exist in current working directory ('/').
Backtrace:
    x
 1. |-readr::read_csv("data.csv")
Execution halted
""",
    "Error in `read_csv()`: 'data.csv' does not exist in current working directory ('/').",
)

NODE = Sample(
    "Node",
    """/app/a.js:2
function main() { throw new NoRows("no rows"); }
                  ^

NoRows [Error]: no rows
    at fs.open (node:internal/fs:1:2)
    at main (/app/a.js:2:25)
    at Object.<anonymous> (/app/a.js:3:1)
    at node:internal/main/run_main_module:28:49 {
  code: 'NO_ROWS'
}

Node.js v20.20.2
""",
    "NoRows [Error]: no rows",
    "at main (/app/a.js:2:25)",
)

NODE_MODULE = Sample(
    "Node",
    """node:internal/modules/cjs/loader:1210
  throw err;
  ^

Error: Cannot find module 'nosuch'
Require stack:
- /app/c.js
    at Module._resolveFilename (node:internal/modules/cjs/loader:1207:15)
    at Object.<anonymous> (/app/c.js:1:1)
    at Module._compile (node:internal/modules/cjs/loader:1521:14) {
  code: 'MODULE_NOT_FOUND',
  requireStack: [ '/app/c.js' ]
}

Node.js v20.20.2
""",
    "Error: Cannot find module 'nosuch'",
    "at Object.<anonymous> (/app/c.js:1:1)",
)

NODE_REJECTION = Sample(
    "Node",
    """[UnhandledPromiseRejection: This error originated either by throwing inside of an async function] {
  code: 'ERR_UNHANDLED_REJECTION'
}

Node.js v18.19.0
""",
    "[UnhandledPromiseRejection: This error originated either by throwing inside of an async function] {",
)

NODE_LOGGED = Sample(
    "Node",
    """job failed: Error: no rows
    at main (/app/a.js:2:25)
    at Object.<anonymous> (/app/a.js:3:1)
    at node:internal/main/run_main_module:28:49
""",
    "job failed: Error: no rows",
    "at main (/app/a.js:2:25)",
)

JAVA = Sample(
    "Java",
    """Exception in thread "main" java.lang.IllegalStateException: cannot read rows
\tat A.f(A.java:1)
\tat A.main(A.java:2)
Caused by: java.lang.NumberFormatException: For input string: "x"
\tat java.base/java.lang.NumberFormatException.forInputString(NumberFormatException.java:67)
\tat java.base/java.lang.Integer.parseInt(Integer.java:786)
\t... 2 more
""",
    'Caused by: java.lang.NumberFormatException: For input string: "x"',
    "at A.f(A.java:1)",
)

SPARK = Sample(
    "Java",
    """24/01/01 00:00:00 ERROR ApplicationMaster: User class threw exception: org.apache.spark.sql.AnalysisException
org.apache.spark.sql.AnalysisException: Path does not exist: file:/opt/ml/processing/input/data;
\tat com.example.Job$.main(Job.scala:7)
\tat com.example.Job.main(Job.scala)
24/01/01 00:00:01 INFO ShutdownHookManager: Shutdown hook called
""",
    "org.apache.spark.sql.AnalysisException: Path does not exist: file:/opt/ml/processing/input/data;",
    "at com.example.Job$.main(Job.scala:7)",
)

DOT_NET = Sample(
    ".NET",
    """Unhandled exception. System.InvalidOperationException: no rows
   at System.Linq.ThrowHelper.ThrowNoElementsException()
   at Program.Main(String[] args) in /src/Program.cs:line 3
""",
    "Unhandled exception. System.InvalidOperationException: no rows",
    "at Program.Main(String[] args) in /src/Program.cs:line 3",
)

GO = Sample(
    "Go",
    """panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
main.total(...)
\t/app/main.go:8
main.main()
\t/app/main.go:12 +0x1d
exit status 2
""",
    "panic: runtime error: index out of range [5] with length 3",
    "/app/main.go:8",
)

RUST = Sample(
    "Rust",
    """thread 'main' (32284) panicked at src/main.rs:1:54:
index out of bounds: the len is 0 but the index is 5
stack backtrace:
   0: __rustc::rust_begin_unwind
             at /rustc/59807616e1fa/library/std/src/panicking.rs:689:5
   1: a::main
note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.
""",
    "thread 'main' (32284) panicked at src/main.rs:1:54: index out of bounds: the len is 0 but the index is 5",
    "src/main.rs:1:54",
)

OLD_RUST = Sample(
    "Rust",
    "thread 'main' panicked at 'no rows', src/main.rs:2:5\nnote: run with `RUST_BACKTRACE=1`\n",
    "thread 'main' panicked at 'no rows', src/main.rs:2:5",
    "src/main.rs:2:5",
)

CPP = Sample(
    "C++",
    "terminate called after throwing an instance of 'std::runtime_error'\n  what():  no rows\n",
    "terminate called after throwing an instance of 'std::runtime_error' what():  no rows",
)

LIBCPP = Sample(
    "C++",
    "libc++abi: terminating due to uncaught exception of type std::runtime_error: no rows\n",
    "libc++abi: terminating due to uncaught exception of type std::runtime_error: no rows",
)

TRACEBACKS = (
    PYTHON,
    CHAINED,
    LOGGED,
    OF_A_RANK,
    GROUP,
    IN_SEVERAL_LINES,
    OF_A_SIGNAL,
    R,
    R_IN_A_CALL,
    R_TIDY,
    NODE,
    NODE_MODULE,
    NODE_REJECTION,
    NODE_LOGGED,
    JAVA,
    SPARK,
    DOT_NET,
    GO,
    RUST,
    OLD_RUST,
    CPP,
    LIBCPP,
)
