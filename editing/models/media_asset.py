from __future__ import annotations

from django.conf import settings
from django.db import models

from editing.models.bucket import Bucket
from editing.models.editing_job import EditingJob
from editing.models.ids import new_id
from editing.models.querysets import SeenByRole


class MediaAssetQuerySet(SeenByRole):
    def preparing(self) -> MediaAssetQuerySet:
        return self.filter(state=MediaAsset.State.PREPARING)

    def wanting_stills(self) -> MediaAssetQuerySet:
        return self.filter(~models.Q(stills_wanted=""), state=MediaAsset.State.NORMAL)


class MediaAsset(models.Model):
    """A media file in a bucket with what probing it found and what people say of it. `duration` is in µs.

    What our jobs make is Normal at once. A file that was registered is Preparing until it has been probed; then it is
    Normal, or PrepareFail for the `problem`. The names of the states and of the business types are those of IMS.
    """

    class Kind(models.TextChoices):
        VIDEO = "video"
        AUDIO = "audio"
        IMAGE = "image"
        TEXT = "text"

    class State(models.TextChoices):
        PREPARING = "Preparing"
        NORMAL = "Normal"
        FAILED = "PrepareFail"

    class Business(models.TextChoices):
        GENERAL = "general"
        SUBTITLES = "subtitles"
        FONT = "font"
        WATERMARK = "watermark"
        OPENING = "opening"
        ENDING = "ending"

    class Stills(models.TextChoices):
        """Pictures spread over a video: one by one, and small ones side by side in one picture."""

        NONE = "", "none"
        SNAPSHOTS = "snapshots"
        SPRITE = "sprite"
        ALL = "all"

    id = models.CharField(max_length=32, primary_key=True, default=new_id, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    title = models.CharField(max_length=255)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.VIDEO)
    bucket = models.ForeignKey(Bucket, models.PROTECT, related_name="assets")
    key = models.CharField(max_length=512)
    size = models.PositiveBigIntegerField()
    duration = models.PositiveBigIntegerField(default=0)
    facts = models.JSONField(help_text="What probing found: container and tracks.")
    poster = models.CharField(max_length=512, blank=True, help_text="Key of its poster in the bucket.")
    cover_bucket = models.ForeignKey(Bucket, models.PROTECT, null=True, related_name="+")
    cover_key = models.CharField(max_length=512, blank=True, help_text="Of its cover: the poster in full size.")
    job = models.OneToOneField(EditingJob, models.SET_NULL, null=True, related_name="asset")
    recording = models.OneToOneField(
        "editing.Recording", models.CASCADE, null=True, related_name="asset", help_text="Whose playlist it is."
    )

    description = models.TextField(blank=True)
    category = models.CharField(max_length=64, blank=True)
    tags = models.JSONField(default=list)
    cover_url = models.CharField(max_length=128, blank=True, help_text="Somebody's own picture instead of the poster.")
    user_data = models.TextField(blank=True)
    business = models.CharField(max_length=16, choices=Business.choices, default=Business.GENERAL)
    reference = models.CharField(max_length=64, blank=True, help_text="A name that its owner gave it.")

    state = models.CharField(max_length=16, choices=State.choices, default=State.NORMAL)
    problem = models.TextField(blank=True)
    poster_at = models.PositiveBigIntegerField(null=True, help_text="Where to take its poster (µs); empty: nowhere.")
    token = models.CharField(max_length=64, blank=True, help_text="Of the request that registered it.")
    sent_at = models.DateTimeField(null=True, help_text="When the queue was last told to prepare it.")
    stills = models.JSONField(default=dict, help_text="Which there are, their folder, their times (µs), a tile's size.")
    stills_wanted = models.CharField(max_length=9, blank=True, choices=Stills.choices, help_text="Still to be made.")
    stills_sent_at = models.DateTimeField(null=True, help_text="When the queue was last told to make them.")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(null=True)

    objects = MediaAssetQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = (
            # All that lists filter by is in it: counting and pages far in read no rows.
            models.Index(fields=("-created_at", "-id", "state", "kind", "business", "bucket"), name="asset_newest"),
            models.Index(fields=("bucket", "key"), name="asset_by_key"),
            models.Index(fields=("cover_bucket", "cover_key"), name="asset_by_cover"),
            models.Index(fields=("created_at",), condition=~models.Q(stills_wanted=""), name="asset_wanting_stills"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("owner", "reference"), condition=~models.Q(reference=""), name="one_asset_per_reference"
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def extension(self) -> str:
        """That of its name, in small letters and without the dot."""
        return self.key.rpartition(".")[2].lower()

    @property
    def pictures(self) -> list[tuple[Bucket, str]]:
        """The files that go with it: its poster, its cover and its stills; those of a recording stay with it."""
        if self.recording_id:
            return []
        poster = [(self.bucket, self.poster)] if self.poster else []
        cover = [(self.cover_bucket, self.cover_key)] if self.cover_bucket and self.cover_key else []
        stills = [*(key for _, key in self.snapshots), *([self.sprite] if self.sprite else [])]
        return [*poster, *cover, *((self.bucket, key) for key in stills)]

    @property
    def snapshots(self) -> list[tuple[int, str]]:
        """When each is shown (µs) and its key."""
        if self.stills.get("made") not in (self.Stills.SNAPSHOTS, self.Stills.ALL):
            return []
        return [(at, f"{self.stills['folder']}/{number:05}.jpg") for number, at in enumerate(self.stills["at"], 1)]

    @property
    def sprite(self) -> str:
        """Its key; empty where there is none."""
        made = self.stills.get("made") in (self.Stills.SPRITE, self.Stills.ALL)
        return f"{self.stills['folder']}/sprite-00001.jpg" if made else ""
