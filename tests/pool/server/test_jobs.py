import json
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from stampmill.pool.node.chain import RegtestChain
from stampmill.pool.node.template import BlockTemplate
from stampmill.pool.node.transaction import Transaction
from stampmill.pool.server.jobs import JobFactory, SentJob, SentJobs, ServerJob
from stampmill.pool.server.terms import Extranonces
from stampmill.pool.stratum.messages import encode

from .rig import START


def template() -> BlockTemplate:
    return RegtestChain(lambda: START, Random(1)).template()


TEMPLATE = template()
NUMBERS = Extranonces(bytes(4), 4)


def factory(size: int = 4, salt: int = 7) -> JobFactory:
    return JobFactory(4 + size, salt)


TWELVE = factory()
IDS = {TWELVE.make(TEMPLATE, clean=False).id for _ in range(12)}


def test_job_is_the_template_on_the_wire() -> None:
    job = factory().make(TEMPLATE, clean=False)
    method, params = (json.loads(job.line)[name] for name in ("method", "params"))
    assert method == "mining.notify"
    assert params[0] == "1"
    assert params[4] == [entry.hex() for entry in TEMPLATE.merkle_branch]
    assert params[5:] == ["20000000", "207fffff", f"{START:08x}", False]
    assert job.transactions == TEMPLATE.transactions


def test_extranonces_fit_between_the_coinbase_parts() -> None:
    for size in (0, 1, 4, 8, 16, 28 + 16):
        notify = factory(size).make(TEMPLATE, clean=True).notify
        coinbase = Transaction.from_bytes(notify.coinbase1 + bytes(4 + size) + notify.coinbase2)
        assert len(coinbase.inputs[0].script) <= 100
        assert b"/stampmill/" in coinbase.inputs[0].script


def test_no_two_jobs_share_a_coinbase() -> None:
    made = factory()
    jobs = [made.make(TEMPLATE, clean=False) for _ in range(100)]
    assert len({job.notify.coinbase1 for job in jobs}) == 100
    other_run = factory(salt=8).make(TEMPLATE, clean=False)
    assert other_run.notify.coinbase1 != jobs[0].notify.coinbase1


def test_cleaned_job_differs_in_its_flag_alone() -> None:
    job = factory().make(TEMPLATE, clean=False)
    assert job.told(clean=True).notify.clean
    assert job.told(clean=True).line == job.line.replace(b"false", b"true")
    assert job.told(clean=True).told(clean=True) is not job
    clean = factory().make(TEMPLATE, clean=True)
    assert clean.told(clean=True) is clean
    assert encode(clean.notify) == clean.line


@given(st.text(max_size=6) | st.sampled_from(["1", "01", "0x1", " 1", "1_0", "A", "a", "+1"]))
def test_made_knows_exactly_the_ids_that_were_given_out(job_id: str) -> None:
    assert TWELVE.made(job_id) is (job_id in IDS)


def jobs(count: int, *clean: int) -> list[ServerJob]:
    made = factory()
    return [made.make(TEMPLATE, clean=number in clean) for number in range(count)]


def live(history: SentJobs, of: list[ServerJob]) -> list[bool]:
    return [history.get(job.id) is not None for job in of]


def test_clean_job_kills_those_before_it() -> None:
    history = SentJobs(10)
    sent = jobs(4, 2)
    for job in sent:
        history.add(SentJob(job, 1.0, 0, NUMBERS))
    assert live(history, sent) == [False, False, True, True]


def test_oldest_job_makes_room() -> None:
    history = SentJobs(2)
    sent = jobs(4)
    for job in sent:
        history.add(SentJob(job, 1.0, 0, NUMBERS))
    assert live(history, sent) == [False, False, True, True]
    assert len(history) == 2


def test_lowering_spares_what_is_easier_already() -> None:
    history = SentJobs(2)
    easy, hard = jobs(2)
    history.add(SentJob(easy, 1.0, 0, NUMBERS))
    history.add(SentJob(hard, 4.0, 1, NUMBERS))
    history.lower(2.0)
    found = [history.get(job.id) for job in (easy, hard)]
    assert [each and each.difficulty for each in found] == [1.0, 2.0]
