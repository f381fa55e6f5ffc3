"""The operators' console: read-mostly, states read-only, actions call the services that every face calls."""

from editing.admin import access_keys, callbacks, jobs, projects, publishing, record_jobs, recordings

__all__ = ["access_keys", "callbacks", "jobs", "projects", "publishing", "record_jobs", "recordings"]
