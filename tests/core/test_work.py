import threading
from collections import defaultdict
from collections.abc import Iterable
from itertools import cycle, islice, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from stampmill.core.chain import merkle, target
from stampmill.core.chain.coinbase import coinbase_txid
from stampmill.core.job import Job, Work
from stampmill.core.work import ExtranonceCounter, TicketFeed, WorkSpace

from .fakes import Clock, make_job

WHOLE = 1 << 32
TICKET = 1


def make_space(
    job: Job, clock: Clock | None = None, counter: ExtranonceCounter | None = None
) -> WorkSpace:
    return WorkSpace(job, counter or ExtranonceCounter(), clock or Clock())


def take(space: WorkSpace, nonces: int = WHOLE, versions: int = 1) -> Work:
    work = space.take(nonces, versions, TICKET)
    assert work is not None
    return work


def take_all(space: WorkSpace, nonces: int = WHOLE, versions: int = 1) -> list[Work]:
    return list(iter(lambda: space.take(nonces, versions, TICKET), None))


def assert_disjoint(pieces: Iterable[Work]) -> None:
    """Check that no (extranonce2, ntime, version, nonce) is in two pieces."""
    ranges = defaultdict(list)
    for work in pieces:
        for version in work.versions:
            ranges[work.extranonce2, work.ntime, version].append((work.first_nonce, work.end_nonce))
    for found in ranges.values():
        found.sort()
        for (_, end), (first, _) in pairwise(found):
            assert end <= first


def size(pieces: Iterable[Work]) -> int:
    return sum((work.end_nonce - work.first_nonce) * len(work.versions) for work in pieces)


# Each candidate once

small_jobs = st.builds(
    make_job,
    extranonce2_size=st.integers(0, 1),
    version_mask=st.sampled_from([0, 0x2000, 0x00402000, 0x1C000000]),
    version=st.sampled_from([0x20000000, 0x20002000, 0x3FFFE000]),
)
takes = st.tuples(st.sampled_from([1 << 31, 3 << 30, WHOLE]), st.integers(1, 5))
seconds = st.sampled_from([0.0, 0.4, 1.0, 2.5])


@given(small_jobs, st.lists(takes | seconds, max_size=60))
def test_no_candidate_is_handed_out_twice(job: Job, steps: list[tuple[int, int] | float]) -> None:
    clock = Clock()
    space = make_space(job, clock)
    pieces = []
    for step in steps:
        if isinstance(step, float):
            clock.now += step
        elif work := space.take(*step, TICKET):
            assert len(work.versions) <= step[1]
            assert work.end_nonce - work.first_nonce <= step[0]
            assert job.ntime <= work.ntime <= job.ntime + clock.now - job.received_at
            pieces.append(work)
    assert_disjoint(pieces)


@settings(max_examples=30)
@given(st.lists(takes, min_size=1, max_size=5))
def test_no_candidate_comes_twice_when_extranonce2_wraps(pattern: list[tuple[int, int]]) -> None:
    space = make_space(make_job(extranonce2_size=1, version_mask=0xE000))
    steps = islice(cycle(pattern), 700)
    assert_disjoint(work for step in steps if (work := space.take(*step, TICKET)))


