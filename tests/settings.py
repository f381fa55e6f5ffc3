"""Settings of a tested installation: the real ones, in a home of its own, with a hasher that does not take its time."""

import os

from tests import brokers, sharing

os.environ["EDITING_HOME"] = str(sharing.OWN / "home")
brokers.take_one()

from dashboard.settings import *  # noqa: E402, F403 - after the home and the broker are known

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
