// Five steps that do nothing. BullMQ's own pattern for steps: each is noted in the job's data; the last one is noted by the job's completion.
import { Worker } from 'bullmq';
import { connection } from './connection.js';

async function run(job) {
  for (let step = 1; step < 5; step++) await job.updateData({ ...job.data, step });
  return 5;
}

new Worker('jobs', run, { connection, concurrency: 32 });
