"""What Celery calls. Each task is safe to run twice: the database decides what is left to do."""

from celery import shared_task

from kernel import jobs


@shared_task
def run_job(job_id):
    """Carry out one job, if nobody else has."""
    jobs.work(job_id)


@shared_task
def sweep_jobs():
    """Wake up jobs that a killed worker or a lost message left behind."""
    jobs.sweep()


@shared_task
def occasion(name):
    """Beat's other errands: see `kernel.jobs.recurring`."""
    jobs.run_recurring(name)
