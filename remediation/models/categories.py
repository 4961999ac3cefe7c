"""The groups a team counts by, the rules that sort errors into them, and the counts under every chart."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models


class Category(models.Model):
    """A group a team counts by. Its colour slot is stored, so a colour never moves when counts change."""

    project = models.ForeignKey("remediation.Project", models.CASCADE, related_name="categories")
    name = models.CharField(max_length=60)
    order = models.PositiveSmallIntegerField(default=0)
    slot = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(8)])
    business_impact = models.CharField(max_length=300, blank=True)
    archived = models.BooleanField(default=False)
    is_fallback = models.BooleanField(default=False, help_text="Takes what no rule matches.")

    class Meta:
        ordering = ["is_fallback", "order", "pk"]
        verbose_name_plural = "categories"
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="category_name_once"),
            models.UniqueConstraint(
                fields=["project"], condition=models.Q(is_fallback=True), name="category_one_fallback"
            ),
            models.CheckConstraint(condition=models.Q(slot__lte=8), name="category_slot_known"),
        ]

    def __str__(self) -> str:
        return self.name


class CategoryRule(models.Model):
    """One line of the ordered rules; every condition that is set must hold, the first match wins.

    Rules are versioned: saving writes a whole new version, so a pass can say which one sorted it.
    """

    project = models.ForeignKey("remediation.Project", models.CASCADE, related_name="rules")
    version = models.PositiveIntegerField()
    order = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=80, blank=True)
    category = models.ForeignKey(Category, models.CASCADE, related_name="rules")
    kind = models.CharField(max_length=30, blank=True)
    module_glob = models.CharField(max_length=300, blank=True)
    path_glob = models.CharField(max_length=300, blank=True)
    message_regex = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["version", "order"]
        constraints = [models.UniqueConstraint(fields=["project", "version", "order"], name="rule_order_once")]

    def __str__(self) -> str:
        return f"rule {self.order} of version {self.version}"


class RuleSet(models.Model):
    """A version of the rules as a fact: who saved it, when, and from where in commit order it sorts.

    It sorts every pass after ``after_position`` and, on that commit, after ``after_number``; both null: all of history.
    Of several that sort a pass the highest version does. So passes keep the version they were sorted by, whatever
    the order in which they ran.
    """

    project = models.ForeignKey("remediation.Project", models.CASCADE, related_name="rule_sets")
    version = models.PositiveIntegerField()
    saved_by = models.ForeignKey("remediation.User", models.SET_NULL, null=True, blank=True, related_name="+")
    saved_at = models.DateTimeField()
    after_position = models.IntegerField(null=True, blank=True)
    after_number = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["project", "version"], name="rule_set_once"),
            models.CheckConstraint(
                condition=models.Q(after_position__isnull=True, after_number__isnull=True)
                | models.Q(after_position__isnull=False, after_number__isnull=False),
                name="rule_set_start_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"rules {self.version}"


class CategoryCount(models.Model):
    """Errors and tickets of one category in one counted pass; environment errors counted apart.

    A ticket with errors of both kinds is counted once, with those that are not the environment's.
    """

    collection_pass = models.ForeignKey(
        "remediation.CollectionPass", models.CASCADE, related_name="category_counts", db_index=False
    )
    category = models.ForeignKey(Category, models.CASCADE, related_name="counts")
    environment = models.BooleanField(default=False)
    errors = models.PositiveIntegerField()
    tickets = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["collection_pass", "category", "environment"], name="category_count_once")
        ]

    def __str__(self) -> str:
        return f"{self.category}: {self.errors}"
