"""From a submit to its judgement: who sends it, for which of his jobs, and is it any good."""

from dataclasses import dataclass

from stampmill.pool.server.desk import Desk
from stampmill.pool.server.jobs import SentJob, SentJobs
from stampmill.pool.server.shares import GoodShare, ShareFault, ShareTerms
from stampmill.pool.server.terms import MinerTerms
from stampmill.pool.stratum.requests import Submit


@dataclass(frozen=True, slots=True)
class Accepted:
    """A share that counts, and the job it was found for."""

    sent: SentJob
    share: GoodShare


def judge_submit(
    submit: Submit, desk: Desk, terms: MinerTerms, jobs: SentJobs
) -> Accepted | ShareFault:
    """Return the share under the terms that its own job was sent with, or why it is refused."""
    sent = _job_of(submit, desk, terms, jobs)
    if isinstance(sent, ShareFault):
        return sent
    numbers = sent.extranonces
    mask = terms.version_mask(desk.version_mask)
    share_terms = ShareTerms(numbers.extranonce1, numbers.extranonce2_size, mask, sent.difficulty)
    share = desk.judge(sent.job, submit, share_terms)
    return share if isinstance(share, ShareFault) else Accepted(sent, share)


def _job_of(submit: Submit, desk: Desk, terms: MinerTerms, jobs: SentJobs) -> SentJob | ShareFault:
    if not terms.subscribed:
        return ShareFault.NOT_SUBSCRIBED
    if submit.worker not in terms.workers:
        return ShareFault.UNAUTHORIZED
    sent = jobs.get(submit.job_id)
    if sent is not None:
        return sent
    return ShareFault.STALE if desk.was_made(submit.job_id) else ShareFault.UNKNOWN_JOB
