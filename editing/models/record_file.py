from __future__ import annotations

from django.db import models

from editing.models.ids import new_id
from editing.models.media_asset import MediaAsset
from editing.models.querysets import SeenByRole
from editing.models.recording import Recording


class RecordFileQuerySet(SeenByRole):
    def waiting(self) -> RecordFileQuerySet:
        return self.filter(state=RecordFile.State.WAITING)


class RecordFile(models.Model):
    """A whole recording as one file besides its segments, because its job's template asks for it.

    It is made when the recording closes. `key` is its name in the recording's bucket; `problem` why it could not be
    made.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "to be made"
        MADE = "made", "made"
        FAILED = "failed", "could not be made"

    id = models.CharField(max_length=32, primary_key=True, default=new_id, editable=False)
    recording = models.ForeignKey(Recording, models.CASCADE, related_name="files")
    format = models.CharField(max_length=4)
    key = models.CharField(max_length=512)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    problem = models.TextField(blank=True)
    asset = models.ForeignKey(MediaAsset, models.SET_NULL, null=True, related_name="+")
    sent_at = models.DateTimeField(null=True, help_text="When the queue was last told of it.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RecordFileQuerySet.as_manager()

    class Meta:
        ordering = ("created_at", "id")
        constraints = (models.UniqueConstraint(fields=("recording", "format"), name="one_file_per_format"),)

    def __str__(self) -> str:
        return self.key
