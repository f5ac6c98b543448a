"""The tables of the facts. Their unique keys are the idempotency of the product: what may happen once has one row."""

from db.tables import batch, file, judging, limits, migration, question, run, search, traffic
from db.tables.base import METADATA, table

migrations = table(migration.MigrationRow)
uploads = table(migration.UploadRow)
datasets = table(migration.DatasetRow)
samples = table(migration.SampleRow)
prompts = table(migration.PromptRow)
candidates = table(migration.CandidateRow)
selections = table(migration.SelectionRow)
plans = table(migration.PlanRow)
purses = table(migration.PurseRow)
holds = table(migration.HoldRow)

questions = table(question.QuestionRow)
decisions = table(question.DecisionRow)
assignments = table(question.AssignmentRow)
preferences = table(question.PreferenceRow)
reports = table(question.ReportRow)
sign_offs = table(question.SignOffRow)
audit_events = table(question.AuditRow)
audit_head = table(question.AuditHeadRow)

batch_jobs, batch_choices = table(batch.BatchJobRow), table(batch.BatchChoiceRow)

runs = table(run.RunRow)
outputs = table(run.OutputRow)
scores = table(run.ScoreRow)
monitors = table(run.MonitorRow)
digests = table(run.DigestRow)

rulings = table(judging.RulingRow)
trials = table(judging.TrialRow)
evaluation_jobs = table(judging.EvaluationJobRow)
reference_checks = table(judging.ReferenceCheckRow)

improvements = table(search.ImprovementRow)
probes = table(search.ProbeRow)
turns = table(search.TurnRow)
tries = table(search.TryRow)
advpo_jobs = table(search.AdvpoJobRow)

messages = table(traffic.MessageRow)
deliveries = table(traffic.DeliveryRow)
leases = table(traffic.LeaseRow)
processes = table(traffic.ProcessRow)
file_pieces = table(file.FilePieceRow)
quotas, limits_told = table(limits.QuotaRow), table(limits.LimitToldRow)

__all__ = [
    "METADATA",
    "advpo_jobs",
    "assignments",
    "audit_events",
    "audit_head",
    "batch_choices",
    "batch_jobs",
    "candidates",
    "datasets",
    "decisions",
    "deliveries",
    "digests",
    "evaluation_jobs",
    "file_pieces",
    "holds",
    "improvements",
    "leases",
    "limits_told",
    "messages",
    "migrations",
    "monitors",
    "outputs",
    "plans",
    "preferences",
    "probes",
    "processes",
    "prompts",
    "purses",
    "questions",
    "quotas",
    "reference_checks",
    "reports",
    "rulings",
    "runs",
    "samples",
    "scores",
    "selections",
    "sign_offs",
    "trials",
    "tries",
    "turns",
    "uploads",
]
