"""Accepts jobs and tells how they go. A job is on disk when delay() has answered: Redis syncs its file before that."""
from fastapi import FastAPI

from tasks import run

api = FastAPI()


@api.post("/jobs", status_code=202)
def accept(body: dict):
    return {"job_id": run.delay(body).id}


@api.get("/jobs/{job}")
def status(job: str):
    return {"status": run.AsyncResult(job).state}
