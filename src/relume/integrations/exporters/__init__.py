"""The trackers that series can be written to, a file a tracker; each is an `Exporter` found by its name."""

from relume._collect import collect
from relume.integrations.exporters.exporter import Exporter

exporters = collect(__name__, Exporter, listing="relume export --help")
