// The page: boots the guests on the page's own thread, then in a worker, and posts both results to the server.
import { bootAll } from './boot-embedded.mjs';

const bootInWorker = () =>
  new Promise((resolve) => {
    const worker = new Worker('worker.js', { type: 'module' });
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => resolve({ error: `the worker failed: ${message}` });
  });

const results = { page: await bootAll(), worker: await bootInWorker() };
await fetch('result', { method: 'POST', body: JSON.stringify(results) });
