"""The rules, a file a problem; each is a `Rule` found by its name."""

from relume._collect import collect
from relume.diagnosis.rule import Rule

rules = collect(__name__, Rule, listing="relume.diagnosis.rules.rules")
