"""Imports modules that misbehave: flows or a message that names the module come back, in time, and nothing stays behind."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from harness import main

from penstock.collect import collect
from penstock.collect.plan import CollectPlan
from penstock.config import load
from penstock.errors import CollectError

if TYPE_CHECKING:
    from random import Random

FLOW = "from penstock import flow\nf = flow('f')\n@f.entrypoint\ndef begin(): return end()\n@f.step(after='begin')\ndef end(): ...\n"
TIMEOUT = 1.5
MAX_SECONDS = 60.0
ENDS = {
    "exit": "import sys; sys.exit(chosen)",
    "leave": "import os; os._exit(chosen)",
    "abort": "import os; os.abort()",
    "loop": "while True: pass",
    "sleep": "import time; time.sleep(1000)",
    "input": "input()",
    "recurse": "def r(): r()\nr()",
    "deep recursion": "import sys; sys.setrecursionlimit(10**6)\ndef r(): r()\nr()",
    "crash": "import ctypes; ctypes.string_at(0)",
    "kill": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "terminate": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "stop": "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
    "alarm": "import signal, time; signal.setitimer(signal.ITIMER_REAL, 0.05); time.sleep(1000)",
    "interrupt": "raise KeyboardInterrupt",
    "raise": "class E(BaseException):\n    def __str__(self): raise self\n    __repr__ = __str__\nraise E",
    "group": "raise ExceptionGroup('x', [ValueError(chosen)])",
    "memory": "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**28, 2**28)); x = bytearray(2**29)",
    "syntax": "def (",
    "null byte": "x = '\\0' \0",
    "bad encoding": "# coding: nonsense",
    "missing": "import nowhere.at_all",
    "circle": "from app.bad import later; later = 1",
    "shadow": "import sys; sys.modules[__name__] = None\nraise ImportError",
    "thread that exits": "import os, threading; threading.Thread(target=os._exit, args=(chosen,)).start(); import time; time.sleep(9)",
    "lock": "import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()",
    "hide the watchdog": "import faulthandler; faulthandler.cancel_dump_traceback_later()\nwhile True: pass",
    "exec": "import os, sys; os.execv(sys.executable, [sys.executable, '-c', 'pass'])",
}
ODDITIES = {
    "print": "print('x' * chosen * 10_000)",
    "print bytes": "import os; os.write(1, b'\\xff' * 100_000); os.write(2, b'\\0' * 100_000)",
    "close output": "import os; os.close(1); os.close(2)",
    "no stdout": "import sys; sys.stdout = sys.stderr = None",
    "odd stdout": "import sys; sys.stdout = object()",
    "fork": "import os\npid = os.fork()\nif pid: os.waitpid(pid, 0)",
    "fork that stays": "import os, time\nif not os.fork(): time.sleep(30); os._exit(0)",
    "child": "import subprocess; subprocess.Popen(['sleep', '30'])",
    "daemon": "import subprocess; subprocess.Popen(['sleep', '3'], start_new_session=True)",
    "threads": "import threading, time\nfor _ in range(20): threading.Thread(target=time.sleep, args=(30,)).start()",
    "busy thread": "import threading\ndef spin():\n    while True: pass\nthreading.Thread(target=spin, daemon=True).start()",
    "exit handler": "import atexit, os; atexit.register(os._exit, 9); atexit.register(print, 'x')",
    "patch json": "import json; json.loads = json.load = lambda *_: chosen",
    "patch dumps": "import json; json.dumps = json.dump = None",
    "patch open": "import builtins; builtins.open = None",
    "patch print": "import builtins; builtins.print = builtins.input = None",
    "patch time": "import time; time.time = time.monotonic = lambda: float('nan')",
    "patch path": "import pathlib; pathlib.Path.read_text = pathlib.Path.write_text = None",
    "patch sys.path": "import sys; sys.path[:] = [None, 3, chosen, '/nowhere']",
    "patch sys.modules": "import sys; sys.modules['odd'] = object(); sys.modules['none'] = None; sys.modules[''] = sys",
    "drop modules": "import sys; [sys.modules.pop(n) for n in list(sys.modules) if n.startswith('json')]",
    "odd module": "import sys\nclass M(type(sys)):\n    def __getattribute__(self, name): raise SystemExit(name)\nsys.modules['odd'] = M('odd')",
    "getattr": "def __getattr__(name): raise SystemExit(name)",
    "odd class": "class Meta(type):\n    def __getattribute__(cls, name): raise SystemExit(name)\nclass Odd(metaclass=Meta): ...",
    "odd equality": "class Odd:\n    def __eq__(self, other): raise SystemExit\n    __hash__ = None\n    def __bool__(self): raise SystemExit\nodd = Odd()",
    "odd proxy": "class Odd:\n    def __getattribute__(self, name): raise KeyboardInterrupt\nodd = Odd(); f.step(name='odd', after='begin')(odd) if chosen == 1 else None",
    "no file": "del __file__",
    "odd file": "__file__ = chosen",
    "odd name": "__name__ = None",
    "change folder": "import os, tempfile; os.chdir(tempfile.gettempdir())",
    "lost folder": "import os, tempfile; d = tempfile.mkdtemp(); os.chdir(d); os.rmdir(d)",
    "environment": "import os; os.environ.clear()",
    "arguments": "import sys; sys.argv[:] = []; assert not sys.argv",
    "ignore signals": "import signal; [signal.signal(s, signal.SIG_IGN) for s in (signal.SIGTERM, signal.SIGINT)]",
    "limits": "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0))",
    "few files": "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))",
    "trace": "import sys; sys.settrace(lambda *_: None); sys.setprofile(lambda *_: None)",
    "audit": "import sys; sys.addaudithook(lambda *_: None)",
    "import hook": "import sys\nclass Hook:\n    def find_spec(self, name, *_): return None\nsys.meta_path.insert(0, Hook())",
    "collector": "import gc; gc.disable(); gc.set_threshold(0)",
    "warnings": "import warnings; warnings.simplefilter('error'); warnings.warn_explicit = None",
    "logging": "import logging; logging.basicConfig(level=0); logging.raiseExceptions = True; logging.info('%s %s', 1)",
    "event loop": "import asyncio; loop = asyncio.new_event_loop(); asyncio.set_event_loop(loop)",
    "recursion limit": "import sys; sys.setrecursionlimit(150)",
    "huge module": "x = '" + "y" * 200_000 + "'",
    "many names": "globals().update({f'n{i}': i for i in range(20_000)})",
    "exec'd step": "exec('@f.step(after=\"begin\")\\ndef made(): ...')",
    "odd default": "@f.step(after='begin')\ndef odd(x=object(), *, y=print): ...",
    "odd annotations": "@f.step(after='begin')\ndef odd(x: undefined[1] = 3) -> 'not (python': ...",
    "odd docstring": "@f.step(after='begin')\ndef odd(): ...\nodd.__doc__ = chosen",
    "odd code": "@f.step(after='begin')\ndef odd(): ...\nodd.__wrapped__ = odd",
    "surrogates": "f.step(name='\\ud800\\n\\0', after='begin')(lambda: None)",
    "write files": "open('data.txt', 'w').write('x'); open('data.txt').read()",
    "delete itself": "import os; os.unlink(__file__)",
    "clean shutdown": "import threading; threading._shutdown = None",
}
CASES = sorted([*ENDS, *ODDITIES])


def attempt(chance: Random, folder: Path) -> str:
    """Import a module that does one or two odd things, before or after it declares a flow; return what is wrong."""
    kinds = [chance.choice(CASES)]
    if chance.random() < 0.3:
        kinds.append(chance.choice(sorted(ODDITIES)))
    odd = "\n".join(f"chosen = {chance.randrange(1, 9)}\n{ENDS.get(kind) or ODDITIES[kind]}" for kind in kinds)
    source = f"{FLOW}\n{odd}\n"
    (folder / "app").mkdir()
    (folder / "app/__init__.py").touch()
    (folder / "app/good.py").write_text("from penstock import flow\ng = flow('g')\n@g.entrypoint\ndef go(): ...\n")
    (folder / "app/bad.py").write_text(source)
    settings = {
        "modules": ["app.good", "app.bad"],
        "path": [str(folder)],
        "timeout": TIMEOUT,
        "reading_timeout": TIMEOUT,
    }
    config = load(folder, settings)
    begun = time.monotonic()
    try:
        flows = {flow.name for flow in collect(CollectPlan.of(config, calls=chance.random() < 0.5)).flows}
        wrong = "" if "g" in flows else f"only {sorted(flows)} are there"
    except CollectError as error:
        wrong = "" if "app.bad" in str(error) or "app/bad.py" in str(error) or "the flows" in str(error) else str(error)
    wrong = wrong or _left_behind(folder)
    if time.monotonic() - begun > MAX_SECONDS:
        wrong = f"it took {time.monotonic() - begun:.0f} s"
    return f"{kinds}: {wrong}" if wrong else ""


def _left_behind(folder: Path) -> str:
    """Return which processes of a project still run; what has a session of its own has slipped away on purpose."""
    time.sleep(0.02)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == folder:
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if os.getsid(int(process.name)) != int(process.name) or "penstock" in command:
                    return f"{command} still runs"
        except OSError:
            continue
    return ""


if __name__ == "__main__":
    main(attempt, 3 * len(CASES))
