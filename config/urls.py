"""All addresses: one include per layer, names are global and unique."""

from django.urls import include, path

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("kernel.urls")),
    path("", include("communities.urls")),
    path("", include("providers.urls")),
    path("", include("procurement.urls")),
    path("", include("evaluation.urls")),
    path("", include("reporting.urls")),
]

handler400 = "kernel.views.errors.bad_request"
handler403 = "kernel.views.errors.forbidden"
handler404 = "kernel.views.errors.not_found"
handler500 = "kernel.views.errors.server_error"
