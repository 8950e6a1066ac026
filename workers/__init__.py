"""The jobs: rows first, then messages; Celery workers that claim, report and finish them."""
