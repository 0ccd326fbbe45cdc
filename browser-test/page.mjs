// The page: boots the guest on the page's own thread, then in a worker, and posts both results to the server.
import { bootEmbedded } from './boot-embedded.mjs';

const bootInWorker = () =>
  new Promise((resolve) => {
    const worker = new Worker('worker.js', { type: 'module' });
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => resolve({ error: `the worker failed: ${message}` });
  });

const results = { page: await bootEmbedded(), worker: await bootInWorker() };
await fetch('result', { method: 'POST', body: JSON.stringify(results) });
