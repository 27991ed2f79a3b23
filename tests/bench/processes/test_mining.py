from stampmill.bench.processes import holdings, mining
from stampmill.bench.processes.mining import Traffic
from stampmill.core.events import JobArrived, Notice
from stampmill.core.job_source import FixedJobSource
from stampmill.pool.trace import Direction


def notify(job_id, *, clean):
    text = (
        f'{{"id":null,"method":"mining.notify","params":["{job_id}","","","",[],"","","",CLEAN]}}'
    )
    return Direction.RECEIVED, text.replace("CLEAN", "true" if clean else "false").encode()


def submit(job_id):
    text = f'{{"id":4,"method":"mining.submit","params":["user","{job_id}","00","00","00"]}}'
    return Direction.SENT, text.encode()


def dead_sent(*lines):
    traffic = Traffic()
    for direction, line in lines:
        traffic.keep(direction, line)
    return traffic.dead_sent()


def test_a_share_sent_after_its_job_died_is_our_fault():
    lines = [notify("a", clean=True), notify("b", clean=True), submit("a"), submit("b")]
    assert dead_sent(*lines) == 1


def test_a_share_sent_before_is_not():
    assert dead_sent(notify("a", clean=True), submit("a"), notify("b", clean=True)) == 0


def test_only_a_clean_job_kills():
    lines = [notify("a", clean=True), notify("b", clean=False), submit("a"), submit("b")]
    assert dead_sent(*lines) == 0
    assert dead_sent(*lines, notify("c", clean=True), submit("b")) == 1


def test_other_lines_do_not_matter():
    subscribed = b'{"id":1,"result":[[["mining.notify","0"]],"00",4],"error":null}'
    lines = [(Direction.RECEIVED, subscribed), notify("a", clean=True), submit("a")]
    assert dead_sent(*lines) == 0


def test_the_run_ends_after_enough_jobs():
    watch = mining._Watch(jobs=3, marks={1, 2})
    stops = []
    watch.stop = lambda: stops.append(1)
    for _ in range(4):
        watch(Notice("not a job"))
        watch(JobArrived(FixedJobSource(1).job()))
    assert stops == [1]
    if holdings.available():
        assert [mark["jobs"] for mark in watch.marked] == [1, 2]
