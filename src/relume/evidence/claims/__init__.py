"""The claims, a file each; `claims` maps their names to them."""

from relume._collect import collect
from relume.evidence.claim import Claim

claims = collect(__name__, Claim, listing="relume why --list")
