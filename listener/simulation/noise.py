"""
What servers let slip, put on any answer of a simulator: headers, and errors whose body talks.

Takes a `Noise` from `world` (a canary makes it) and a `Response` of any simulator; gives the response that is sent.
"""

from __future__ import annotations

import json
from dataclasses import replace

from listener.simulation.exchange import Response
from listener.simulation.world import Noise


def noisy(response: Response, noise: Noise | None) -> Response:
    """
    The same answer with the headers of the noise, and the text of the noise in the body of an error.

    Args:
        noise: None for a silent server.
    """
    if noise is None:
        return response
    loud = replace(response, headers=(*response.headers, *noise.headers))
    if response.status < 400 or not isinstance(response.body, bytes):
        return loud
    return replace(loud, body=_talking(response.body, noise.error_text))


def _talking(body: bytes, text: str) -> bytes:
    """
    JSON stays JSON, with every word by which a client may tell one error from another as it was.
    """
    try:
        told = json.loads(body)
    except ValueError:
        return body + text.encode()
    if not isinstance(told, dict):
        return body
    return json.dumps(told | {"error_description": text, "details": [text]}).encode()
