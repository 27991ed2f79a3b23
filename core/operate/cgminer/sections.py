"""The fields of each command's answer, in the order and under the names that readers know."""

from collections import Counter
from collections.abc import Iterator

from stampmill.core.job_source import SourceState
from stampmill.core.operate import figures
from stampmill.core.operate.cgminer.reply import Fields, Fixed, Value
from stampmill.core.snapshot import DeviceSnapshot, PoolStanding, Rates, Shares, Snapshot

_NAMES = {"cpu": "CPU", "numba": "CPU", "reference": "CPU", "opencl": "OCL", "asic": "BMX"}


def summary(shot: Snapshot) -> Fields:
    """Return what the whole run has done."""
    total, minutes = figures.total_shares(shot), max(shot.seconds, 1e-9) / 60
    nonces = sum(device.shares.nonces for device in shot.devices)
    return {
        "Elapsed": int(shot.seconds),
        **_rates(shot.rates),
        "Found Blocks": shot.blocks,
        "Getworks": shot.jobs,
        "Accepted": shot.accepted,
        "Rejected": shot.rejected,
        "Hardware Errors": shot.hardware_errors,
        "Utility": Fixed(shot.accepted / minutes, 2),
        "Discarded": shot.duplicates,
        "Stale": shot.stale,
        "Get Failures": sum(_faults(pool) for pool in shot.pools),
        "Local Work": nonces,
        "Remote Failures": shot.lost + shot.unanswered,
        "Network Blocks": shot.clean_jobs,
        "Total MH": Fixed(shot.hashes / 1e6, 4),
        "Work Utility": Fixed(shot.hashes / figures.DIFFICULTY_1_HASHES / minutes, 2),
        **_difficulties(total),
        "Difficulty Stale": Fixed(total.stale_difficulty, 8),
        "Best Share": Fixed(shot.best_difficulty, 8),
        "Device Hardware%": Fixed(figures.hardware_percent(shot.hardware_errors, nonces), 4),
        "Device Rejected%": _rejected(total),
        "Pool Rejected%": _rejected(total),
        "Pool Stale%": Fixed(figures.percent(total.stale_difficulty, figures.judged(total)), 4),
        "Last getwork": figures.unix_time(shot, shot.job.age if shot.job else None),
        # Antminer's own names for two of the above, which readers of its dialect look for.
        "GHS 5s": Fixed(shot.rates.seconds_5 / 1e9, 6),
        "GHS av": Fixed(shot.rates.average / 1e9, 6),
    }


def pools(shot: Snapshot) -> list[Fields]:
    """Return each pool in the user's order."""
    return [_pool(shot, index, pool) for index, pool in enumerate(shot.pools)]


def devices(shot: Snapshot) -> list[Fields]:
    """Return each device, numbered through."""
    return [
        _device(shot, index, number, device)
        for index, (number, device) in enumerate(_numbered(shot))
    ]


def details(shot: Snapshot) -> list[Fields]:
    """Return what each device is."""
    return [
        {
            "DEVDETAILS": index, "Name": _name(device), "ID": number, "Driver": device.backend,
            "Kernel": device.kernel, "Model": device.kernel, "Device Path": device.name,
        }
        for index, (number, device) in enumerate(_numbered(shot))
    ]  # fmt: skip


def notify(shot: Snapshot) -> list[Fields]:
    """Return how well each device is, and what went wrong."""
    return [
        {
            "NOTIFY": index, "Name": _name(device), "ID": number,
            "Last Well": figures.unix_time(shot, device.shares.seconds_since_nonce),
            "Last Not Well": 0 if device.alive else int(shot.time),
            "Reason Not Well": "None" if device.alive else "Device failed",
            "*Thread Fail Init": 0, "*Thread Zero Hash": 0, "*Thread Fail Queue": 0,
            "*Dev Sick Idle 60s": 0, "*Dev Dead Idle 600s": 0 if device.alive else 1,
            "*Dev Nostart": 0, "*Dev Over Heat": 0, "*Dev Thermal Cutoff": 0,
            "*Dev Comms Error": 0, "*Dev Throttle": 0,
        }
        for index, (number, device) in enumerate(_numbered(shot))
    ]  # fmt: skip


