"""Record templates: how record jobs record. Shipped ones are shown, one's own are made, changed and deleted."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied as Forbidden
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dashboard.access import load, needs
from dashboard.record_forms import RecordTemplateForm
from editing.errors import EditingError, InvalidInput, PermissionDenied
from editing.models import RecordTemplate
from editing.models.roles import Verb, can
from editing.services import record_templates


@needs(Verb.SEE)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    rows = RecordTemplate.objects.visible_to(request.user).order_by("-kind", "name", "pk")
    return render(request, "record_templates/record_templates.html", {"templates": rows})


@needs(Verb.OPERATE)
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    form = RecordTemplateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            template = record_templates.create(**form.values())
        except InvalidInput as error:
            form.add_refusal(error)
        else:
            messages.success(request, f"The template {template} is there.")
            return redirect("record-templates")
    return render(request, "record_templates/record_template.html", {"form": form})


@needs(Verb.SEE)
@require_http_methods(["GET", "POST"])
def detail(request: HttpRequest, template_id: str) -> HttpResponse:
    """What it says, and a form to change it where that may be."""
    template = load(RecordTemplate.objects.all(), request, pk=template_id)
    form = RecordTemplateForm(request.POST or None, initial=RecordTemplateForm.initial_of(template))
    if request.method == "POST":
        if not can(request.user, Verb.OPERATE):
            raise Forbidden
        return _change(request, template, form)
    return render(request, "record_templates/record_template.html", {"template": template, "form": form})


def _change(request: HttpRequest, template: RecordTemplate, form: RecordTemplateForm) -> HttpResponse:
    if form.is_valid():
        try:
            record_templates.update(template, **form.values())
        except (InvalidInput, PermissionDenied) as error:
            template.refresh_from_db()
            form.add_refusal(error)
        else:
            messages.success(request, "Saved; jobs that use it keep what they have.")
            return redirect("record-template", template.pk)
    return render(request, "record_templates/record_template.html", {"template": template, "form": form})


@needs(Verb.OPERATE)
@require_POST
def delete(request: HttpRequest, template_id: str) -> HttpResponse:
    template = load(RecordTemplate.objects.all(), request, pk=template_id)
    try:
        record_templates.delete(template)
    except EditingError as error:
        messages.error(request, error.message)
        return redirect("record-template", template_id)
    messages.success(request, f"The template {template} is deleted; jobs that use it go on.")
    return redirect("record-templates")
