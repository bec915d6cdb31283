"""One cold start in this process: import a handler, serve one request, print what it took. Started by ``cold``."""

import importlib
import json
import resource
import sys

sys.path.append(sys.argv[1])

from benchmarks.inside import Context, answering, canned, read_task


def main() -> None:
    task, module = read_task(sys.argv[2]), sys.argv[3]
    case = task["cases"][module]
    started = _cpu_ms()
    handler = importlib.import_module(module).handler
    import_ms, import_mb, modules = _cpu_ms() - started, _peak_mb(), len(sys.modules)
    with answering(canned(case["answers"])):
        started = _cpu_ms()
        answer = handler(case["event"], Context())
        request_ms = _cpu_ms() - started
    if answer.get("statusCode", 200) != 200:
        raise SystemExit(f"{module} answered {answer}")
    print(
        json.dumps(
            {
                "import_ms": import_ms,
                "first_ms": import_ms + request_ms,
                "import_mb": import_mb,
                "first_mb": _peak_mb(),
                "modules": modules,
            }
        )
    )


def _cpu_ms() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return (usage.ru_utime + usage.ru_stime) * 1000


def _peak_mb() -> float:
    """The most memory held so far."""
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024
    # getrusage begins with what the parent held when it forked.
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - see read_task
        return int(status.read().split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main()
