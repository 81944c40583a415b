// Accepts jobs and tells how they go. A job is on disk when queue.add has answered: Redis syncs its file before that.
import { createServer } from 'node:http';
import { Queue } from 'bullmq';
import { connection } from './connection.js';

const queue = new Queue('jobs', { connection });

async function read(request) {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return JSON.parse(text);
}

function answer(response, status, body) {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

createServer(async (request, response) => {
  try {
    if (request.method === 'POST') {
      const job = await queue.add('job', await read(request));
      answer(response, 202, { job_id: job.id });
    } else {
      answer(response, 200, { status: await queue.getJobState(request.url.split('/').pop()) });
    }
  } catch (error) {
    answer(response, 500, { status: String(error) });
  }
}).listen(Number(process.env.PORT), '127.0.0.1');