def stats(shot: Snapshot) -> list[Fields]:
    """Return calls and waits: of each device, whose jobs these are, then of each pool."""
    items: list[Fields] = []
    for number, device in _numbered(shot):
        items.append(
            _stats(shot, len(items), f"{_name(device)}{number}", device.shares.nonces, 0.0)
        )
    for index, pool in enumerate(shot.pools):
        answer = pool.answer
        items.append(
            _stats(shot, len(items), f"POOL{index}", answer.count, answer.total)
            | {
                "Answer p50": Fixed(answer.p50 or 0.0, 6), "Answer p99": Fixed(answer.p99 or 0, 6),
                "Pool Works": pool.jobs, "Reconnects": pool.status.reconnects,
            }
        )  # fmt: skip
    return items


def coin(shot: Snapshot) -> Fields:
    """Return what is known of the chain."""
    job = shot.job
    return {
        "Hash Method": "sha256",
        "Current Block Time": Fixed(job.ntime if job else 0, 6),
        "Current Block Hash": job.previous_hash if job else "",
        "LP": bool(job),
        "Network Difficulty": Fixed(shot.network_difficulty or 0.0, 8),
    }


def lcd(shot: Snapshot) -> Fields:
    """Return what fits on a small display."""
    latest = figures.last_accepted(shot)
    best_known = [device.shares.seconds_since_nonce for device in shot.devices]
    seen = [seconds for seconds in best_known if seconds is not None]
    return {
        "Elapsed": int(shot.seconds),
        "GHS av": Fixed(shot.rates.average / 1e9, 6),
        "GHS 5m": Fixed(shot.rates.minutes_5 / 1e9, 6),
        "GHS 5s": Fixed(shot.rates.seconds_5 / 1e9, 6),
        "Temperature": Fixed(max(map(figures.temperature, shot.devices), default=0.0), 2),
        "Last Share Difficulty": Fixed(latest.last_difficulty if latest else 0.0, 8),
        "Last Share Time": figures.unix_time(shot, shot.seconds_since_accepted),
        "Best Share": Fixed(shot.best_difficulty, 8),
        "Last Valid Work": figures.unix_time(shot, min(seen, default=None)),
        "Found Blocks": shot.blocks,
        "Current Pool": shot.source.url,
        "User": shot.source.user,
    }


def config(shot: Snapshot, strategy: str, system: str) -> Fields:
    """Return the set-up as far as the API speaks of it."""
    return {
        "ASC Count": len(shot.devices),
        "PGA Count": 0,
        "Pool Count": len(shot.pools),
        "Strategy": strategy,
        "Log Interval": 5,
        "Device Code": " ".join(dict.fromkeys(_name(device) for device in shot.devices)),
        "OS": system,
        "Hotplug": "None",
    }


def _pool(shot: Snapshot, index: int, pool: PoolStanding) -> Fields:
    status, shares = pool.status, pool.shares
    job = shot.job if pool.active else None
    solo = status.url.startswith("http")
    stratum = bool(status.url) and not solo
    works = pool.active and status.state is SourceState.AUTHORIZED
    host, port = figures.host_and_port(status.url)
    return {
        "POOL": index,
        "URL": status.url,
        "Status": _state(pool),
        "Priority": status.rank,
        "Quota": status.quota,
        "Long Poll": "Y" if solo else "N",
        "Getworks": pool.jobs,
        "Accepted": shares.accepted,
        "Rejected": shares.rejected,
        "Works": pool.jobs,
        "Discarded": 0,
        "Stale": shares.stale,
        "Get Failures": _faults(pool),
        "Remote Failures": shares.lost + shares.unanswered,
        "User": status.user,
        "Last Share Time": figures.unix_time(shot, shares.seconds_since_accepted),
        "Diff1 Shares": int(figures.judged(shares)),
        "Proxy Type": "",
        "Proxy": "",
        **_difficulties(shares),
        "Difficulty Stale": Fixed(shares.stale_difficulty, 8),
        "Last Share Difficulty": Fixed(shares.last_difficulty, 8),
        "Work Difficulty": Fixed(job.difficulty if job else status.difficulty or 0.0, 8),
        "Has Stratum": stratum,
        "Stratum Active": stratum and works,
        "Stratum URL": f"{host}:{port}" if stratum and works else "",
        "Stratum Difficulty": Fixed(status.difficulty or 0.0, 8),
        "Has Vmask": job is not None and job.version_mask != 0,
        "Has GBT": solo,
        "Best Share": Fixed(shares.best_difficulty, 8),
        "Pool Rejected%": _rejected(shares),
        "Pool Stale%": Fixed(figures.percent(shares.stale_difficulty, figures.judged(shares)), 4),
        "Bad Work": sum(count for _, count in status.dropped),
        "Current Block Height": (job.height or 0) if job else 0,
        "Current Block Version": job.version if job else 0,
    }


