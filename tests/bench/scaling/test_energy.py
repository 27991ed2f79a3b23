from stampmill.bench.scaling import energy


def test_this_machine_can_be_asked():
    for on_gpu in (False, True):
        assert all(joules >= 0 for joules, _ in energy.read(on_gpu=on_gpu).values())
        assert energy.between(energy.read(on_gpu=on_gpu), {}) is None
