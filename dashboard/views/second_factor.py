"""The second factor: asked at sign-in, switched on and off, and its recovery codes. allauth's views with our pages."""

from __future__ import annotations

from typing import Any

from allauth.account.views import ReauthenticateView
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.base.views import ReauthenticateView as CodeAgainView
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from remediation import audit


class AskCode(AuthenticateView):  # type: ignore[misc]
    """The code after the password; a recovery code works, too."""

    template_name = "dashboard/sign_in_code.html"


class Again(ReauthenticateView):  # type: ignore[misc]
    """The password once more, before something that a stolen session must not do."""

    template_name = "dashboard/sign_in_again.html"


class AgainByCode(CodeAgainView):  # type: ignore[misc]
    """A code instead, for who has no password here."""

    template_name = "dashboard/sign_in_again.html"


@method_decorator(never_cache, name="dispatch")
class SwitchOn(ActivateTOTPView):  # type: ignore[misc]
    """The secret as a picture and as text, until a code proves that the app has it."""

    template_name = "dashboard/second_factor.html"

    def form_valid(self, form: Any) -> HttpResponseBase:
        """On, with a line in the audit log."""
        with transaction.atomic():
            audit.write("added", "second factor", by=self.request.user)
            return super().form_valid(form)  # type: ignore[no-any-return]

    def get_success_url(self) -> str:
        """The recovery codes, which are shown once."""
        return reverse("mfa_view_recovery_codes" if self.did_generate_recovery_codes else "profile")


class SwitchOff(DeactivateTOTPView):  # type: ignore[misc]
    """Back to the password alone."""

    template_name = "dashboard/second_factor_off.html"
    success_url = reverse_lazy("profile")

    def form_valid(self, form: Any) -> HttpResponseBase:
        """Off, with a line in the audit log."""
        with transaction.atomic():
            audit.write("removed", "second factor", by=self.request.user)
            return super().form_valid(form)  # type: ignore[no-any-return]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Back to the profile where it is off already."""
        try:
            return super().dispatch(request, *args, **kwargs)  # type: ignore[no-any-return]
        except Http404:
            return redirect("profile")


class RecoveryCodes(ViewRecoveryCodesView):  # type: ignore[misc]
    """The codes, this once."""

    template_name = "dashboard/recovery_codes.html"
    http_method_names = ["get", "head", "options"]  # noqa: RUF012  # Django's own attribute

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Back to the profile where there are none."""
        try:
            return super().get(request, *args, **kwargs)  # type: ignore[no-any-return]
        except Http404:
            return redirect("profile")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """``codes``: those that work; None once they have been shown."""
        found = super().get_context_data(**kwargs)
        return {**found, "codes": found["unused_codes"] if found["can_view_codes"] else None}


class NewRecoveryCodes(GenerateRecoveryCodesView):  # type: ignore[misc]
    """New ones; the old ones end."""

    template_name = "dashboard/recovery_codes_new.html"

    def form_valid(self, form: Any) -> HttpResponseBase:
        """Made, with a line in the audit log."""
        with transaction.atomic():
            audit.write("changed", "recovery codes", by=self.request.user)
            return super().form_valid(form)  # type: ignore[no-any-return]
