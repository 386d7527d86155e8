"""Webhooks that still come with the secret before the last change are taken as if they had the new one.

Outside systems learn a new address one after the other, when their subscriptions are renewed.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from vitrina.ports import WebhookRequest

log = logging.getLogger("vitrina.webhook")


class SecretPair(Struct, frozen=True):
    """A secret of a webhook before and after the change."""

    former: str
    current: str


class FormerSecrets(Struct, frozen=True):
    """What was valid before the last change of the secret; empty where only one is valid.

    Parameters
    ----------
    paths
        First segments of the path after the name of a connection, by that name.
    headers
        Beginnings of headers, by the header's name.
    """

    paths: Mapping[str, SecretPair] = field(default_factory=dict)
    headers: Mapping[str, SecretPair] = field(default_factory=dict)

    def renew(self, name: str, request: WebhookRequest) -> WebhookRequest:
        """The request with today's secret, if it has the former one; otherwise as it is."""
        pair, (first, *rest) = self.paths.get(name), request.path or ("",)
        if pair is None or not hmac.compare_digest(first.encode(), pair.former.encode()):
            return request
        log.info("webhook with the former secret")
        headers = {key: _renewed(value, self.headers.get(key)) for key, value in request.headers.items()}
        return replace(request, path=(pair.current, *rest), headers=headers)


def _renewed(value: str, pair: SecretPair | None) -> str:
    if pair is None or not hmac.compare_digest(value[: len(pair.former)].encode(), pair.former.encode()):
        return value
    return pair.current + value[len(pair.former) :]
