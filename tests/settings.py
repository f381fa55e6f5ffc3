"""Settings of a tested installation: the real ones, in a home of its own, with a hasher that does not take its time."""

import atexit
import os
import shutil
import tempfile

os.environ["EDITING_HOME"] = tempfile.mkdtemp(prefix="studio-tests-")
atexit.register(shutil.rmtree, os.environ["EDITING_HOME"], ignore_errors=True)

from dashboard.settings import *  # noqa: E402, F403 - after the home is known

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
