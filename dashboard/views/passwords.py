"""A forgotten password, and an address that is confirmed: what a mailed link leads to."""

from __future__ import annotations

from typing import Any

from allauth.account.views import ConfirmEmailView, PasswordResetFromKeyView, PasswordResetView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dashboard.people_forms import ForgottenForm, ResetForm
from remediation import audit


class Forgotten(PasswordResetView):  # type: ignore[misc]
    """Ask for a link. The answer is the same whether or not somebody has the address."""

    template_name = "dashboard/password_forgotten.html"
    form_class = ForgottenForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Whether mail is sent at all."""
        return {**super().get_context_data(**kwargs), "mail": settings.MAIL}

    def form_valid(self, form: ForgottenForm) -> HttpResponse:
        """Nothing is written without mail, and the page says so."""
        return super().form_valid(form) if settings.MAIL else self.form_invalid(form)  # type: ignore[no-any-return]


@login_not_required
@require_safe
def forgotten_done(request: HttpRequest) -> HttpResponse:
    """What happens now."""
    return render(request, "dashboard/password_sent.html")


@method_decorator(never_cache, name="dispatch")
class Reset(PasswordResetFromKeyView):  # type: ignore[misc]
    """A new password by the mailed link, which is good once."""

    template_name = "dashboard/password_reset.html"
    form_class = ResetForm
    success_url = reverse_lazy("account_login")

    def form_valid(self, form: ResetForm) -> HttpResponse:
        """Stored; then the ordinary sign-in, second factor included."""
        answer: HttpResponse = super().form_valid(form)
        messages.success(self.request, "The password is changed. Sign in with it.", extra_tags="good")
        return answer


@method_decorator(never_cache, name="dispatch")
class ConfirmAddress(ConfirmEmailView):  # type: ignore[misc]
    """The address counts once its button is pressed: mail scanners follow links, but send no forms."""

    template_name = "dashboard/email_confirm.html"

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """As allauth's; a link that was used, or comes too late, answers in words."""
        try:
            with transaction.atomic():
                answer: HttpResponse = super().post(*args, **kwargs)
                address = self.object.email_address
                if not address.verified:
                    return self.render_to_response(self.get_context_data(), status=409)
                audit.write("confirmed", f"address {address.email} of {address.user.username}", by=address.user)
        except Http404:
            self.object = None
            return self.render_to_response(self.get_context_data(), status=410)
        messages.success(self.request, "The address is confirmed.", extra_tags="good")
        return answer
