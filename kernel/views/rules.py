"""The law where the step is done: every rule with its article, its figures and what the system does."""

from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kernel import clock, rules


@login_required
@require_safe
def rule_list(request):
    """All rules by group; the national version in force today stands for each."""
    text, today = request.GET.get("q", "").strip().lower(), clock.today()
    groups = {}
    for rule_id, versions in rules.RULES.versions.items():
        rule = rules.find(rule_id, today) or max(versions, key=lambda row: row.valid_from)
        if not text or any(text in part.lower() for part in (rule.id, rule.topic, rule.topic_en, rule.article, rule.does)):
            groups.setdefault(rule.group, []).append(rule)
    return render(request, "kernel/rule_list.html", {"groups": groups.items(), "q": request.GET.get("q", ""), "total": len(rules.RULES.versions)})


@login_required
@require_safe
def rule_detail(request, rule_id):
    """One rule: versions by date and place, newest first, with their sources."""
    versions = rules.RULES.versions.get(rule_id.upper())
    if not versions:
        raise Http404
    texts, today = rules.load_sources(), clock.today()
    rows = [
        {"rule": rule, "now": rule.in_force(today), "texts": [texts[key] for key in rule.sources]}
        for rule in sorted(versions, key=lambda row: (row.region, -row.valid_from.toordinal()))
    ]
    shown = rules.find(rule_id.upper(), today) or rows[0]["rule"]
    context = {"rule": shown, "rows": rows, "carriers": sorted(rules.CARRIERS.get(shown.id, ()))}
    return render(request, "kernel/rule_detail.html", context)
