"""Addresses of a year's projects as a whole: list, board, handing over, comparison, the published list."""

from django.urls import path

from procurement.views import comparison, portfolio, project_lists

urlpatterns = [
    path("projects/", portfolio.project_list, name="project_list"),
    path("project-board/", portfolio.project_board, name="project_board"),
    path("projects/hand-over/", portfolio.project_hand_over, name="project_hand_over"),
    path("projects/compare/", comparison.project_compare, name="project_compare"),
    path("project-lists/", project_lists.projectlist_list, name="projectlist_list"),
    path("project-lists/new/", project_lists.projectlist_create, name="projectlist_create"),
    path("project-lists/<int:pk>/", project_lists.projectlist_detail, name="projectlist_detail"),
]
