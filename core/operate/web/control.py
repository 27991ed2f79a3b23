"""What can be changed over HTTP besides pausing: pools, and how hard devices work.

Each path takes one JSON object; who may call it is decided before.
"""

import json
from collections.abc import Callable
from typing import TypeVar

import msgspec
from aiohttp import web

from stampmill.core.errors import StampmillError
from stampmill.core.operate.desk import Desk
from stampmill.core.operate.web.bounds import Handler
from stampmill.core.settings import PoolSettings

T = TypeVar("T", bound=msgspec.Struct)


class NewPool(msgspec.Struct, rename="kebab", forbid_unknown_fields=True):
    """A pool to add; its password is `pass`."""

    url: str
    user: str = ""
    password: str = msgspec.field(default=PoolSettings("").password, name="pass")
    quota: int = 1
    suggest_difficulty: float | None = None
    minimum_difficulty: float | None = None


class Order(msgspec.Struct, forbid_unknown_fields=True):
    """The numbers of the pools, the most wanted first."""

    order: list[int]


class OnePool(msgspec.Struct, forbid_unknown_fields=True):
    """A pool by its number."""

    pool: int


class Quota(OnePool):
    """The part of the work that a pool is to have."""

    quota: int


class Wish(OnePool):
    """The difficulties to ask a pool for; none: no wish."""

    suggest: float | None = None
    minimum: float | None = None


class OneDevice(msgspec.Struct, forbid_unknown_fields=True):
    """A device by its place in the snapshot."""

    device: int


class Threads(msgspec.Struct, forbid_unknown_fields=True):
    """How many threads are to scan; none: one for each CPU."""

    threads: int | None
    device: int | None = None


class Intensity(msgspec.Struct, forbid_unknown_fields=True):
    """How long launches are to take: milliseconds or a preset; none: as tuned."""

    intensity: str | float | None
    device: int | None = None


def add_control(app: web.Application, desk: Desk) -> None:
    """Add the paths."""
    add = app.router.add_post
    add("/api/pools", _taking(Order, lambda wish, who: desk.reorder_pools(wish.order, who)))
    add("/api/pools/add", _taking(NewPool, lambda new, who: desk.add_pool(_settings(new), who)))
    add("/api/pools/remove", _taking(OnePool, lambda one, who: desk.remove_pool(one.pool, who)))
    for path, wanted in (("enable", True), ("disable", False)):
        add(f"/api/pools/{path}", _taking(OnePool, _pool_switch(desk, wanted=wanted)))
        add(f"/api/devices/{path}", _taking(OneDevice, _device_switch(desk, wanted=wanted)))
    add("/api/pools/quota", _taking(Quota, lambda q, who: desk.set_quota(q.pool, q.quota, who)))
    add(
        "/api/pools/difficulty",
        _taking(Wish, lambda wish, who: desk.wish(wish.pool, wish.suggest, wish.minimum, who)),
    )
    add("/api/threads", _taking(Threads, lambda t, who: desk.set_threads(t.threads, who, t.device)))
    add(
        "/api/intensity",
        _taking(Intensity, lambda i, who: desk.set_intensity(_text(i.intensity), who, i.device)),
    )


def _taking(kind: type[T], change: Callable[[T, str], object]) -> Handler:
    """Return a handler that reads an object of a kind and changes something."""

    async def apply(request: web.Request) -> web.Response:
        try:
            done = change(
                msgspec.json.decode(await request.read(), type=kind), f"{request.remote} over HTTP"
            )
        except msgspec.MsgspecError as error:
            raise web.HTTPBadRequest(text=f"not understood: {error}") from None
        except StampmillError as error:
            raise web.HTTPConflict(text=str(error)) from None
        number = {"pool": done} if isinstance(done, int) else {}
        return web.Response(
            text=json.dumps({"done": True} | number), content_type="application/json"
        )

    return apply


def _settings(new: NewPool) -> PoolSettings:
    return PoolSettings(
        new.url,
        new.user,
        new.password,
        new.suggest_difficulty,
        new.minimum_difficulty,
        quota=new.quota,
    )


def _pool_switch(desk: Desk, *, wanted: bool) -> Callable[[OnePool, str], None]:
    return lambda one, who: desk.enable_pool(one.pool, who, wanted=wanted)


def _device_switch(desk: Desk, *, wanted: bool) -> Callable[[OneDevice, str], None]:
    return lambda one, who: desk.enable_device(one.device, who, wanted=wanted)


def _text(intensity: str | float | None) -> str | None:
    return None if intensity is None else str(intensity)
