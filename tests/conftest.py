import os

from hypothesis import HealthCheck, settings

# A time limit for each example would measure the machine's other work, not ours.
settings.register_profile("stampmill", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("stampmill")

# Threads that give way would wait for other tests: for the commands that these run and start.
os.environ["STAMPMILL_CPU_PRIORITY"] = "normal"
