"""What helps, a file a remedy; each is a `Remedy` found by its name."""

from relume._collect import collect
from relume.remedies.remedy import Remedy

remedies = collect(__name__, Remedy, listing="relume.remedies.remedies")
