from django.urls import path

from editing.delivery import views

urlpatterns = [
    path("files/<slug:bucket>/<path:key>", views.file, name="file"),
    path("playback/<int:recording_id>/index.m3u8", views.playlist, name="playback"),
    path("playback/<int:recording_id>/<int:sequence>.ts", views.segment, name="playback-segment"),
]
