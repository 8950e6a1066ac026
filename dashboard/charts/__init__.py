"""Charts: tables in, Plotly figures out; no page, no client, no torch.

Backgrounds are transparent, so figures sit on light and on dark pages; functions that draw systems take
``dark`` because the baseline is drawn in ink. No trace holds more than :data:`~dashboard.charts.theme.MAX_POINTS`
points, whatever is passed in.
"""

from dashboard.charts.bands import curve_bands
from dashboard.charts.bars import bar_rows, metric_bars
from dashboard.charts.circumplex import circumplex_path, label_density, label_scatter
from dashboard.charts.distribution import split_histograms
from dashboard.charts.duel import better_where, subject_gains
from dashboard.charts.inspector import pull_and_push, view_bars
from dashboard.charts.parallel import parallel_coordinates
from dashboard.charts.ribbon import state_ribbon
from dashboard.charts.scatter import label_against_prediction
from dashboard.charts.theme import CONFIG, Series, colour_of
from dashboard.charts.training import ccc_curves, loss_curves
from dashboard.charts.trajectory import trajectory_curves

__all__ = [
    "CONFIG",
    "Series",
    "bar_rows",
    "better_where",
    "ccc_curves",
    "circumplex_path",
    "colour_of",
    "curve_bands",
    "label_against_prediction",
    "label_density",
    "label_scatter",
    "loss_curves",
    "metric_bars",
    "parallel_coordinates",
    "pull_and_push",
    "split_histograms",
    "state_ribbon",
    "subject_gains",
    "trajectory_curves",
    "view_bars",
]
