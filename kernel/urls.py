"""Addresses of the kernel."""

from django.urls import include, path

from kernel.views import access, act, calendar, corrections, csp, desk, drafts, feed, files, health, identity, jobs, rules

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("desk/", desk.desk, name="desk"),
    path("notices/", desk.notice_list, name="notices"),
    path("notices/read/", desk.notices_read, name="notices_read"),
    path("notices/<int:pk>/", desk.notice, name="notice"),
    path("search/", desk.search, name="search"),
    path("preferences/", desk.preferences, name="preferences"),
    path("preferences/calendar/", feed.feed_page, name="feed_page"),
    path("preferences/identity/", identity.identity_page, name="identity_page"),
    path("feed.ics", feed.feed, name="feed"),
    path("language/", desk.switch_language, name="switch_language"),
    path("drafts/<str:key>/", drafts.draft, name="draft"),
    path("csp-report/", csp.report, name="csp_report"),
    path("<str:noun>/<str:pk>/do/<str:verb>/", act.act, name="act"),
    path("<str:noun>/<int:pk>/corrections/new/", corrections.correction_ask, name="correction_ask"),
    path("<str:noun>/<int:pk>/corrections/<int:correction>/", corrections.correction_decide, name="correction_decide"),
    path("settings/access-log/", access.access_log, name="access_log"),
    path("files/<int:pk>/thumbnail.jpg", files.thumbnail, name="file_thumbnail"),
    path("files/<int:pk>/<path:name>", files.file, name="file"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("jobs/", jobs.job_list, name="job_list"),
    path("jobs/<int:pk>/", jobs.job, name="job"),
    path("jobs/<int:pk>/progress/", jobs.job_progress, name="job_progress"),
    path("calendar/", calendar.calendar, name="calendar"),
    path("calendar/new/", calendar.calendar_begin, name="calendar_begin"),
    path("calendar/<int:pk>/", calendar.calendar_version, name="calendar_version"),
    path("calendar/<int:pk>/year/", calendar.calendar_year, name="calendar_year"),
    path("rules/", rules.rule_list, name="rule_list"),
    path("rules/<str:rule_id>/", rules.rule_detail, name="rule_detail"),
]
