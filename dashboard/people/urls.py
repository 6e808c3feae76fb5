"""Addresses of the people's room."""

from django.urls import path

from dashboard.people import joining, views

app_name = "people"
urlpatterns = [
    path("", views.people_list, name="people_list"),
    path("invite/", views.invite, name="invite"),
    path("invitations/<int:pk>/", views.invitation, name="invitation"),
    path("invitations/<int:pk>/again/", views.invitation_again, name="invitation_again"),
    path("invitations/<int:pk>/withdraw/", views.invitation_withdraw, name="invitation_withdraw"),
    path("second-factor/", views.second_factor_policy, name="second_factor_policy"),
    path("<int:pk>/", views.person, name="person"),
    path("<int:pk>/state/", views.person_state, name="person_state"),
    path("<int:pk>/second-factor/", views.person_second_factor, name="person_second_factor"),
    path("join/<str:token>/", joining.join, name="join"),
]
