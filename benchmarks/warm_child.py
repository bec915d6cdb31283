"""Warm CPU per call, ours against bare boto3, in turns. Started by ``warm``."""

import importlib
import json
import sys
import time
from collections.abc import Callable
from typing import Any

sys.path.append(sys.argv[1])

from benchmarks.inside import Context, answering, canned, read_task

Call = Callable[[], object]


def main() -> None:
    task = read_task(sys.argv[2])
    import boto3

    client = boto3.client("dynamodb")
    calls: list[tuple[Call, Any, int]] = []
    for case in task["cases"]:
        for call, answers in ((_ours(case), case["answers"]), (_bare(client, case), case["bare_answers"])):
            ready = canned(answers)
            with answering(ready):
                call()  # the first one makes clients and schemas
                times = max(10, round(task["round_seconds"] / _seconds(call, 5)))
            calls.append((call, ready, times))
    fastest = [float("inf")] * len(calls)
    for _ in range(task["rounds"]):
        for index, (call, ready, times) in enumerate(calls):
            with answering(ready):
                fastest[index] = min(fastest[index], _seconds(call, times))
    print(json.dumps([seconds * 1e6 for seconds in fastest]))


def _seconds(call: Call, times: int) -> float:
    started = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - started) / times


def _ours(case: dict[str, Any]) -> Call:
    handler, event, context = importlib.import_module(case["module"]).handler, case["event"], Context()
    claims = event["requestContext"]["authorizer"]["claims"] if case["new_person"] else {}
    served = 0

    def call() -> None:
        nonlocal served
        served += 1
        if claims:
            claims["sub"] = f"usr_{served}"
        answer = handler(event, context)
        if answer.get("statusCode", 200) >= 300:
            raise SystemExit(f"{case['module']} answered {answer}")

    return call


def _bare(client: Any, case: dict[str, Any]) -> Call:
    calls = [(getattr(client, method), arguments) for method, arguments in case["bare"]]

    def call() -> None:
        for method, arguments in calls:
            method(**arguments)

    return call


if __name__ == "__main__":
    main()
