"""What tests turn: failures, automatic receipts, other topics than the stack's."""

from collections.abc import Callable, Mapping

from flask import Flask, Response, abort, jsonify, request

from infra.local.inbox.aws import NAMES
from infra.local.inbox.carrier import Carrier
from infra.local.inbox.faults import Faults, read_fault
from infra.local.inbox.messages import json_object

Choose = Callable[[Mapping[str, str]], None]


class Switches:
    """``/faults``, ``/receipts`` and ``/destinations``."""

    def __init__(self, carrier: Carrier, faults: Faults, choose: Choose | None) -> None:
        self._carrier, self._faults, self._choose = carrier, faults, choose

    def add_to(self, app: Flask) -> None:
        """Answer at these routes."""
        app.add_url_rule("/faults", "faults", self.faults)
        app.add_url_rule("/faults", "add_fault", self.add_fault, methods=["POST"])
        app.add_url_rule("/faults", "clear_faults", self.clear_faults, methods=["DELETE"])
        app.add_url_rule("/receipts", "receipts", self.receipts)
        app.add_url_rule("/receipts", "set_receipts", self.set_receipts, methods=["PUT"])
        app.add_url_rule("/destinations", "destinations", self.destinations)
        app.add_url_rule("/destinations", "set_destinations", self.set_destinations, methods=["PUT"])

    def faults(self) -> Response:
        """What is to fail."""
        return jsonify(items=[fault.view() for fault in self._faults.all()])

    def add_fault(self) -> tuple[Response, int]:
        """Fail: ``service``, ``kind``, and ``times`` or ``rate``."""
        fault = read_fault(request.get_json(silent=True))
        if isinstance(fault, str):
            abort(422, fault)
        self._faults.add(fault)
        return jsonify(fault.view()), 201

    def clear_faults(self) -> tuple[str, int]:
        """Work again."""
        self._faults.clear()
        return "", 204

    def receipts(self) -> Response:
        """Whether, and after how many seconds, delivery is reported by itself."""
        settings = self._carrier.receipts
        return jsonify(automatic=settings.automatic, after_seconds=settings.after_seconds)

    def set_receipts(self) -> Response:
        """Report by itself or not."""
        body = json_object({"automatic", "after_seconds"})
        automatic, after = body.get("automatic", True), body.get("after_seconds", 1.0)
        number = isinstance(after, int | float) and not isinstance(after, bool)
        if not isinstance(automatic, bool) or not number or after < 0:
            abort(422, "automatic is true or false, after_seconds a number from 0 on.")
        self._carrier.receipts.automatic, self._carrier.receipts.after_seconds = automatic, float(after)
        return self.receipts()

    def destinations(self) -> Response:
        """Where events and answers go."""
        return jsonify({name: self._carrier.aws.find(name) for name in NAMES})

    def set_destinations(self) -> Response:
        """Let them go elsewhere; an empty object goes back to what the stack says."""
        body = json_object(set(NAMES))
        if self._choose is None or not all(isinstance(value, str) for value in body.values()):
            abort(422, f"Send addresses by name: {', '.join(NAMES)}.")
        self._choose(body)
        return self.destinations()
