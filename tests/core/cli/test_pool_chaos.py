"""`stampmill pool --chaos`: a pool that misbehaves by name, for any miner to be tried against."""

import json
import signal

from stampmill.pool.server.chaos.catalogue import SCENARIOS


def test_the_list_names_every_scenario_with_a_line(stampmill):
    done = stampmill("pool", "--chaos", "list")
    assert done.code == 0
    lines = done.out.splitlines()
    assert [line.split()[0] for line in lines] == list(SCENARIOS)
    assert all(len(line) <= 100 for line in lines)


def test_a_misspelt_scenario_is_named_with_the_nearest(refused):
    done = refused("pool", "--chaos", "rejects,spilt-packets")
    assert done.code == 2
    assert done.error_lines == [
        "stampmill: no scenario 'spilt-packets'; did you mean 'split-packets'?"
    ]


def test_chaos_without_a_name_is_a_usage_error(stampmill):
    done = stampmill("pool", "--chaos", " , ")
    assert (done.code, len(done.error_lines)) == (2, 1)


def test_a_miner_in_another_process_outlives_scenarios_and_the_pool_counts_them(stampmill, start):
    names = "rejects,redirects,split-packets"
    pool = start("pool", "--listen", "127.0.0.1:0", "--chaos", names, "--chaos-seed", "5", "--json")
    line = next(line for line in pool.stderr if "listening" in line)
    done = stampmill(
        "mine", "-o", line.split()[-1], "-u", "me", "--time-limit", "2", "--json",
        "--backend", "reference", "--threads", "1",
    )  # fmt: skip
    pool.send_signal(signal.SIGTERM)
    out, _ = pool.communicate(timeout=20)
    acted = json.loads(out)["chaos"]
    assert done.code == 0
    assert set(acted) == set(names.split(","))
    assert done.json["accepted"] == 0
    assert done.json["rejected"] + done.json["stale"] > 0
