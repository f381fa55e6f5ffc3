"""Addresses of all faces."""

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import URLPattern, URLResolver, include, path, re_path

from dashboard.views import account, assets, clips, health, jobs, projects, record_jobs, recordings, sdk, streams

urlpatterns: list[URLPattern | URLResolver] = [
    path("", sdk.home, name="home"),
    path("sdk/", sdk.guide, name="sdk"),
    path("sign-in/", LoginView.as_view(redirect_authenticated_user=True), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("account/", account.account, name="account"),
    path("account/keys/", account.create_key, name="create-key"),
    path("account/keys/<str:key_id>/revoke/", account.revoke_key, name="revoke-key"),
    path("streams/", streams.index, name="streams"),
    path("streams/<int:stream_id>/", streams.detail, name="stream"),
    path("recordings/<int:recording_id>/", recordings.detail, name="recording"),
    path("recordings/<int:recording_id>/timeline/", recordings.timeline, name="recording-timeline"),
    path("recordings/<int:recording_id>/frames/", recordings.frames, name="recording-frames"),
    path("recordings/<int:recording_id>/delete/", recordings.delete, name="recording-delete"),
    path("recordings/<int:recording_id>/clips/", clips.add, name="clip-add"),
    path("clips/plan/", clips.plan, name="clips-plan"),
    path("clips/merge/", clips.merge, name="clips-merge"),
    path("clips/order/", clips.arrange, name="clips-order"),
    path("clips/clear/", clips.clear, name="clips-clear"),
    path("clips/<str:clip_id>/change/", clips.change, name="clip-change"),
    re_path(r"^clips/(?P<clip_id>\w+)/(?P<verb>up|down|duplicate|remove)/$", clips.act, name="clip-act"),
    path("jobs/", jobs.index, name="jobs"),
    path("jobs/<str:job_id>/", jobs.detail, name="job"),
    path("jobs/<str:job_id>/row/", jobs.row, name="job-row"),
    path("jobs/<str:job_id>/progress/", jobs.progress, name="job-progress"),
    path("jobs/<str:job_id>/facts/", jobs.facts, name="job-facts"),
    path("jobs/<str:job_id>/clips/", clips.take, name="job-clips"),
    path("jobs/<str:job_id>/cancel/", jobs.cancel, name="job-cancel"),
    path("jobs/<str:job_id>/retry/", jobs.retry, name="job-retry"),
    path("projects/", projects.index, name="projects"),
    path("projects/create/", projects.create, name="project-create"),
    path("projects/<str:project_id>/", projects.detail, name="project"),
    path("projects/<str:project_id>/work-on/", projects.work_on, name="project-work-on"),
    path("projects/<str:project_id>/<str:verb>/", projects.reserve, name="project-reserve"),
    path("record-jobs/", record_jobs.index, name="record-jobs"),
    path("record-jobs/create/", record_jobs.create, name="record-job-create"),
    path("record-jobs/<str:job_id>/", record_jobs.detail, name="record-job"),
    path("record-jobs/<str:job_id>/status/", record_jobs.status, name="record-job-status"),
    path("record-jobs/<str:job_id>/<str:verb>/", record_jobs.act, name="record-job-act"),
    path("assets/", assets.index, name="assets"),
    path("assets/<str:asset_id>/", assets.detail, name="asset"),
    path("assets/<str:asset_id>/delete/", assets.delete, name="asset-delete"),
    path("healthz", health.healthz, name="healthz"),
    path("api/", include("editing.api.urls")),
    path("admin/", admin.site.urls),
    path("", include("editing.delivery.urls")),
]

handler400 = sdk.bad_request
