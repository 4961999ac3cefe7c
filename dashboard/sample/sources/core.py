"""The sample's product code under atlas/core."""

from __future__ import annotations

ERRORS = '''\
"""What goes wrong in atlas, as one family."""


class AtlasError(Exception):
    """Base of every error of ours."""


class NotFound(AtlasError, LookupError):
    def __init__(self, what):
        super().__init__(f"{what} does not exist")


class Duplicate(AtlasError, ValueError):
    def __init__(self, what):
        super().__init__(f"{what} exists already")
'''

SCHEMA = '''\
"""Checks documents that come from outside."""


def problems(document, required):
    """Return one sentence per required field that is missing or empty."""
    return [f"{field} is missing" for field in required if not document.get(field)]
'''

REGISTRY = '''\
"""Agents, and which of them takes a topic."""

from dataclasses import dataclass

from atlas.core.errors import Duplicate, NotFound


@dataclass(frozen=True)
class Agent:
    name: str
    topics: tuple


class AgentRegistry:
    def __init__(self):
        self._agents = {}

    def register(self, agent):
        if agent.name in self._agents:
            raise Duplicate(f"agent {agent.name}")
        self._agents[agent.name] = agent

    def find(self, topic):
        """Return the first agent that takes the topic; raise NotFound when none does."""
        for agent in self._agents.values():
            if topic in agent.topics:
                return agent
        raise NotFound(f"an agent for {topic}")
'''

EVENTS = '''\
"""Events inside the process, delivered at once and in order."""

from collections import defaultdict


class EventBus:
    def __init__(self):
        self._subscribers = defaultdict(list)

    def subscribe(self, event, subscriber):
        self._subscribers[event].append(subscriber)

    def publish(self, event, payload):
        for subscriber in self._subscribers.get(event, ()):
            subscriber(payload)

    def events(self):
        return sorted(self._subscribers)
'''

SETTINGS = '''\
"""Settings from environment variables, with the type their text suggests."""

SWITCHES = {"true": True, "false": False}


class Settings(dict):
    @classmethod
    def read(cls, environment, prefix):
        """Take the variables that start with prefix; keys are lower case without it."""
        return cls(
            (key[len(prefix) :].lower(), cls.typed(value))
            for key, value in environment.items()
            if key.startswith(prefix)
        )

    @staticmethod
    def typed(text):
        if text.lower() in SWITCHES:
            return SWITCHES[text.lower()]
        return int(text) if text.isdigit() else text
'''

WORKFLOW = '''\
"""Steps that run one after the other."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    name: str


class Workflow:
    def __init__(self, name, steps):
        self.name = name
        self.steps = list(steps)
        self.ran_by = None

    def run(self, by=None, until=None):
        """Run the steps before the one called until (all by default); return their names."""
        self.ran_by = by
        names = [step.name for step in self.steps]
        return names if until is None else names[: names.index(until)]
'''

DISPATCH = '''\
"""Hands the steps of a workflow to workers."""

from atlas.core.workflow.planner import Planner


class Dispatcher:
    def dispatch(self, workflow):
        """Return how many steps were handed out."""
        return len(Planner(self).plan(workflow))
'''

PLANNER = '''\
"""Decides what runs next, and who may run it."""

from atlas.core.workflow.dispatch import Dispatcher


class Planner:
    def __init__(self, dispatcher):
        if not isinstance(dispatcher, Dispatcher):
            raise TypeError("a plan needs a dispatcher")

    def plan(self, workflow):
        return [step.name for step in workflow.steps]
'''

PROVIDERS = '''\
"""Services of others, and which of them to ask."""

from dataclasses import dataclass

from atlas.core.errors import NotFound


@dataclass(frozen=True)
class Provider:
    name: str
    services: tuple

    def offers(self, service):
        return service in self.services


class ProviderChain:
    def __init__(self, providers):
        self.providers = list(providers)

    def choose(self, service):
        """Return the first provider that offers the service; raise NotFound when none does."""
        for provider in self.providers:
            if provider.offers(service):
                return provider
        raise NotFound(f"a provider of {service}")
'''
