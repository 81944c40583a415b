import { Redis } from 'ioredis';

// As BullMQ asks for: a worker waits for Redis for as long as it takes.
export const connection = new Redis({ host: '127.0.0.1', port: Number(process.env.REDIS_PORT), password: process.env.REDIS_PASSWORD, maxRetriesPerRequest: null });
