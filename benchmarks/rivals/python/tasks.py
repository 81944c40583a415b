"""Five steps that do nothing, each noted in the result backend; the last one is noted by the task's success."""
import os

from celery import Celery

redis = f"redis://:{os.environ['REDIS_PASSWORD']}@127.0.0.1:{os.environ['REDIS_PORT']}/0"
app = Celery("jobs", broker=redis, backend=redis)
app.conf.update(task_acks_late=True)


@app.task(bind=True, name="run")
def run(self, body):
    for step in range(1, 5):
        self.update_state(state="PROGRESS", meta={"step": step})
    return 5
