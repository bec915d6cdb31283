"""Send what was given up back to the queues that it came from. For operators, with AWS credentials.

    python infra/redrive.py --stack carebook                 messages, receipts and replies, five a second
    python infra/redrive.py --stack carebook --per-second 1

Look at the functions' logs and mend the cause first: what fails again comes back. A message goes out once all the same.
"""

import argparse
import sys
from typing import Any, Final

OUTPUT: Final = "MessageDeadLetterQueueArn"


def redrive(cloudformation: Any, sqs: Any, *, stack: str, per_second: int) -> str:
    """Begin to move everything; the handle by which AWS knows the move.

    Raises:
        LookupError: when the stack has no such queue.
    """
    described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}
    if OUTPUT not in outputs:
        raise LookupError(f"The stack {stack} has no output {OUTPUT}; deploy it anew.")
    moved = sqs.start_message_move_task(SourceArn=outputs[OUTPUT], MaxNumberOfMessagesPerSecond=per_second)
    handle: str = moved["TaskHandle"]
    return handle


def main() -> int:
    """Begin, and say how to look after it."""
    import boto3

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stack", default="carebook")
    parser.add_argument("--per-second", type=int, default=5)
    asked = parser.parse_args()
    session: Any = boto3.session.Session()
    clients = (session.client("cloudformation"), session.client("sqs"))
    handle = redrive(*clients, stack=asked.stack, per_second=asked.per_second)
    sys.stdout.write(f"begun; aws sqs cancel-message-move-task --task-handle {handle} stops it\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
