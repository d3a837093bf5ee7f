"""Ways out of a sandbox, as programs that say `out` if they find one; and honest programs that must work in it.

`{folder}` is a folder of the test, with the file `key` in it, `{port}` a port where somebody listens, `{pid}` the
process that holds the sandbox.
"""

from __future__ import annotations

HONEST = {
    "arithmetic": ("print(sum(range(10)))", "45\n"),
    "its data": ("import json, sys; print(json.load(sys.stdin)['a'] * 2)", "42\n"),
    "a file of its own": ("import os; open('x', 'w').write('hi'); print(open('x').read(), os.listdir())", "hi ['x']\n"),
    "folders and renames": (
        """import os, shutil
os.makedirs('a/b'); open('a/b/c', 'w').close(); os.rename('a/b/c', 'a/d'); shutil.rmtree('a'); print(os.listdir())""",
        "[]\n",
    ),
    "temporary files": ("import tempfile; f = tempfile.TemporaryFile(); f.write(b'x'); print(f.tell())", "1\n"),
    "threads": (
        "from concurrent.futures import ThreadPoolExecutor as P\nwith P(4) as p: print(sum(p.map(abs, range(-9, 1))))",
        "45\n",
    ),
    "an event loop": ("import asyncio; print(asyncio.run(asyncio.sleep(0.01, 'slept')))", "slept\n"),
    "a database in memory": (
        "import sqlite3; print(sqlite3.connect(':memory:').execute('select 6 * 7').fetchone())", "(42,)\n",
    ),
    "the standard library": (
        """import csv, ctypes, datetime, decimal, hashlib, lzma, random, re, ssl, statistics, uuid, xml.dom, zlib
print(hashlib.sha256(b'').hexdigest()[:8], statistics.median([1, 2, 9]), len(str(uuid.uuid4())))""",
        "e3b0c442 2 36\n",
    ),
    "text of every script": ("print('π é 日本 🙂')", "π é 日本 🙂\n"),
    "an exit of its own": ("import sys; print('bye'); sys.exit(0)", "bye\n"),
}  # fmt: skip

_TRY = """
import os, sys, socket, ctypes
libc = ctypes.CDLL(None, use_errno=True)
def out(attempt):
    try:
        found = attempt()
    except (OSError, ImportError, RuntimeError, AttributeError, ValueError):
        return
    if found is not False:
        print("out")
"""

ESCAPES = {
    "reads a file of the system": "out(lambda: open('/etc/passwd').read())",
    "reads a file of the workspace": "out(lambda: open('{folder}/key').read())",
    "reads by a link out of its folder": "os.symlink('{folder}/key', 'link'); out(lambda: open('link').read())",
    "reads the files of a user": "out(lambda: [open(f.path, 'rb').read(1) for f in os.scandir('{home}') if f.is_file()]"
    " or False)",
    "finds secrets in its environment": "out(lambda: os.environ['CANARY'] if 'CANARY' in os.environ else False)",
    "reads the environment of another process": "out(lambda: open('/proc/{pid}/environ', 'rb').read() or False)",
    "reads through the root of another process": "out(lambda: os.listdir('/proc/{pid}/root'))",
    "reads the memory of another process": "out(lambda: open('/proc/{pid}/mem', 'rb'))",
    "writes outside of its folder": "out(lambda: open('{folder}/made', 'w'))",
    "writes to where everybody may": "out(lambda: open('/tmp/remit-escape', 'w') if os.path.isdir('/tmp') else False)",
    "makes a device": "out(lambda: os.mknod('disk', 0o060666, os.makedev(254, 0)))",
    "changes the mode of a file outside": "out(lambda: os.chmod('{folder}/key', 0o666))",
    "connects to this machine": "out(lambda: socket.create_connection(('127.0.0.1', {port}), 2))",
    "connects to the outside": "out(lambda: socket.create_connection(('192.0.2.1', 80), 2))",
    "sends a datagram": "out(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))",
    "opens a unix socket": "out(lambda: socket.socket(socket.AF_UNIX))",
    "opens a socket by its number": "out(lambda: libc.syscall({socket}, 2, 1, 0) >= 0)",
    "asks io_uring instead": "out(lambda: libc.syscall(425, 8, ctypes.create_string_buffer(256)) >= 0)",
    "makes processes without end": "for _ in range(100): out(os.fork)",
    "makes a process by its number": "out(lambda: libc.syscall({clone}, 17, 0, 0, 0, 0) >= 0)",
    "executes a program": "out(lambda: os.posix_spawn('/bin/sh', ['sh', '-c', 'true'], {{}}))",
    "executes a program in its own place": "out(lambda: os.execv(sys.executable, ['python', '-c', 'print(\"out\")']))",
    "signals who holds it": "out(lambda: os.kill(os.getppid(), 0)); out(lambda: os.kill({pid}, 0))",
    "signals everybody": "out(lambda: os.kill(-1, 0))",
    "traces who holds it": "out(lambda: libc.ptrace(16, {pid}, 0, 0) >= 0)",
    "leaves its group": "out(os.setsid); out(lambda: os.setpgid(0, 0))",
    "becomes root": "out(lambda: os.getuid() != 0 and os.setuid(0))",
    "mounts": "out(lambda: libc.mount(b'none', b'.', b'tmpfs', 0, None) == 0)",
    "changes its root": "out(lambda: os.chroot('.'))",
    "makes namespaces": "out(lambda: libc.unshare(0x10000000) == 0)",
    "loads a program into the kernel": "out(lambda: libc.syscall({bpf}, 0, None, 0) >= 0)",
    "uses inherited files": "for fd in range(3, 100): out(lambda: os.fstat(fd))",
    "raises its limits": "import resource; out(lambda: resource.setrlimit(resource.RLIMIT_AS, (-1, -1)) if "
    "resource.getrlimit(resource.RLIMIT_AS)[1] != -1 else None)",
    "takes all memory": "try:\n    x = bytearray(2 << 30); print('out')\nexcept MemoryError: pass",
    "fills a file": "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    "def fill():\n    with open('big', 'wb') as f:\n        for _ in range(64): f.write(bytes(1 << 20))\nout(fill)",
    "fills its folder": "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    "def fill():\n    for n in range(32):\n        with open(str(n), 'wb') as f: f.write(bytes(1 << 20))\nout(fill)",
}  # fmt: skip
"""Beside them: runs for ever, prints for ever (both tried by tests of their own)."""


def escape(name: str, **known: object) -> str:
    """The program of an escape."""
    return _TRY + ESCAPES[name].format(**known)
