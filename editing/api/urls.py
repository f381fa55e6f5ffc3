"""/api/v1/ and its description."""

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from editing.api import callback_views, docs, publishing_views, record_views, views

router = SimpleRouter()
router.register("streams", views.StreamViewSet)
router.register("recordings", views.RecordingViewSet)
router.register("editing-jobs", views.EditingJobViewSet)
router.register("media-assets", views.MediaAssetViewSet)
router.register("record-jobs", record_views.RecordJobViewSet)
router.register("record-files", record_views.RecordFileViewSet)
router.register("record-templates", record_views.RecordTemplateViewSet)
router.register("published-streams", publishing_views.PublishedStreamViewSet, basename="published-stream")
router.register("publishing-rules", publishing_views.PublishingRuleViewSet, basename="publishing-rule")
router.register("projects", views.ProjectViewSet)
router.register("buckets", views.BucketViewSet)
router.register("event-callbacks", callback_views.EventCallbackViewSet, basename="event-callback")
router.register("callback-deliveries", callback_views.DeliveryViewSet)

urlpatterns = [
    path("v1/", include(router.urls)),
    path("schema/", docs.Schema.as_view(), name="api-schema"),
    path("docs/", docs.Docs.as_view(url_name="api-schema"), name="api-docs"),
    re_path(r"", views.Nowhere.as_view()),
]
