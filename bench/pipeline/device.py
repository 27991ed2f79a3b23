"""The same latencies where an OpenCL device mines, which is in the middle of launches."""

from stampmill.bench.pipeline.effort import Effort
from stampmill.bench.pipeline.latency import Course, benchmarks, p99, run, switches
from stampmill.bench.pipeline.targets import Finding, Target
from stampmill.core.backends.opencl.backend import IN_FLIGHT
from stampmill.core.backends.opencl.plans import LAUNCH_SECONDS

JOB_SWITCH = Target(
    "device-job-switch",
    "job switch on an OpenCL device p99",
    1.5 * 1000 * IN_FLIGHT * LAUNCH_SECONDS,
    "ms",
)
"""New work waits for the launches that are under way, and one may last half as long again."""
SHARE_PATH = Target("device-share-path", "share path of an OpenCL device p99", 1.0, "ms")

TARGETS = (JOB_SWITCH, SHARE_PATH)

_LAUNCHES = 10
"""From a job to the next one: what is measured is the switch, not a device that never comes."""
_SHARES_PER_SECOND = 10.0


def measure(effort: Effort) -> Finding:
    """Mine with the device alone."""
    interval = max(effort.job_interval, _LAUNCHES * LAUNCH_SECONDS)
    jobs = max(effort.jobs // 5, 4)
    result, _ = run(Course(jobs, interval, _SHARES_PER_SECOND, device=effort.device))
    outcomes = [p99(JOB_SWITCH, switches(result, interval)), p99(SHARE_PATH, result["share_path"])]
    return Finding(outcomes, benchmarks(result, f"{effort.device}_", {"device": effort.device}))
