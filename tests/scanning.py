"""Scan threads that take turns with the rest: to give way, among tests that run, is to wait."""

from dataclasses import replace

from stampmill.core.backends.placement import Placement, take_place


def take_place_beside_other_tests(place: Placement) -> None:
    """Pin the calling thread, and no more."""
    take_place(replace(place, gives_way=False))
