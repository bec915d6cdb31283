"""Requests to DynamoDB as they go over the wire: JSON both ways, signed, sent and tried again.

botocore signs them and sends them. What its client does besides for any service there is (an endpoint by rules, each
value by the service's model, a dozen hooks) takes three quarters of a request's CPU, and DynamoDB needs none of it.
"""

import json
import random
import socket
import time
from base64 import b64encode
from functools import cached_property
from hashlib import sha256
from typing import Any, Final
from zlib import crc32

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ChecksumError, NoCredentialsError, ResponseStreamingError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies
from pynamodb.connection import Connection

from carebook import __version__, environment
from carebook.troubles import NO_ANSWER, Refused, object_in, refusal

# PynamoDB would wait longer than API Gateway does; a retry finds another node.
TIMEOUTS: Final = (2.0, 6.0)  # to connect, to read; seconds
_PAUSES_SECONDS: Final = (0.05, 0.1, 0.2)


def _base64(binary: bytes) -> str:
    return b64encode(binary).decode()


_as_json: Final = json.JSONEncoder(default=_base64, separators=(",", ":")).encode


class WireConnection(Connection):
    """PynamoDB's connection, with a short way to DynamoDB. The session and the client are there as in any other."""

    def connect(self) -> None:
        """Make what requests share, in this thread: threads that begin together would each make their own."""
        _ = self.client, self._credentials, self._http

    def dispatch(self, operation_name: str, operation_kwargs: dict[str, Any]) -> dict[str, Any]:
        """One operation with its arguments as the API has them; what comes back, with binary values in base64.

        Raises:
            Refused: when DynamoDB refuses it, also after some tries where that may pass.
            one of NO_ANSWER: when it does not answer, or not whole.
        """
        body = _as_json(operation_kwargs).encode()
        unheard = False
        for pause in _PAUSES_SECONDS:
            try:
                return self._once(operation_name, body, unheard=unheard)
            except NO_ANSWER:
                unheard = True
            except Refused as error:
                if not error.may_pass_at_once():
                    raise
                unheard = unheard or error.may_be_done()
            time.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - spreads retries, guards nothing
        return self._once(operation_name, body, unheard=unheard)

    def _once(self, operation: str, body: bytes, *, unheard: bool) -> dict[str, Any]:
        answer = self.exchange(operation, body)
        told, found = answer.headers.get("x-amz-crc32"), str(crc32(answer.content))
        if told not in {None, found}:
            raise ChecksumError(checksum_type="crc32", expected_checksum=told, actual_checksum=found)
        if answer.status_code >= 300:
            raise refusal(operation, answer, unheard=unheard)
        result = object_in(answer)
        if result is None:
            raise ResponseStreamingError(error="It ends early, or is not DynamoDB's.")
        return result

    def exchange(self, operation: str, body: bytes) -> Any:
        """One request, and what answers it."""
        client = self.client
        url = client.meta.endpoint_url.rstrip("/") + "/"
        headers = {
            "Content-Type": "application/x-amz-json-1.0",
            "User-Agent": f"carebook/{__version__}",
            # The signer would put the whole request together to look for it.
            "X-Amz-Content-SHA256": sha256(body).hexdigest(),
            "X-Amz-Target": f"DynamoDB_20120810.{operation}",
        }
        request = AWSRequest("POST", url, headers, body)
        SigV4Auth(self._credentials.get_frozen_credentials(), "dynamodb", client.meta.region_name).add_auth(request)
        prepared = request.prepare()
        # As botocore's clients do: whoever listens may answer in place of AWS.
        answers = client.meta.events.emit(f"before-send.dynamodb.{operation}", request=prepared)
        answer = next((answer for _, answer in answers if answer is not None), None)
        return self._http.send(prepared) if answer is None else answer

    @cached_property
    def _credentials(self) -> Any:
        found = self.session.get_credentials()  # they renew themselves
        if found is None:
            raise NoCredentialsError
        return found

    @cached_property
    def _http(self) -> Any:
        verify: Any = self.session.get_config_variable("ca_bundle") or environment.ca_bundle() or True
        proxies = get_environ_proxies(self.client.meta.endpoint_url)
        timeouts: Any = TIMEOUTS
        # As botocore's clients have it: without, the kernel holds a small body back for 40 ms, for more to come.
        at_once: Any = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
        return URLLib3Session(verify=verify, proxies=proxies, timeout=timeouts, socket_options=at_once)
