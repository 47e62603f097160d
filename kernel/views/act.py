"""One address for every verb of every life: GET asks, POST runs."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from kernel import lifecycle, trail
from kernel.detail import takes_over_http
from kernel.forms import StepForm, accepted_by, refused, render_form, takes_anything


@dataclass(frozen=True)
class TakeBack:
    """The engine's own verb 撤回, shaped like a step for the page."""

    verb: str = "withdraw"
    label: object = gettext_lazy("Take back")
    tone: str = "secondary"
    needs_reason: bool = False
    target: str | None = None
    rules: tuple = ()
    hint: object = gettext_lazy("Takes your last step back; possible until somebody else acts.")


def find(noun, pk, verb, user):
    """The life, the subject this user may see and the step. A stranger gets 404, and so does a verb without a page here."""
    life = lifecycle.LIVES.get(noun)
    if life is None:
        raise Http404
    try:
        subject = life.model.objects.visible_to(user).filter(pk=pk).first()
    except (ValueError, ValidationError, OverflowError) as error:
        raise Http404 from error
    if subject is None:
        raise Http404
    step = life.step(verb)
    if step is not None and verb in life.functions and not step.by_code and verb not in life.links and takes_over_http(life, verb):
        return life, subject, step, life.functions[verb]
    if verb == "withdraw" and step is None:
        return life, subject, TakeBack(), lifecycle.withdraw
    raise Http404


def bind(form_class, request, subject, step):
    """The step's form, bound on POST. A direct button posts no fields: what is not required takes its default."""
    data, files = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    return form_class(data, files, subject=subject, actor=request.user, step=step)


def page(request, form, life, subject, step, refusal=None, draft=True):
    """The step's page: what it will do, its rules, its fields."""
    return render_form(
        request,
        form,
        title=f"{step.label} · {subject}",
        intro=step.hint,
        rules=step.rules,
        submit=step.label,
        cancel=subject.get_absolute_url(),
        draft=f"{life.noun}-{subject.pk}-{step.verb}" if draft else "",
        template=form.template_name_page,
        tone=step.tone,
        formsets=list(form.formsets.values()),
        subject=subject,
        step=step,
        target_label=life.states.get(step.target, "") if step.target and step.target != subject.status else "",
        refusal=refusal,
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def act(request, noun, pk, verb):
    """Take a step. Weak role 403; a refusal stands beside its field (422), or becomes a message when there is nothing to fill in."""
    life, subject, step, function = find(noun, pk, verb, request.user)
    back = subject.get_absolute_url()
    if verb in life.functions:
        try:
            lifecycle.acting_for(request.user, subject, step)
        except PermissionDenied:
            if request.method == "POST" and trail.rows_of(subject).filter(actor=request.user, verb=verb).exists():
                messages.info(request, _("You have already taken this step: {step}").format(step=step.label))
                return redirect(back)  # a second click, after the first one passed the matter on
            raise
    form_class = life.forms.get(verb, StepForm)
    if request.method != "POST":
        refusal = lifecycle.refusal_of(subject, step, request.user) if verb in life.functions else None
        if refusal:
            messages.error(request, str(refusal))
            return redirect(back)
        return page(request, bind(form_class, request, subject, step), life, subject, step)
    form = bind(form_class, request, subject, step)
    if not form.is_valid():
        return page(request, form, life, subject, step)
    arguments = form.arguments()
    if not takes_anything(function):
        arguments = {name: value for name, value in arguments.items() if name in accepted_by(function)}
    try:
        result = function(subject, actor=request.user, **arguments)
    except lifecycle.Refusal as refusal:
        if form_class is StepForm and refusal.field is None:
            messages.error(request, str(refusal))
            return redirect(back)
        refused(form, refusal)
        return page(request, form, life, subject, step, refusal)
    messages.success(request, _("Done: {step}").format(step=step.label))
    return redirect(form.redirect_to(result) or back)