def test_threads_get_every_candidate_once() -> None:
    space = make_space(make_job(extranonce2_size=1, version_mask=0x6000))
    found: list[list[Work]] = [[] for _ in range(4)]

    def drain(pieces: list[Work]) -> None:
        pieces.extend(take_all(space, nonces=1 << 31))

    threads = [threading.Thread(target=drain, args=(pieces,)) for pieces in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pieces = [work for part in found for work in part]
    assert_disjoint(pieces)
    assert size(pieces) == 256 * 4 * WHOLE


def test_backends_of_unlike_width_share_the_space_without_overlap() -> None:
    space = make_space(make_job(extranonce2_size=1, version_mask=0xE000))
    pieces = []
    while (wide := space.take(WHOLE, 4, TICKET)) and (narrow := space.take(1 << 31, 1, TICKET)):
        pieces += [wide, narrow]
    assert_disjoint(pieces)


def test_two_jobs_that_draw_at_a_time_each_hand_out_a_candidate_once() -> None:
    counter = ExtranonceCounter()
    spaces = [make_space(make_job(extranonce2_size=1), counter=counter) for _ in range(2)]
    for pieces in zip(*([take(space) for space in spaces] for _ in range(128)), strict=True):
        assert_disjoint(pieces)
    assert [space.take(WHOLE, 1, TICKET) for space in spaces] == [None, None]


def test_a_job_without_extranonce2_is_not_starved_by_another_that_draws() -> None:
    counter = ExtranonceCounter()
    old, new = (make_space(make_job(extranonce2_size=0), counter=counter) for _ in range(2))
    assert [size(take_all(space)) for space in (old, new)] == [WHOLE, WHOLE]


# The whole space


def test_a_column_is_cut_into_pieces_that_meet() -> None:
    space = make_space(make_job(extranonce2_size=0))
    pieces = take_all(space, nonces=3 << 30)
    assert [(w.first_nonce, w.end_nonce) for w in pieces] == [(0, 3 << 30), (3 << 30, WHOLE)]


@given(st.integers(1, 9), st.integers(0, 3))
def test_everything_is_handed_out_before_there_is_none(versions: int, bits: int) -> None:
    space = make_space(make_job(extranonce2_size=0, version_mask=((1 << bits) - 1) << 13))
    assert size(take_all(space, versions=versions)) == WHOLE << bits


def test_extranonce2_counts_up_before_versions_are_used() -> None:
    space = make_space(make_job(extranonce2_size=1, version_mask=0x2000))
    pieces = take_all(space)
    assert [w.extranonce2[0] for w in pieces] == [*range(256), *range(256)]
    assert {w.versions for w in pieces[:256]} == {(0x20000000,)}
    assert {w.versions for w in pieces[256:]} == {(0x20002000,)}


def test_extranonce2_has_the_size_that_the_job_wants() -> None:
    for length in (0, 1, 4, 8, 16):
        assert len(take(make_space(make_job(extranonce2_size=length))).extranonce2) == length


def test_the_merkle_root_is_that_of_the_extranonce2() -> None:
    job = make_job()
    space = make_space(job)
    for work in (take(space), take(space)):
        txid = coinbase_txid(job.coinbase1, job.extranonce1, work.extranonce2, job.coinbase2)
        assert work.merkle_root == merkle.root_from_branch(txid, job.merkle_branch)


def test_a_request_for_nothing_gets_the_smallest_piece() -> None:
    work = take(make_space(make_job()), nonces=0, versions=0)
    assert (work.end_nonce - work.first_nonce, len(work.versions)) == (1, 1)


# Versions


def test_the_first_version_is_the_jobs_own() -> None:
    space = make_space(make_job(version=0x20000004, version_mask=0x1FFFE000))
    assert take(space, versions=4).versions == (0x20000004, 0x20002004, 0x20004004, 0x20006004)


def test_bits_that_the_job_has_set_stay_set() -> None:
    space = make_space(make_job(version=0x20004000, version_mask=0x6000, extranonce2_size=0))
    assert [w.versions for w in take_all(space)] == [(0x20004000,), (0x20006000,)]


def test_no_version_is_rolled_without_a_mask() -> None:
    assert take(make_space(make_job(version_mask=0)), versions=8).versions == (0x20000000,)


def test_no_bit_outside_the_mask_is_rolled() -> None:
    space = make_space(make_job(version_mask=0x00402000, extranonce2_size=0))
    versions = {version for work in take_all(space) for version in work.versions}
    assert versions == {0x20000000, 0x20002000, 0x20400000, 0x20402000}


# Time


def test_ntime_stays_the_jobs_while_anything_else_is_left() -> None:
    clock = Clock()
    space = make_space(make_job(extranonce2_size=1, version_mask=0x2000), clock)
    clock.now += 60
    ntime = make_job().ntime
    assert {take(space).ntime for _ in range(512)} == {ntime}
    assert take(space).ntime == ntime + 1


def test_none_is_left_until_a_second_has_passed() -> None:
    clock = Clock()
    space = make_space(make_job(extranonce2_size=0), clock)
    take(space)
    clock.now += 0.999
    assert space.take(WHOLE, 1, TICKET) is None
    clock.now += 0.001
    assert take(space).ntime == make_job().ntime + 1
    assert space.take(WHOLE, 1, TICKET) is None


def test_asking_in_vain_uses_nothing_up() -> None:
    counter, clock = ExtranonceCounter(), Clock()
    space = make_space(make_job(extranonce2_size=1), clock, counter)
    take_all(space)
    for _ in range(300):
        assert space.take(WHOLE, 1, TICKET) is None
    clock.now += 1
    assert size(take_all(space)) == 256 * WHOLE


def test_a_clock_that_goes_back_does_not_lower_ntime() -> None:
    clock = Clock()
    space = make_space(make_job(extranonce2_size=0), clock)
    take(space)
    clock.now -= 5
    assert space.take(WHOLE, 1, TICKET) is None


def test_ntime_never_leaves_its_32_bits() -> None:
    clock = Clock()
    space = make_space(make_job(extranonce2_size=0, ntime=0xFFFFFFFF), clock)
    take(space)
    clock.now += 10
    assert space.take(WHOLE, 1, TICKET) is None


# From job to job


def test_the_counter_goes_on_in_the_next_job() -> None:
    counter = ExtranonceCounter()
    first = [take(make_space(make_job(), counter=counter)).extranonce2 for _ in range(3)]
    assert [int.from_bytes(value, "big") for value in first] == [0, 1, 2]


def test_jobs_of_the_same_content_share_no_candidate() -> None:
    counter = ExtranonceCounter()
    spaces = [make_space(make_job(), counter=counter) for _ in range(2)]
    assert_disjoint(take(space) for space in spaces * 50)


def test_a_feed_asks_for_nonces_at_its_own_ticket() -> None:
    space = make_space(make_job(received_at=12.5))
    easy, hard = TicketFeed(space, target.MAX_TARGET), TicketFeed(space, 1)
    works = [easy.take(10, 1), hard.take(10, 1)]
    assert [work and work.ticket_target for work in works] == [target.MAX_TARGET, 1]
    assert_disjoint(work for work in works if work)
    assert easy.received_at == 12.5


def test_a_board_gets_every_version_at_once_and_a_scanner_a_tuple() -> None:
    space = make_space(make_job(version=0x20000000, version_mask=0x1FFFE000))
    board, scanner = take(space, versions=65_536), take(space, versions=16)
    assert len(board.versions) == 65_536
    assert board.versions[0] == board.job.version
    assert 0x20B44000 in board.versions
    assert isinstance(scanner.versions, tuple)
    assert board.extranonce2 != scanner.extranonce2
    assert board.header().to_bytes()[:76] == board.prefix()
