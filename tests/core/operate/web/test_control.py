"""Changing pools and devices over HTTP."""

import json

import pytest

from stampmill.core.settings import PoolSettings
from tests.core.operate.cgminer.questions import world
from tests.pool.loopback import in_loop

from .test_server import request, serving

NEW = PoolSettings("stratum+tcp://c:3", "me", "s3cret-c", 8.0, None, quota=2)
CHANGES = [
    ("pools/remove", {"pool": 1}, ("remove", 1)),
    ("pools/enable", {"pool": 1}, ("enable", 1, True)),
    ("pools/disable", {"pool": 1}, ("enable", 1, False)),
    ("pools/quota", {"pool": 1, "quota": 5}, ("quota", 1, 5)),
    ("pools/difficulty", {"pool": 0, "suggest": 8}, ("wish", 0, 8.0, None)),
    ("devices/enable", {"device": 0}, ("enable", 0, True)),
    ("devices/disable", {"device": 0}, ("enable", 0, False)),
    ("threads", {"threads": 3}, ("threads", 3, None)),
    ("threads", {"threads": None, "device": 0}, ("threads", None, 0)),
    ("intensity", {"intensity": "dedicated"}, ("intensity", "dedicated", None)),
    ("intensity", {"intensity": 12.5, "device": 0}, ("intensity", "12.5", 0)),
]


async def post(port: int, path: str, said: object, token: str = "s3cret") -> tuple[int, str]:
    body = said if isinstance(said, str) else json.dumps(said)
    extra = f"Content-Length: {len(body)}\r\n"
    status, _, text = await request(
        port, f"POST /api/{path}", token=token, extra=f"{extra}\r\n{body}"
    )
    return status, text


@pytest.mark.parametrize(("path", "said", "change"), CHANGES)
@in_loop
async def test_a_change_is_made_for_who_has_the_token(
    path: str, said: dict[str, object], change: object
) -> None:
    rig = world()
    async with serving(rig) as (_, port):
        for token in ("", "guess"):
            assert (await post(port, path, said, token))[0] == 403
        assert rig.run.told == []
        assert await post(port, path, said) == (200, '{"done": true}')
    assert rig.run.told == [change]
    assert rig.recorded[0]["who"] == "127.0.0.1 over HTTP"


@in_loop
async def test_a_pool_is_added_and_its_password_told_to_nobody() -> None:
    rig = world()
    said = {
        "url": NEW.url, "user": "me", "pass": "s3cret-c", "quota": 2, "suggest-difficulty": 8,
    }  # fmt: skip
    async with serving(rig) as (_, port):
        assert await post(port, "pools/add", said) == (200, '{"done": true, "pool": 2}')
    assert rig.run.told == [("add", NEW)]
    assert "s3cret-c" not in str(rig.recorded)


@pytest.mark.parametrize(
    ("path", "said", "status", "text"),
    [
        ("threads", {"threads": "many"}, 400, "int"),
        ("threads", {}, 400, "threads"),
        ("threads", "{", 400, "not understood"),
        ("threads", {"threads": 2, "devise": 0}, 400, "devise"),
        ("threads", {"threads": 2, "device": 1}, 409, "CPU only"),
        ("pools/quota", {"pool": 0, "quota": 0}, 409, "1 or more"),
        ("pools/difficulty", '{"pool":0,"suggest":NaN}', 400, "not understood"),
        ("devices/disable", {"device": 9}, 409, "no device 9"),
        ("devices/disable", {"device": 1}, 409, "more devices"),
    ],
)
@in_loop
async def test_what_cannot_be_done_is_said(path: str, said: object, status: int, text: str) -> None:
    rig = world()
    async with serving(rig) as (_, port):
        got, body = await post(port, path, said)
    assert got == status
    assert text in body
    assert [told for told in rig.run.told if told[0] != "enable"] == []
