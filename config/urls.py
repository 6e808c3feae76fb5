"""Every address of the product."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

# Django's own sign-in would ask for a password alone: the admin leads to ours, which knows of the second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("", include("dashboard.urls")),
    path("people/", include("dashboard.people.urls")),
    path("account/", include("dashboard.people.account_urls")),
    path("accounts/email/", RedirectView.as_view(pattern_name="account:profile"), name="account_email"),
    path("accounts/second-factor/", include("allauth.mfa.urls")),
    path("accounts/sessions/", include("allauth.usersessions.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    path("", include("inventory.sources.urls")),
    path("api/", include("api.urls")),
    path("developers/", include("api.pages.urls")),
    path("inventory/", include("inventory.urls")),
    path("reconciliation/", include("reconciliation.urls")),
    path("", include("channels.urls")),
]
