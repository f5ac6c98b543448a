"""All metrics by name. A new metric is a new entry in a file of this folder and one line here."""

from collections.abc import Mapping

from pipeline.metrics.form import LENGTH_RATIO_METRIC, REFUSAL_METRIC
from pipeline.metrics.matching import EXACT_MATCH, NORMALISED_MATCH
from pipeline.metrics.metric import Metric
from pipeline.metrics.numbers import NUMBER_MATCH
from pipeline.metrics.overlap import CHRF_METRIC, ROUGE_L_METRIC
from pipeline.metrics.structure import JSON_FIELDS, JSON_VALID

METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        EXACT_MATCH,
        NORMALISED_MATCH,
        NUMBER_MATCH,
        JSON_VALID,
        JSON_FIELDS,
        ROUGE_L_METRIC,
        CHRF_METRIC,
        LENGTH_RATIO_METRIC,
        REFUSAL_METRIC,
    )
}