def _device(shot: Snapshot, index: int, number: int, device: DeviceSnapshot) -> Fields:
    shares = device.shares
    return {
        "ASC": index,
        "Name": _name(device),
        "ID": number,
        "Enabled": "Y" if device.enabled else "N",
        "Status": "Alive" if device.alive else "Dead",
        "Temperature": Fixed(figures.temperature(device), 2),
        **_rates(device.rates),
        "Accepted": shares.accepted,
        "Rejected": shares.rejected,
        "Hardware Errors": shares.hardware_errors,
        "Utility": Fixed(60 * shares.accepted / max(shot.seconds, 1e-9), 2),
        "Last Share Pool": -1 if shares.last_pool is None else shares.last_pool,
        "Last Share Time": figures.unix_time(shot, shares.seconds_since_accepted),
        "Total MH": Fixed(device.hashes / 1e6, 4),
        "Diff1 Work": Fixed(figures.diff_1_work(device), 8),
        **_difficulties(shares),
        "Last Share Difficulty": Fixed(shares.last_difficulty, 8),
        "No Device": not device.alive,
        "Last Valid Work": figures.unix_time(shot, shares.seconds_since_nonce),
        "Device Hardware%": Fixed(
            figures.hardware_percent(shares.hardware_errors, shares.nonces), 4
        ),
        "Device Rejected%": _rejected(shares),
        "Device Elapsed": int(shot.seconds),
    }


def _stats(shot: Snapshot, number: int, name: str, calls: int, wait: float) -> dict[str, Value]:
    return {
        "STATS": number, "ID": name, "Elapsed": int(shot.seconds), "Calls": calls,
        "Wait": Fixed(wait, 6), "Max": Fixed(0.0, 6), "Min": Fixed(0.0, 6),
    }  # fmt: skip


def _numbered(shot: Snapshot) -> Iterator[tuple[int, DeviceSnapshot]]:
    """Yield each device with its number among those of its name."""
    numbers: Counter[str] = Counter()
    for device in shot.devices:
        name = _name(device)
        yield numbers[name], device
        numbers[name] += 1


def _name(device: DeviceSnapshot) -> str:
    return _NAMES.get(device.backend, device.backend.upper()[:4])


def _state(pool: PoolStanding) -> str:
    if not pool.status.enabled:
        return "Disabled"
    if figures.is_connected(pool) or pool.active:
        return "Alive" if figures.is_connected(pool) else "Dead"
    return "Dead" if _faults(pool) else "Unknown"


def _faults(pool: PoolStanding) -> int:
    return sum(count for _, count in pool.status.faults)


def _rates(rates: Rates) -> Fields:
    return {
        "MHS av": Fixed(rates.average / 1e6, 2),
        "MHS 5s": Fixed(rates.seconds_5 / 1e6, 2),
        "MHS 1m": Fixed(rates.minute_1 / 1e6, 2),
        "MHS 5m": Fixed(rates.minutes_5 / 1e6, 2),
        "MHS 15m": Fixed(rates.minutes_15 / 1e6, 2),
    }


def _difficulties(shares: Shares) -> Fields:
    return {
        "Difficulty Accepted": Fixed(shares.accepted_difficulty, 8),
        "Difficulty Rejected": Fixed(shares.rejected_difficulty, 8),
    }


def _rejected(shares: Shares) -> Fixed:
    return Fixed(figures.percent(shares.rejected_difficulty, figures.judged(shares)), 4)
